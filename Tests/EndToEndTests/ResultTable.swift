import Foundation
import TestSupport
import Testing

/// What each answer of the MTA does to a message, line by line.
@Suite(.serialized) struct ResultTable {
  static func mail(_ number: Int = 0) throws -> AsteriskMail {
    try AsteriskMail.silent("voicemail-\(number)")
  }

  private func script(_ change: (inout FakeSMTPServer.Script) -> Void) -> FakeSMTPServer.Script {
    var script = FakeSMTPServer.Script()
    change(&script)
    return script
  }

  /// Without the line ends that a terminal's width asks for.
  private func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// Which of ours are on top: `Received`, `X-Voicemail-Milter` and so on.
  private func ownFields(_ message: FakeSMTPServer.Message) -> [String] {
    Array(message.received.fields.map(\.name).prefix { $0 != "Date" })
  }

  @Test func `250 ends it: new queue id in log and show, content gone`() throws {
    let session = try Session()
    let id = try session.deliver(try Self.mail().bytes)
    #expect(
      session.milter.waitForLog(containing: "info: delivered", "id=\(id)", "new_queue_id=FAKE1"))
    let story = try oneLine(session.milter.command("show", id).text)
    #expect(story.contains("QQ1 -> FAKE1"))
    #expect(story.contains("<ann@example.com> 250 2.0.0 Ok: queued as FAKE1"))
    #expect(try !session.milter.spoolHoldsContent)
  }

  @Test func `for now refused, at whatever verb: later again, once each`() throws {
    let verbs: [(String, FakeSMTPServer.Step)] = [
      ("MAIL", .say("451 4.3.0 no")), ("RCPT", .say("450 4.2.1 no")),
      ("DATA", .say("451 4.3.0 no")),
      (".", .say("452 4.3.1 no")), ("MAIL", .sayAndDrop("421 4.3.2 no")), ("RCPT", .drop),
      ("DATA", .drop), (".", .drop),
    ]
    let session = try Session(script: script { $0.once = verbs })
    var ids: [String] = []
    for number in verbs.indices {
      ids.append(try session.deliver(try Self.mail(number).bytes, queueID: "Q\(number)"))
    }
    #expect(session.mta.waitForMessages(verbs.count, seconds: 60))
    for id in ids { #expect(session.milter.waitForLog(containing: "info: delivered", "id=\(id)")) }
    let arrived = session.mta.messages.compactMap { $0.received["Message-ID"] }
    #expect(Set(arrived).count == verbs.count)
    #expect(arrived.count == verbs.count)
    #expect(session.mta.messages.allSatisfy { $0.received["X-Voicemail-Transcript"] == "none" })
    #expect(
      session.milter.logLines(
        "warning: deferred", "the MTA may have it, so that it may arrive twice"
      )
      .count == 1)
  }

  @Test func `an MTA that hangs is left at the limit of that verb, and asked again`() throws {
    let verbs = ["MAIL", "RCPT", "DATA", "."]
    let session = try Session(
      [
        "delivery.mail_timeout": "300ms", "delivery.rcpt_timeout": "300ms",
        "delivery.data_init_timeout": "300ms", "delivery.data_done_timeout": "300ms",
      ], script: script { $0.once = verbs.map { ($0, .hang) } })
    for number in verbs.indices {
      try session.deliver(try Self.mail(number).bytes, queueID: "Q\(number)")
    }
    for stage in ["MAIL", "RCPT", "DATA", "final dot"] {
      #expect(
        session.milter.waitForLog(
          containing: "warning: deferred", "at \(stage): no answer within the time limit"))
    }
    #expect(session.mta.waitForMessages(verbs.count, seconds: 30))
    #expect(
      try session.milter.waitForStatus { $0.count("delivered") == 4 }.count("delivered") == 4)
    #expect(session.mta.messages.count == verbs.count)
  }

  @Test(arguments: ["MAIL", "RCPT", "DATA", "."])
  func `the enhanced message refused: the original at once, in the same try`(verb: String) throws {
    let session = try Session(script: script { $0.once = [(verb, .say("554 5.6.0 no"))] })
    let mail = try Self.mail()
    let id = try session.deliver(mail.bytes)
    #expect(session.milter.waitForLog(containing: "info: delivered", "id=\(id)", "form=original"))
    let message = try #require(session.mta.messages.first)
    #expect(message.belowOurFields == mail.bytes)
    #expect(ownFields(message) == ["Received", "X-Voicemail-Milter"])
    #expect(session.mta.messages.count == 1)
    #expect(session.mta.connectionCount == 1)
    #expect(session.milter.logLines("warning: deferred").isEmpty)
    let details = try JSON.object(session.milter.command("show", id, "--json").text)
    #expect(details["delivery_attempts"] as? Int == 1)
    #expect(details["form"] as? String == "original")
  }

  @Test func `once refused, the enhanced message is not offered again`() throws {
    let session = try Session(
      script: script {
        $0.once = [
          (".", .say("554 5.6.0 no")), ("MAIL", .say("250 ok")), ("MAIL", .say("451 later")),
        ]
      })
    try session.deliver(try Self.mail().bytes)
    #expect(session.milter.waitForLog(containing: "warning: deferred", "451 later"))
    #expect(session.mta.waitForMessages(1, seconds: 30))
    #expect(session.mta.messages.first?.received["X-Voicemail-Transcript"] == nil)
    // Enhanced, original, original again.
    #expect(session.mta.commands.count { $0.hasPrefix("MAIL") } == 3)
  }

  @Test func `when both were refused, the enhanced message comes first after the release`() throws {
    let session = try Session(
      script: script { $0.always = ["RCPT": .say("554 5.7.1 Relay access denied")] })
    let id = try session.deliver(try Self.mail().bytes)
    #expect(session.milter.waitForLog(containing: "error: held", "id=\(id)", "Relay access denied"))
    session.mta.follow(.init())
    #expect(try session.milter.command("release", id).status == 0)
    #expect(session.mta.waitForMessages(1, seconds: 30))
    #expect(session.mta.messages.first?.received["X-Voicemail-Transcript"] == "none")
  }

  @Test func `552 to the original: once more with nothing but the marker, then held with an alarm`()
    throws
  {
    let refused = [".", ".", "."].map { ($0, FakeSMTPServer.Step.say("552 5.3.4 too big")) }
    let session = try Session(script: script { $0.once = refused })
    let id = try session.deliver(try Self.mail().bytes)
    #expect(session.milter.waitForLog(containing: "error: held", "id=\(id)", "552 5.3.4 too big"))
    let sizes = session.mta.commands.filter { $0.hasPrefix("MAIL") }
      .compactMap { $0.split(separator: "=").last.flatMap { Int($0) } }
    #expect(sizes.count == 3)
    #expect(sizes == sizes.sorted(by: >))
    #expect(try session.milter.status().daemon?.alarms["message_held"] == 1)
    #expect(try session.milter.spoolHoldsContent)
    // What fits at last arrives.
    session.mta.follow(script { $0.once = Array(refused.dropLast()) })
    let small = try Self.mail(1)
    try session.deliver(small.bytes, queueID: "Q2")
    #expect(session.mta.waitForMessages(1, seconds: 30))
    let message = try #require(session.mta.messages.first)
    #expect(ownFields(message) == ["X-Voicemail-Milter"])
    #expect(message.belowOurFields == small.bytes)
  }

  @Test
  func `an MTA slow to say 250 is waited for, holds up nobody else, and has the message once`()
    throws
  {
    let gate = DispatchSemaphore(value: 0)
    let session = try Session(
      script: script { $0.once = [(".", .sayWhen(gate, "250 2.0.0 late"))] })
    let slow = try session.deliver(try Self.mail().bytes)
    #expect(session.mta.waitForMessages(1, seconds: 30))
    let other = try session.deliver(try Self.mail(1).bytes, queueID: "Q2")
    #expect(session.milter.waitForLog(containing: "info: delivered", "id=\(other)"))
    #expect(try session.milter.status().count("delivering") == 1)
    gate.signal()
    #expect(session.milter.waitForLog(containing: "info: delivered", "id=\(slow)"))
    #expect(session.milter.logLines("deferred").isEmpty)
    #expect(session.mta.messages.count == 2)
    #expect(try !session.milter.spoolHoldsContent)
  }

  @Test func `between recipients the connection ends: nobody has it, and all get it once`() throws {
    for step in [FakeSMTPServer.Step.sayAndDrop("421 4.3.2 shutting down"), .drop] {
      let session = try Session(
        script: script { $0.once = [("RCPT TO:<bob@example.com>", step)] })
      try session.deliver(
        try Self.mail().bytes, to: ["<ann@example.com>", "<bob@example.com>", "<eve@example.com>"])
      #expect(session.milter.waitForLog(containing: "info: delivered", "recipients=3"))
      let recipients = session.mta.messages.flatMap(\.recipients).map { $0.prefix { $0 != "@" } }
      #expect(recipients == ["RCPT TO:<ann", "RCPT TO:<bob", "RCPT TO:<eve"])
    }
  }

  @Test func `each recipient goes its own way`() throws {
    let session = try Session(
      script: script {
        $0.once = [("RCPT TO:<later@", .say("450 4.2.1 busy"))]
        $0.always["RCPT TO:<never@"] = .say("550 5.1.1 no such user")
      })
    let id = try session.deliver(
      try Self.mail().bytes,
      to: ["<ann@example.com>", "<never@example.com>", "<later@example.com>"])
    #expect(session.milter.waitForLog(containing: "error: held", "id=\(id)", seconds: 30))
    #expect(
      session.mta.messages.map { $0.recipients.map { String($0.prefix { $0 != "@" }) } }
        == [["RCPT TO:<ann"], ["RCPT TO:<later"]])
    // As enhanced message and as original, and not again with those who were told later.
    #expect(session.mta.commands.count { $0.hasPrefix("RCPT TO:<never@") } == 2)
    // Who was told later gets the transcript: the refusal was not about the message.
    #expect(session.mta.messages.allSatisfy { $0.received["X-Voicemail-Transcript"] == "none" })
    let story = try oneLine(session.milter.command("show", id).text)
    #expect(story.contains("delivered to"))
    #expect(story.contains("<never@example.com> 550 5.1.1 no such user"))
    #expect(try session.milter.spoolHoldsContent)
  }

  @Test func `an original that is refused too goes by the fallback target`() throws {
    let directory = try TemporaryDirectory()
    let (command, taken) = (directory.file("sendmail"), directory.file("taken"))
    try ChildProcess.install(script: "{ echo \"$*\"; cat; } >'\(taken)'", at: command)
    let session = try Session(
      ["delivery.fallback_target": "sendmail:\(command)"],
      script: script { $0.always["."] = .say("554 5.7.1 Never") })
    let mail = try Self.mail()
    let id = try session.deliver(mail.bytes, to: ["<ann@example.com>", "<bob@example.com>"])
    #expect(session.milter.waitForLog(containing: "info: delivered", "id=\(id)", "form=original"))
    let text = try String(contentsOfFile: taken, encoding: .utf8)
    #expect(
      text.hasPrefix(
        "-i -f asterisk@pbx.example.com -- <ann@example.com> <bob@example.com>\nReceived: "))
    #expect(text.hasSuffix(String(decoding: mail.bytes.filter { $0 != 0x0D }, as: UTF8.self)))
    #expect(text.contains("\nX-Voicemail-Milter: v=1"))
    let story = try oneLine(session.milter.command("show", id).text)
    #expect(story.contains("the original by the fallback target is tried"))
    #expect(story.contains("<bob@example.com> 250 taken by \(command)"))
    #expect(try !session.milter.spoolHoldsContent)
    #expect(session.mta.messages.isEmpty)
  }

  @Test func `a fallback target that refuses holds the message, one that is busy delays it`() throws
  {
    let directory = try TemporaryDirectory()
    let command = directory.file("sendmail")
    let words = directory.file("status")
    try ChildProcess.install(
      script: "read status <'\(words)'; echo told so >&2; exit $status", at: command)
    let session = try Session(
      ["delivery.fallback_target": "sendmail:\(command)"],
      script: script { $0.always["MAIL"] = .say("550 5.1.8 Never") })
    try "65\n".write(toFile: words, atomically: true, encoding: .utf8)
    let id = try session.deliver(try Self.mail().bytes)
    #expect(
      session.milter.waitForLog(
        containing: "error: held", "id=\(id)", "at sendmail: exit status 65: told so"))
    try "75\n".write(toFile: words, atomically: true, encoding: .utf8)
    let later = try session.deliver(try Self.mail(1).bytes, queueID: "Q2")
    #expect(
      session.milter.waitForLog(containing: "warning: deferred", "id=\(later)", "exit status 75"))
    try "0\n".write(toFile: words, atomically: true, encoding: .utf8)
    #expect(session.milter.waitForLog(containing: "info: delivered", "id=\(later)"))
    #expect(try session.milter.status().count("held") == 1)
  }

  @Test func `sendmail alone may be the target, of a real Postfix`() throws {
    let postfix = try PrivatePostfix(["non_smtpd_milters="])
    let directory = try TemporaryDirectory()
    try postfix.installSendmail(at: directory.file("sendmail"))
    let milter = try RunningMilter(["delivery.target": "sendmail:\(directory.file("sendmail"))"])
    let mail = try Self.mail()
    #expect(
      try MTA(milter).send(
        mail.bytes, to: ["<ann@example.com>", "<bob@example.com>"], queueID: "QQ1") == "d")
    for user in ["ann", "bob"] {
      let arrived = ReceivedMail(try #require(postfix.waitForMail(of: user, seconds: 60).first))
      #expect(arrived["X-Voicemail-Transcript"] == "none")
      #expect(arrived["Return-Path"] == "<asterisk@pbx.example.com>")
      #expect(arrived.recordings == [mail.recording])
    }
    #expect(milter.waitForLog(containing: "info: delivered"))
    #expect(try milter.status().count("delivered") == 1)
  }

  @Test func `sendmail alone may be the target, of a real Exim`() throws {
    // An Exim that knows nothing of us.
    let lines = try TemporaryDirectory()
    let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../postfix-examples/exim/main.conf").standardizedFileURL
    try FileManager.default.copyItem(atPath: examples.path, toPath: lines.file("main.conf"))
    for name in ["acl.conf", "router.conf", "transport.conf"] {
      try "".write(toFile: lines.file(name), atomically: true, encoding: .utf8)
    }
    // Below the root there are no more parents.
    let root = String(repeating: "../", count: 30)
    let exim = try PrivateExim(example: root + lines.path.dropFirst())
    try exim.installSendmail(at: lines.file("sendmail"))
    let milter = try RunningMilter(["delivery.target": "sendmail:\(lines.file("sendmail"))"])
    let mail = try Self.mail()
    #expect(
      try MTA(milter).send(
        mail.bytes, to: ["<ann@example.com>", "<bob@example.com>"], queueID: "QQ1") == "d")
    for user in ["ann", "bob"] {
      let arrived = ReceivedMail(try #require(exim.waitForMail(of: user, seconds: 60).first))
      #expect(arrived["X-Voicemail-Transcript"] == "none")
      #expect(arrived["Return-Path"] == "<asterisk@pbx.example.com>")
      #expect(arrived.recordings == [mail.recording])
      #expect(exim.mail(of: user).count == 1)
    }
    #expect(milter.waitForLog(containing: "info: delivered"))
    #expect(try milter.status().count("delivered") == 1)
  }

  @Test func `what goes out by sendmail passes the milter once more, which is no loop`() throws {
    let postfix = try PrivatePostfix()
    let directory = try TemporaryDirectory()
    try postfix.installSendmail(at: directory.file("sendmail"))
    let milter = try postfix.milter(["delivery.target": "sendmail:\(directory.file("sendmail"))"])
    let mail = try Self.mail()
    try SMTPSender.send(mail.bytes, port: postfix.smtpPort)
    let arrived = ReceivedMail(try #require(postfix.waitForMail(of: "ann", seconds: 60).first))
    #expect(arrived["X-Voicemail-Transcript"] == "none")
    #expect(arrived.recordings == [mail.recording])
    #expect(milter.waitForLog(containing: "debug: passes", "handled here already"))
    #expect(milter.waitForLog(containing: "info: delivered"))
    #expect(try milter.status().daemon?.alarms["loop_seen"] == 0)
    #expect(postfix.mail(of: "ann").count == 1)
  }

  @Test func `sendmail cannot be what the content filter passes mail on to`() throws {
    let milter = try RunningMilter(
      [
        "delivery.target": "sendmail:/usr/sbin/sendmail",
        "content_filter.listen": "inet:0@127.0.0.1",
      ],
      waitUntilReady: false)
    #expect(milter.process.waitForExit(seconds: 20) == 1)
    #expect(milter.log.contains("cannot pass on what comes by [content_filter] listen"))
  }

  @Test func `after its lifetime a message is held, with an alarm, and nothing of it is lost`()
    throws
  {
    let session = try Session(
      ["delivery.lifetime": "1s"],
      script: script { $0.always["DATA"] = .say("451 4.3.0 never ready") })
    let id = try session.deliver(try Self.mail().bytes)
    #expect(
      session.milter.waitForLog(
        containing: "error: held", "id=\(id)", "delivery lifetime is over; last: ", "451"))
    #expect(session.milter.waitForLog(containing: "error: a voicemail is held", "id=\(id)"))
    #expect(try session.milter.spoolHoldsContent)
  }
}
