import Foundation
import Operations
import TestSupport
import Testing

@testable import Filter

/// What goes wrong is mailed to the administrator, once an hour a kind, past our own fronts.
@Suite(.serialized) struct AlarmMails {
  private static let hourMS: Int64 = 3_600_000

  @Test func `each kind is mailed at once, then once an hour with the number left out`() throws {
    let alarms = Alarms(Log(level: .error))
    let start: Int64 = 1_800_000_000_000
    #expect(alarms.mailDue(nowMS: start) == nil)
    #expect(alarms.nextMailMS() == nil)
    alarms.raise(.messageHeld, "554 no", id: "a", nowMS: start)
    let first = try #require(alarms.mailDue(nowMS: start))
    #expect(
      first
        == .init(
          alarm: .messageHeld, why: "554 no", id: "a", atMS: start, sinceLastMail: 1, sinceStart: 1)
    )
    // Raised while the mail is under way: it is not told of by that mail.
    alarms.raise(.messageHeld, "555 no", id: "b", nowMS: start + 1)
    alarms.noteMailed(first, nowMS: start + 2)
    alarms.raise(.messageHeld, "556 no", id: "c", nowMS: start + 3)
    #expect(alarms.mailDue(nowMS: start + 3) == nil)
    #expect(alarms.nextMailMS() == start + 2 + Self.hourMS)
    // Another kind does not wait for it.
    alarms.raise(.spoolFull, "full", nowMS: start + 4)
    let other = try #require(alarms.mailDue(nowMS: start + 4))
    #expect(other.alarm == .spoolFull)
    alarms.noteMailed(other, nowMS: start + 4)

