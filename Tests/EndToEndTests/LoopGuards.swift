import Foundation
import TestSupport
import Testing

/// What keeps a message from being taken over twice, each guard alone, at the real program.
@Suite(.serialized) struct LoopGuards {
  private let session: Session
  private let mail: AsteriskMail

  init() throws {
    session = try Session()
    mail = try AsteriskMail.silent()
  }

  /// The voicemail after its way through the filter, as it would come back.
  private func handled() throws -> [UInt8] {
    try session.deliver(mail.bytes)
    #expect(session.mta.waitForMessages(1, seconds: 60))
    return try #require(session.mta.messages.first).content
  }

  private func send(_ content: [UInt8], _ queueID: String) throws -> Character? {
    try MTA(session.milter).send(content, to: ["<ann@example.com>"], queueID: queueID)
  }

  /// Waits for the line that says why a message passed.
  private func passed(_ queueID: String, _ why: String) -> Bool {
    session.milter.waitForLog(containing: ": passes", "queue_id=\(queueID)", why)
  }

  private func marker(in message: [UInt8]) throws -> String {
    "X-Voicemail-Milter: " + (try #require(ReceivedMail(message)["X-Voicemail-Milter"]))
  }

  @Test func `our own marker passes, and the misconfiguration behind it is an alarm a minute`()
    throws
  {
    let back = try handled()
    // The marker alone: no status field that would be a reason by itself.
    let marked = Array("\(try marker(in: back))\r\n".utf8) + mail.bytes
    for number in 1...3 {
      #expect(try send(marked, "BACK\(number)") == "a")
      #expect(passed("BACK\(number)", "handled here already"))
    }
    let alarms = session.milter.logLines("error: the reinjection listener still runs this filter")
    #expect(alarms.count == 1)
    #expect(alarms.first?.contains("queue_id=BACK1") == true)
    #expect(session.milter.logLines("info: voicemail").count == 1)
  }

  @Test func `mail that comes again long after its delivery passes, and is no sign of a loop`()
    throws
  {
    let back = try handled()
    #expect(session.milter.waitForLog(containing: "info: delivered"))
    let hourAgo = """
      import sqlite3, sys
      spool = sqlite3.connect(sys.argv[1] + "/spool.sqlite", isolation_level=None, timeout=20)
      spool.execute("UPDATE message SET finished_ms = finished_ms - 3600000")
      """
    let edit = try ChildProcess(
      "/usr/bin/python3", ["-c", hourAgo, session.milter.stateDirectory])
    #expect(edit.waitForExit(seconds: 30) == 0, "\(edit.errors)")
    // As `postsuper -r` sends it to a content filter.
    #expect(try send(back, "LATER") == "a")
    #expect(passed("LATER", "handled here already"))
    #expect(session.milter.logLines("reinjection listener still runs").isEmpty)
    #expect(try session.milter.status().daemon?.alarms["loop_seen"] == 0)
  }

  @Test func `a forged marker is no reason to pass, and does not go out`() throws {
    var forged = mail
    forged.extraHeaders = [
      "X-Voicemail-Milter: v=1; id=evil; t=1786023949; h=\(String(repeating: "0", count: 64))",
      "x-voicemail-milter: yes",
    ]
    try session.deliver(forged.bytes)
    #expect(session.mta.waitForMessages(1, seconds: 60))
    let message = try #require(session.mta.messages.first)
    #expect(message.received.all("X-Voicemail-Milter").count == 1)
    #expect(!message.text.contains("id=evil"))
    #expect(message.received["X-Voicemail-Transcript"] == "none")
    #expect(session.milter.logLines("reinjection listener").isEmpty)
  }

  @Test func `a marker copied to another message is forged`() throws {
    let copied = try marker(in: handled())
    var other = mail
    other.messageID = "<other@pbx.example.com>"
    other.extraHeaders = [copied]
    try session.deliver(other.bytes, queueID: "OTHER")
    #expect(session.mta.waitForMessages(2, seconds: 60))
    let message = try #require(session.mta.messages.last)
    #expect(message.received["Message-ID"] == "<other@pbx.example.com>")
    #expect(!message.text.contains(copied))
    #expect(message.received.all("X-Voicemail-Milter").count == 1)
  }

  @Test func `two Received lines of ours pass, one does not`() throws {
    let line =
      "Received: from a by b (voicemail-milter) with ESMTP id 1; Thu, 06 Aug 2026 15:45:49 +0200"
    var twice = mail
    twice.extraHeaders = [line, line]
    #expect(try send(twice.bytes, "TWICE") == "a")
    #expect(passed("TWICE", "passed this filter 2 times already"))
    var once = mail
    once.extraHeaders = [line]
    #expect(try send(once.bytes, "ONCE") == "d")
  }

  @Test func `more than 25 Received lines pass`() throws {
    let line = "Received: from a by b with ESMTP id 1; Thu, 06 Aug 2026 15:45:49 +0200"
    var mail = mail
    mail.extraHeaders = Array(repeating: line, count: 26)
    #expect(try send(mail.bytes, "LOOP") == "a")
    #expect(passed("LOOP", "26 Received fields"))
    mail.extraHeaders.removeLast()
    #expect(try send(mail.bytes, "LONG") == "d")
  }

  @Test func `an original that goes out in place of its enhancement carries a marker that counts`()
    throws
  {
    var script = FakeSMTPServer.Script()
    script.once = [(".", .say("554 5.6.0 I do not like this"))]
    session.mta.follow(script)
    let back = try handled()
    #expect(ReceivedMail(back)["X-Voicemail-Transcript"] == nil)
    #expect(try send(back, "BACK") == "a")
    #expect(passed("BACK", "handled here already"))
    #expect(session.mta.messages.count == 1)
  }

  @Test func `the same voicemail without its marker is not enhanced twice, to others it is`() throws
  {
    _ = try handled()
    #expect(try send(mail.bytes, "AGAIN") == "a")
    #expect(passed("AGAIN", "taken over before"))
    // Encoded differently, the recording is the same.
    let text = String(decoding: mail.bytes, as: UTF8.self)
    let rewrapped = text.replacing(/([A-Za-z0-9+\/]{36})([A-Za-z0-9+\/]{36})\r\n/) {
      "\($0.1)\r\n\($0.2)\r\n"
    }
    #expect(rewrapped != text)
    #expect(try send(Array(rewrapped.utf8), "WRAPPED") == "a")
    // An MTA sends one message to its recipients in several transactions.
    #expect(
      try MTA(session.milter).send(mail.bytes, to: ["<bob@example.com>"], queueID: "BOB") == "d")
    // Another recording under the same Message-ID is another voicemail.
    var other = mail
    other.recording = try VoicemailRecording.silence(seconds: 2)
    #expect(try send(other.bytes, "LONGER") == "d")
    // A restart does not forget.
    session.milter.kill()
    let milter = try RunningMilter(
      ["delivery.target": session.mta.target], in: session.milter.directory)
    #expect(try MTA(milter).send(mail.bytes, to: ["<Ann@example.com>"], queueID: "LATER") == "a")
  }
}

