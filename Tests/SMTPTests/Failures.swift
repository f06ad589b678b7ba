import TestSupport
import Testing

@testable import SMTP

@Suite struct Failures {
  struct Case: Sendable, CustomTestStringConvertible {
    let at: String
    let step: FakeSMTPServer.Step
    let kind: SMTPFailure.Kind
    let stage: SMTPFailure.Stage
    var code: Int?
    var testDescription: String { "\(step) at \(at)" }
  }

  @Test(arguments: [
    Case(at: "CONNECT", step: .say("554 no"), kind: .transient, stage: .greeting, code: 554),
    Case(at: "CONNECT", step: .say("421 busy"), kind: .transient, stage: .greeting, code: 421),
    Case(at: "CONNECT", step: .drop, kind: .transient, stage: .greeting),
    Case(at: "EHLO", step: .say("451 no"), kind: .transient, stage: .hello, code: 451),
    Case(at: "EHLO", step: .drop, kind: .transient, stage: .hello),
    Case(at: "XFORWARD", step: .drop, kind: .transient, stage: .xforward),
    Case(at: "XFORWARD", step: .say("421 no"), kind: .transient, stage: .xforward, code: 421),
    Case(at: "MAIL", step: .say("452 full"), kind: .transient, stage: .mail, code: 452),
    Case(at: "MAIL", step: .say("552 too big"), kind: .permanent, stage: .mail, code: 552),
    Case(at: "MAIL", step: .sayAndDrop("421 bye"), kind: .transient, stage: .mail, code: 421),
    Case(at: "MAIL", step: .drop, kind: .transient, stage: .mail),
    Case(at: "RCPT", step: .sayAndDrop("421 bye"), kind: .transient, stage: .rcpt, code: 421),
    Case(at: "RCPT", step: .drop, kind: .transient, stage: .rcpt),
    Case(at: "DATA", step: .say("451 no"), kind: .transient, stage: .data, code: 451),
    Case(at: "DATA", step: .say("554 no"), kind: .permanent, stage: .data, code: 554),
    Case(at: "DATA", step: .say("250 what"), kind: .transient, stage: .data, code: 250),
    Case(at: "DATA", step: .drop, kind: .transient, stage: .data),
    Case(at: ".", step: .say("451 no"), kind: .transient, stage: .finalDot, code: 451),
    Case(at: ".", step: .say("554 spam"), kind: .permanent, stage: .finalDot, code: 554),
    Case(at: ".", step: .sayAndDrop("421 no"), kind: .transient, stage: .finalDot, code: 421),
    Case(at: ".", step: .drop, kind: .outcomeUnknown, stage: .finalDot),
    Case(at: ".", step: .bytes(Array("ok!\r\n".utf8)), kind: .outcomeUnknown, stage: .finalDot),
    Case(at: ".", step: .bytes(Array("25".utf8)), kind: .outcomeUnknown, stage: .finalDot),
  ])
  func `what fails is told by stage and kind`(_ item: Case) throws {
    for extensions in [FakeSMTPServer.Script().extensions, ["XFORWARD NAME"]] {
      var message = submission()
      message.client = ForwardedClient(name: "pbx")
      let found = try failure(
        script {
          $0.extensions = extensions
          $0.always[item.at] = item.step
        }, limits: item.step.isUnfinished ? SMTPLimits(everywhere: .milliseconds(200)) : patient,
        message)
      #expect(found?.kind == item.kind)
      #expect(found?.stage == item.stage)
      #expect(found?.reply?.code == item.code)
      #expect(found?.sentence.contains(" at \(item.stage.rawValue): ") == true)
    }
  }

  @Test(arguments: [
    ("CONNECT", SMTPFailure.Kind.transient, SMTPFailure.Stage.greeting),
    ("EHLO", .transient, .hello), ("MAIL", .transient, .mail), ("RCPT", .transient, .rcpt),
    ("DATA", .transient, .data), (".", .outcomeUnknown, .finalDot),
  ])
  func `a server that hangs is left when the limit of that stage has passed`(
    at: String, kind: SMTPFailure.Kind, stage: SMTPFailure.Stage
  ) throws {
    var limits = patient
    switch stage {
    case .greeting: limits.greeting = .milliseconds(50)
    case .hello: limits.hello = .milliseconds(50)
    case .mail: limits.mail = .milliseconds(50)
    case .rcpt: limits.rcpt = .milliseconds(50)
    case .data: limits.data = .milliseconds(50)
    default: limits.finalDot = .milliseconds(50)
    }
    let found = try failure(script { $0.always[at] = .hang }, limits: limits)
    #expect(found?.kind == kind)
    #expect(found?.stage == stage)
    #expect(found?.sentence.contains("no answer within the time limit") == true)
  }