    let second = try #require(alarms.mailDue(nowMS: start + 2 + Self.hourMS))
    #expect(second.id == "c")
    #expect(second.sinceLastMail == 2)
    #expect(second.sinceStart == 3)
    alarms.noteMailed(second, nowMS: start + 2 + Self.hourMS)
    #expect(alarms.mailDue(nowMS: .max) == nil)
    #expect(alarms.counts["message_held"] == 3)
    // A clock set back does not silence it.
    alarms.raise(.spoolFull, "full", nowMS: 5)
    #expect(alarms.mailDue(nowMS: 5)?.alarm == .spoolFull)
  }

  @Test func `what is not mailed yet outlives the daemon, and so does the pause between two mails`()
    throws
  {
    let directory = try TemporaryDirectory()
    let path = directory.file("alarms.json")
    let start: Int64 = 1_800_000_000_000
    func restarted() -> Alarms { Alarms(Log(level: .error), keptAt: path) }
    restarted().raise(.messageHeld, "554 no", id: "a", nowMS: start)
    let second = restarted()
    #expect(second.counts["message_held"] == 0, "since the start")
    let mail = try #require(second.mailDue(nowMS: start + 1))
    #expect([mail.why, mail.id, "\(mail.sinceLastMail)"] == ["554 no", "a", "1"])
    second.noteMailed(mail, nowMS: start + 2)
    let third = restarted()
    #expect(third.nextMailMS() == nil)
    third.raise(.messageHeld, "555 no", nowMS: start + 3)
    #expect(third.mailDue(nowMS: start + 3) == nil)
    #expect(restarted().mailDue(nowMS: start + 2 + Self.hourMS)?.why == "555 no")
    try "{".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(restarted().nextMailMS() == nil)
  }

  @Test func `a held message is mailed about, by the target, with what is to be done`() throws {
    var script = FakeSMTPServer.Script()
    script.always["MAIL FROM:<asterisk"] = .say("550 5.7.1 <ann@example.com> never")
    let session = try Session(["alarms.alert_to": "root, boss@example.com"], script: script)
    let id = try session.deliver(try ResultTable.mail().bytes)
    // One for the refusal, one for the message that is held.
    #expect(session.mta.waitForMessages(2, seconds: 30))
    let mails = session.mta.messages
    #expect(
      Set(mails.compactMap { $0.received["X-Voicemail-Milter-Alarm"] })
        == ["reinjection_refused", "message_held"])
    let mail = try #require(mails.first { $0.text.contains("message_held") })
    #expect(mail.mail.hasPrefix("MAIL FROM:<>"))
    #expect(mail.recipients == ["RCPT TO:<root>", "RCPT TO:<boss@example.com>"])
    let received = mail.received
    #expect(
      received["Subject"]
        == "voicemail-milter on filter.test: a voicemail is held for the administrator")
    #expect(received["Auto-Submitted"] == "auto-generated")
    #expect(received["From"] == "voicemail-milter <MAILER-DAEMON@filter.test>")
    #expect(received["Message-ID"]?.hasSuffix("@filter.test>") == true)
    #expect(mail.text.contains("the server said 550 5.7.1 <address> never"))
    #expect(mail.text.contains("voicemail-milter show \(id)"))
    #expect(!mail.text.contains("ann@example.com"))
    #expect(session.milter.waitForLog(containing: "info: alarm mailed", "message_held"))
    // More of the same is counted, not mailed.
    try session.deliver(try ResultTable.mail(1).bytes, queueID: "Q2")
    #expect(
      try session.milter.waitForStatus { $0.daemon?.alarms["message_held"] == 2 }
        .daemon?.alarms["message_held"] == 2)
    #expect(session.mta.messages.count == 2)
    // Our own fronts let it pass, at its header section.
    let mta = try MTA(session.milter)
    try mta.sendEnvelope(from: "<>", to: ["<root@example.com>"], queueID: "ALARM")
    #expect(try mta.sendHeaders(mail.content).reply == "a")
  }

  @Test func `an alarm that cannot be mailed now is mailed later, by a sender of one's own`() throws
  {
    var script = FakeSMTPServer.Script()
    script.always["MAIL FROM:<asterisk"] = .say("550 5.1.8 never")
    script.once = [("MAIL FROM:<vm@", .say("451 4.3.0 later"))]
    let session = try Session(
      ["alarms.alert_to": "root@example.com", "alarms.alert_from": "vm@example.com"], script: script
    )
    try session.deliver(try ResultTable.mail().bytes)
    #expect(session.milter.waitForLog(containing: "warning: alarm not mailed", "451 4.3.0 later"))
    #expect(session.mta.waitForMessages(1, seconds: 30))
    #expect(session.mta.messages.first?.mail.hasPrefix("MAIL FROM:<vm@example.com>") == true)
    #expect(session.mta.messages.first?.received["From"] == "voicemail-milter <vm@example.com>")
  }

  @Test func `an alarm that nobody took is not told as mailed, and comes again`() throws {
    var script = FakeSMTPServer.Script()
    script.always["MAIL FROM:<asterisk"] = .say("550 5.1.8 never")
    script.once = [("RCPT TO:<root", .say("450 4.2.0 greylisted"))]
    let session = try Session(["alarms.alert_to": "root@example.com"], script: script)
    try session.deliver(try ResultTable.mail().bytes)
    #expect(
      session.milter.waitForLog(containing: "warning: alarm not mailed alarm", "450 4.2.0"))
    #expect(session.mta.waitForMessages(1, seconds: 30))
  }

  @Test func `an alarm that nobody will ever take is not told as mailed`() throws {
    var script = FakeSMTPServer.Script()
    script.always["MAIL FROM:<asterisk"] = .say("550 5.1.8 never")
    script.always["RCPT TO:<root"] = .say("550 5.1.1 unknown")
    let session = try Session(["alarms.alert_to": "root@example.com"], script: script)
    try session.deliver(try ResultTable.mail().bytes)
    #expect(
      session.milter.waitForLog(containing: "warning: alarm not mailed alarm", "550 5.1.1"))
    #expect(session.milter.logLines("info: alarm mailed").isEmpty)
  }

  @Test func `who is refused for now is asked again, who has it is not`() throws {
    var script = FakeSMTPServer.Script()
    script.always["MAIL FROM:<asterisk"] = .say("550 5.1.8 never")
    script.once = [("RCPT TO:<boss", .say("450 4.2.0 greylisted"))]
    let session = try Session(
      ["alarms.alert_to": "root@example.com, boss@example.com"], script: script)
    try session.deliver(try ResultTable.mail().bytes)
    #expect(session.mta.waitForMessages(3, seconds: 30))
    // One alarm in two mails, the other in one: each of the two has each once.
    let told = session.mta.messages.flatMap { mail in
      mail.recipients.map { "\(mail.received["X-Voicemail-Milter-Alarm"] ?? "") \($0)" }
    }
    #expect(told.count == 4 && Set(told).count == 4, "\(told)")
  }

  @Test func `addresses that cannot be are told at the start`() throws {
    let milter = try RunningMilter(
      ["alarms.alert_to": "root, a b@example.com"], waitUntilReady: false)
    #expect(milter.process.waitForExit(seconds: 20) == 1)
    #expect(milter.log.contains("[alarms] alert_to: 'a b@example.com': the address holds a space"))
  }
}