/// Ways on which no queue id tells that a message has been here; the listener leads back to the filter.
@Suite(.serialized) struct LoopsWithoutIdentity {
  private static let guardOfExim = "condition = ${if !eq{$received_port}{10026}}"

  @Test func `an Exim whose router sends all back to the filter keeps it after one pass`() throws {
    let exim = try PrivateExim(without: Self.guardOfExim)
    try expectOnePass(exim, try exim.contentFilter())
  }

  @Test func `an Exim that pipes all back to the filter keeps it after one pass`() throws {
    let exim = try PrivateExim(example: "exim-pipe", without: Self.guardOfExim)
    try expectOnePass(exim, try exim.pipeFilter())
  }

  @Test func `a Postfix that pipes all back to the filter keeps it after one pass`() throws {
    let postfix = try PrivatePostfix(example: "pipe", without: "content_filter=")
    try expectOnePass(postfix, try postfix.pipeFilter())
  }

  private func expectOnePass(_ mta: some PrivateMTA, _ filter: RunningMilter) throws {
    let ordinary = OrdinaryMail.all[0]
    try SMTPSender.send(
      ordinary.bytes, to: ["<\(ordinary.user)@example.com>"], port: mta.smtpPort)
    #expect(mta.waitForLog(containing: "451 4.4.6 Mail loop"), "\(mta.log)")
    #expect(filter.waitForLog(containing: "alarm=loop_seen"))
    try SMTPSender.send(
      try AsteriskMail.silent().bytes, port: mta.smtpPort)
    #expect(filter.waitForLog(containing: "info: delivered"))
    #expect(mta.waitForLog(containing: "ann@example.com", "451 4.4.6 Mail loop"), "\(mta.log)")
    #expect(filter.logLines("info: voicemail").count == 1)
    #expect(!mta.log.contains("too many"))
    for user in [ordinary.user, "ann"] { #expect(mta.mail(of: user).isEmpty) }
  }
}
