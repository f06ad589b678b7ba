import Foundation
import TestSupport
import Testing

/// `enqueue` as pipe(8) and Exim's pipe transport call it: 0 or 75, and a line they can log.
struct Enqueue {
  private static let recipients = ["--sender", "asterisk@pbx.example.com", "--", "ann@example.com"]

  private static func run(
    _ session: Session, _ arguments: [String] = recipients, input: [UInt8]
  ) throws -> RunningMilter.Ended {
    try RunningMilter.run(
      ["enqueue", "--config", session.milter.configuration] + arguments, input: input)
  }

  private static func expectTryAgain(_ ended: RunningMilter.Ended, _ words: String) {
    #expect(ended.status == 75)
    #expect(ended.output.isEmpty)
    #expect(ended.errors.hasPrefix("4.3.0 voicemail-milter: "), "\(ended.errors)")
    #expect(ended.errors.contains(words), "\(ended.errors)")
    #expect(ended.errors.split(separator: "\n").count == 1)
  }

  @Test func `a voicemail is kept, and goes out with its transcript`() throws {
    let session = try Session()
    let mail = AsteriskMail(try VoicemailRecording.short())
    // As pipe(8) with the flag F writes it: LF line ends below a mailbox's line.
    let input = Array("From asterisk Thu Aug  6\n".utf8) + mail.bytes.filter { $0 != 0x0D }
    let ended = try Self.run(session, input: input)
    #expect(ended.status == 0 && ended.errors.isEmpty)
    #expect(session.milter.waitForLog(containing: "info: voicemail"))
    #expect(session.mta.waitForMessages(1, seconds: 60))
    let message = try #require(session.mta.messages.first)
    #expect(message.mail.hasPrefix("MAIL FROM:<asterisk@pbx.example.com>"))
    #expect(message.recipients == ["RCPT TO:<ann@example.com>"])
    #expect(message.received.recordings == [mail.recording])
    #expect(message.received["X-Voicemail-Transcript"] != nil)
    #expect(session.milter.waitForLog(containing: "info: delivered"))
    #expect(session.mta.messages.count == 1)
  }

  @Test func `ordinary mail is passed on as it is`() throws {
    let session = try Session()
    for mail in OrdinaryMail.all {
      #expect(try Self.run(session, input: mail.bytes.filter { $0 != 0x0D }).status == 0)
      #expect(session.mta.messages.last?.content == mail.bytes, "\(mail.user)")
    }
    #expect(session.mta.messages.count == OrdinaryMail.all.count)
    #expect(try session.milter.status().spool.messages.values.reduce(0, +) == 0)
  }

  @Test func `the client's address decides whether it is trusted`() throws {
    let session = try Session()
    let mail = try AsteriskMail.silent()
    let ended = try Self.run(
      session, ["--client", "203.0.113.9"] + Self.recipients, input: mail.bytes)
    #expect(ended.status == 0)
    #expect(session.mta.messages.first?.content == mail.bytes, "other bytes")
    #expect(session.mta.messages.first?.xforward.joined().contains("ADDR=203.0.113.9") == true)
  }

  @Test func `no address of a client stands for this host`() throws {
    let session = try Session()
    let mail = try AsteriskMail.silent()
    let ended = try Self.run(session, ["--client="] + Self.recipients, input: mail.bytes)
    #expect(ended.status == 0)
    #expect(session.milter.waitForLog(containing: "info: voicemail"))
  }

  @Test func `addresses may look like options, and the null sender is one`() throws {
    let session = try Session()
    let ended = try Self.run(
      session, ["--sender=<>", "--", "-h", "--help@example.com"], input: OrdinaryMail.all[0].bytes)
    #expect(ended.status == 0)
    let message = try #require(session.mta.messages.first)
    #expect(message.mail.hasPrefix("MAIL FROM:<>"))
    #expect(message.recipients == ["RCPT TO:<-h>", "RCPT TO:<--help@example.com>"])
  }

  @Test func `every trouble is 75`() throws {
    var script = FakeSMTPServer.Script()
    script.always["RCPT TO:<no@example.com>"] = .say("550 5.1.1 No such user")
    let session = try Session(script: script)
    let mail = OrdinaryMail.all[0].bytes
    func run(_ arguments: String..., input: [UInt8] = mail) throws -> RunningMilter.Ended {
      try Self.run(session, arguments, input: input)
    }
    Self.expectTryAgain(try run("ann@example.com"), "--sender is missing")
    Self.expectTryAgain(try run("--sender", "a@b.c"), "a recipient is missing")
    Self.expectTryAgain(try run("--nonsense", "a@b.c"), "unknown option")
    Self.expectTryAgain(try run("--sender=a@b.c", "--help", "ann"), "unknown option --help")
    Self.expectTryAgain(try run("-h", "--sender=a@b.c", "--", "ann"), "unknown option -h")
    Self.expectTryAgain(try run("--sender", "a@b.c", "ann", input: []), "no message")
    Self.expectTryAgain(try run("--sender", "a b@c", "ann"), "space or an angle bracket")
    Self.expectTryAgain(try run("--sender", "a@b", "x\r\nDATA"), "control character")
    // One refused, none served: a second try would double the message for the other.
    Self.expectTryAgain(
      try run("--sender", "a@b", "ann@example.com", "no@example.com"), "550 5.1.1")
    #expect(session.mta.messages.isEmpty)

    session.mta.stop()
    Self.expectTryAgain(try run("--sender", "a@b", "ann@example.com"), "451 4.4.1")
    session.milter.kill()
    Self.expectTryAgain(try run("--sender", "a@b", "ann@example.com"), "submit.sock at connect")
    Self.expectTryAgain(
      try RunningMilter.run(["enqueue", "--config", "/no/such.conf", "--sender", "a@b", "ann"]),
      "No such file")
  }
}