  @Test func `a server that never ends its reply is left in time`() throws {
    var limits = patient
    limits.mail = .milliseconds(50)
    let endless = FakeSMTPServer.Step.bytes(Array("250-a\r\n250-b\r\n".utf8))
    let found = try failure(
      script {
        $0.extensions = []
        $0.always["MAIL"] = endless
      }, limits: limits)
    #expect(found?.sentence.contains("no answer within the time limit") == true)
  }

  @Test(arguments: [
    (Array("SSH-2.0-OpenSSH_9.2\r\n".utf8), "no SMTP reply"),
    (Array("220?fake\r\n".utf8), "no SMTP reply"),
    (Array("620 fake\r\n".utf8), "no SMTP reply"),
    (Array("\r\n".utf8), "no SMTP reply"),
    (Array("220-a\r\n221 b\r\n".utf8), "different codes"),
    ([UInt8](repeating: 0, count: 5000), "more than 4096 bytes"),
    ([UInt8](repeating: 0x61, count: 5000) + [0x0D, 0x0A], "more than 4096 bytes"),
    (Array(String(repeating: "220-a\r\n", count: 101).utf8), "more than 100 lines"),
  ])
  func `a banner that is no SMTP is refused`(banner: [UInt8], reason: String) throws {
    let found = try failure(script { $0.always["CONNECT"] = .bytes(banner) })
    #expect(found?.kind == .transient)
    #expect(found?.stage == .greeting)
    #expect(found?.sentence.contains(reason) == true)
  }

  @Test func `nobody listening is a transient failure that names the target`() throws {
    let server = try FakeSMTPServer()
    let target = try SMTPTarget(server.target)
    server.stop()
    let found = try #require(throws: SMTPFailure.self) {
      _ = try SMTPClient(target, limits: patient)
    }
    #expect(found.kind == .transient)
    #expect([.connect, .greeting].contains(found.stage))
    #expect(found.sentence.hasPrefix("smtp:127.0.0.1:\(server.port) at "))

    let directory = try TemporaryDirectory()
    let missing = try #require(throws: SMTPFailure.self) {
      _ = try SMTPClient(SMTPTarget("unix:\(directory.file("none.sock"))"), limits: patient)
    }
    #expect(missing.kind == .transient)
    #expect(missing.sentence.hasSuffix("at connect: No such file or directory"))
  }

  @Test func `a connection lost in the middle of the content accepted nothing`() throws {
    // A Unix socket's buffer is far smaller than the message: the client must notice.
    let directory = try TemporaryDirectory()
    let server = try FakeSMTPServer(
      script { $0.dropsAfterContentBytes = 100_000 }, unixPath: directory.file("listener.sock"))
    let client = try client(of: server)
    let found = try #require(throws: SMTPFailure.self) {
      _ = try client.deliver(submission(String(repeating: "0123456789abcdef\r\n", count: 100_000)))
    }
    #expect(found.kind == .transient)
    #expect(found.stage == .content)
  }

  @Test func `after a refusal the same connection carries the next message`() throws {
    let server = try FakeSMTPServer(
      script {
        $0.once = [("MAIL", .say("451 no")), ("DATA", .say("554 no")), (".", .say("552 no"))]
      })
    let client = try client(of: server)
    for stage in [SMTPFailure.Stage.mail, .data, .finalDot] {
      let found = try #require(throws: SMTPFailure.self) { _ = try client.deliver(submission()) }
      #expect(found.stage == stage)
      #expect(client.isUsable)
    }
    #expect(try client.deliver(submission()).isComplete)
    #expect(server.connectionCount == 1)
  }

  @Test func `after a lost connection the client says so and serves no more`() throws {
    let server = try FakeSMTPServer(script { $0.always["MAIL"] = .drop })
    let client = try client(of: server)
    for _ in 1...2 {
      let found = try #require(throws: SMTPFailure.self) { _ = try client.deliver(submission()) }
      #expect(found.kind == .transient)
      #expect(!client.isUsable)
    }
  }

  @Test func `the sentence hides addresses and control characters of the reply`() throws {
    let found = try failure(
      script { $0.always["MAIL"] = .say("550 5.1.8 <ann@example.com>: \u{1B}[31mno") })
    #expect(found?.sentence.hasSuffix("the server said 550 5.1.8 <address> ?[31mno") == true)
    #expect(found?.reply?.text == "5.1.8 <ann@example.com>: ?[31mno")
  }
}

extension FakeSMTPServer.Step {
  /// The reply lacks its end: only the limit ends the wait.
  fileprivate var isUnfinished: Bool {
    if case .bytes(let bytes) = self { bytes.last != 0x0A } else { false }
  }
}
