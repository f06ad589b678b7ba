import Foundation
import TestSupport
import Testing

@testable import Filter

/// What the MTA says at reinjection decides what becomes of a message; nothing is lost by it.
@Suite(.serialized) struct Delivering {
  /// No speech to recognise: these tests are about what comes after.
  @Test func `a refused enhanced message goes out as it came, at once`() throws {
    var script = FakeSMTPServer.Script()
    script.once = [(".", .say("554 5.6.0 I do not like this"))]
    let session = try Session(script: script)
    let mail = try AsteriskMail.silent()
    let id = try session.deliver(mail.bytes)
    #expect(session.mta.waitForMessages(1, seconds: 60))
    let message = try #require(session.mta.messages.first)
    #expect(message.belowOurFields == mail.bytes)
    let arrived = message.received
    #expect(arrived.fields.prefix(2).map(\.name) == ["Received", "X-Voicemail-Milter"])
    #expect(arrived["X-Voicemail-Transcript"] == nil)
    #expect(session.milter.waitForLog(containing: "info: delivered", "id=\(id)", "form=original"))
    let story = try session.milter.command("show", id, "--json").text
    #expect(story.contains("enhanced message refused, the original is tried"))
    #expect(story.contains("554 5.6.0 I do not like this"))
    #expect(try session.milter.status().daemon?.alarms["reinjection_refused"] == 1)
    #expect(session.mta.messages.count == 1)
  }

  @Test func `a message refused in both forms is held, and keeps its content`() throws {
    var script = FakeSMTPServer.Script()
    script.always = [".": .say("554 5.7.1 Never")]
    let session = try Session(script: script)
    let id = try session.deliver(try AsteriskMail.silent().bytes)
    #expect(session.milter.waitForLog(containing: "error: held", "id=\(id)"))
    #expect(try session.milter.status().count("held") == 1)
    #expect(try session.milter.spoolHoldsContent)
    let story = try session.milter.command("show", id).text
    #expect(story.hasPrefix("\(id): held\n"))
    #expect(story.contains("554 5.7.1 Never"))
    let plain = try session.milter.command("status").text
    #expect(plain.contains("held 1"))
    // A listener that refuses a message answers.
    #expect(!plain.contains("FAILING"))
    #expect(try session.milter.status().daemon?.delivery.lastFailure == nil)
    #expect(session.milter.logLines("error: a voicemail is held", "id=\(id)").count == 1)
    #expect(try session.milter.status().daemon?.alarms["message_held"] == 1)
    #expect(plain.contains("message_held 1  reinjection_refused 2 since the start"))
    #expect(session.mta.messages.isEmpty)
  }

  @Test func `a message the MTA cannot take now is tried again, and delivered once`() throws {
    var script = FakeSMTPServer.Script()
    script.once = [(".", .say("451 4.3.0 Come back later"))]
    let session = try Session(script: script)
    let id = try session.deliver(try AsteriskMail.silent().bytes)
    #expect(session.milter.waitForLog(containing: "warning: deferred", "id=\(id)", "attempt=1"))
    #expect(try session.milter.status().count("deferred") == 1)
    #expect(try session.milter.command("show", id).text.contains(", delivery\n"))
    // RetrySchedule: 5 s, give or take a fifth.
    #expect(session.mta.waitForMessages(1, seconds: 30))
    #expect(session.milter.waitForLog(containing: "info: delivered", "form=enhanced"))
    #expect(session.mta.messages.count == 1)
    #expect(try session.milter.status().count("delivered") == 1)
  }

  @Test func `an MTA that answers is ready, whatever it answers`() {
    let board = DeliveryBoard()
    board.failed("Connection refused")
    #expect(board.status(target: "x").lastFailure == "Connection refused")
    board.answered()
    #expect(board.status(target: "x").lastFailureMS == nil)
  }

  @Test func `what an administrator wants tried is tried while the target rests`() {
    let health = TargetHealth()
    for _ in 0..<8 { _ = health.failed() }
    #expect(health.pauseMS() != nil)
    health.tryNow()
    // One finds out, the others wait for that.
    #expect(health.pauseMS() == nil)
    #expect(health.pauseMS() == 1_000)
    health.gaveUp()
    #expect(health.pauseMS() == nil)
    _ = health.failed()
    #expect(health.pauseMS() != nil)
    health.forget()
    #expect(health.pauseMS() == nil)
    #expect(health.pauseMS() == nil)
  }

  @Test func `one address twice, answered differently: the one refused is tried again`() throws {
    var script = FakeSMTPServer.Script()
    script.once = [
      ("RCPT TO:<ann", .say("250 2.1.5 Ok")), ("RCPT TO:<ann", .say("450 4.2.0 Busy")),
    ]
    let session = try Session(script: script)
    try session.deliver(
      try AsteriskMail.silent().bytes, to: ["<ann@example.com>", "<ann@example.com>"])
    #expect(session.mta.waitForMessages(2, seconds: 30))
    #expect(session.mta.messages.map(\.recipients.count) == [1, 1])
  }

  @Test func `a target that has been changed is asked at once`() throws {
    let first = try FakeSMTPServer()
    let closed = first.target
    first.stop()
    let mta = try FakeSMTPServer()
    let milter = try RunningMilter(["delivery.target": closed])
    #expect(
      try MTA(milter).send(
        try AsteriskMail.silent().bytes, to: ["<ann@example.com>"], queueID: "QQ1") == "d")
    // It rests for some ten seconds by then.
    #expect(milter.waitForLog(containing: "warning: deferred", "attempt=4"))
    try RunningMilter.write(
      ["milter.listen": milter.milterAddress, "delivery.target": mta.target],
      to: milter.configuration, in: milter.directory)
    let start = ContinuousClock.now
    #expect(try milter.command("reload").status == 0)
    #expect(try milter.command("flush").status == 0)
    #expect(mta.waitForMessages(1, seconds: 30))
    #expect(ContinuousClock.now - start < .seconds(8))
  }

  @Test func `a message that asks nobody does not keep the target from being asked again`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("listener.sock")
    let settings = ["delivery.target": "unix:\(path)", "delivery.connections": "1"]
    let ids = try {
      let milter = try RunningMilter(settings, in: directory)
      let mta = try MTA(milter)
      for number in 1...2 {
        let mail = try ResultTable.mail(number).bytes
        #expect(try mta.send(mail, to: ["<ann@example.com>"], queueID: "Q\(number)") == "d")
        #expect(milter.waitForLog(containing: "info: voicemail", "queue_id=Q\(number)"))
      }
      #expect(try milter.waitForStatus { $0.count("deferred") == 2 }.count("deferred") == 2)
      let ids = [1, 2].compactMap { milter.field("id", of: "info: voicemail", "queue_id=Q\($0)") }
      milter.kill()
      return ids
    }()
    try #require(ids.count == 2)
    // The first has no recipient left, as after a crash behind its last answer; it is due when the target rests.
    let python = try ChildProcess(
      "/usr/bin/python3",
      [
        "-c",
        "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1]); now = int(time.time() * 1000)\n"
          + "c.execute('UPDATE recipient SET delivered = 1 WHERE message_id = ?', [sys.argv[2]])\n"
          + "c.execute('UPDATE message SET due_ms = ? WHERE id = ?', [now + 2500, sys.argv[2]])\n"
          + "c.execute('UPDATE message SET due_ms = ? WHERE id = ?', [now, sys.argv[3]])\n"
          + "c.commit()",
        directory.file("state/spool.sqlite"), ids[0], ids[1],
      ])
    #expect(python.waitForExit(seconds: 20) == 0, "\(python.errors)")
    let milter = try RunningMilter(settings, in: directory)
    #expect(milter.waitForLog(containing: "warning: deferred", "id=\(ids[1])"))
    #expect(milter.waitForLog(containing: "info: delivered", "id=\(ids[0])"))
    let mta = try FakeSMTPServer(unixPath: path)
    #expect(mta.waitForMessages(1, seconds: 40))
  }

  @Test func `an MTA that is away delays a message, no more`() throws {
    let session = try Session()
    session.mta.stop()
    let id = try session.deliver(try AsteriskMail.silent().bytes)
    #expect(session.milter.waitForLog(containing: "warning: deferred", "id=\(id)"))
    let status = try session.milter.status()
    #expect(status.count("deferred") == 1)
    #expect(status.daemon?.delivery.lastFailure?.contains("smtp:127.0.0.1:") == true)
    #expect(try session.milter.spoolHoldsContent)
  }

  @Test func `a message whose delivery a crash cuts off is delivered after the restart`() throws {
    var script = FakeSMTPServer.Script()
    script.once = [("DATA", .hang)]
    let mta = try FakeSMTPServer(script)
    let directory = try TemporaryDirectory()
    let settings = ["delivery.target": mta.target]
    let mail = try AsteriskMail.silent()
    do {
      let milter = try RunningMilter(settings, in: directory)
      #expect(try MTA(milter).send(mail.bytes, to: ["<ann@example.com>"], queueID: "QQ1") == "d")
      #expect(eventually { mta.commands.contains("DATA") })
      #expect(try milter.status().count("delivering") == 1)
      milter.kill()
    }
    let milter = try RunningMilter(settings, in: directory)
    #expect(mta.waitForMessages(1, seconds: 60), "\(milter.log) \(mta.commands)")
    #expect(mta.messages.first?.received.recordings == [mail.recording])
    #expect(milter.waitForLog(containing: "info: delivered"))
    #expect(mta.messages.count == 1)
  }

  @Test func `only recipients that were refused are tried again`() throws {
    var script = FakeSMTPServer.Script()
    script.once = [("RCPT TO:<bob@example.com>", .say("450 4.2.1 Mailbox busy"))]
    let session = try Session(script: script)
    let id = try session.deliver(
      try AsteriskMail.silent().bytes,
      to: ["<ann@example.com>", "<bob@example.com>", "<eve@example.com>"])
    #expect(session.mta.waitForMessages(2, seconds: 60))
    let recipients = session.mta.messages.map { message in
      message.recipients.map { $0.prefix { $0 != ">" } }
    }
    #expect(
      recipients == [
        ["RCPT TO:<ann@example.com", "RCPT TO:<eve@example.com"],
        ["RCPT TO:<bob@example.com"],
      ])
    #expect(session.milter.waitForLog(containing: "info: delivered", "id=\(id)"))
    #expect(try session.milter.status().count("delivered") == 1)
    #expect(session.mta.messages.count == 2)
  }

  @Test func `envelope, ESMTP parameters and the client's facts go back as they came`() throws {
    let session = try Session()
    let mta = try MTA(session.milter, address: "192.168.7.9")
    try mta.client.mail("<asterisk@pbx.example.com>", "BODY=8BITMIME", "RET=HDRS", "ENVID=E1")
    try mta.client.rcpt("<ann@example.com>", "NOTIFY=FAILURE", "ORCPT=rfc822;ann@example.com")
    try mta.client.data()
    try mta.client.macros("E", ["i": "QQ7"])
    #expect(try mta.sendContent(AsteriskMail.silent().bytes) == "d")
    #expect(session.mta.waitForMessages(1, seconds: 60))
    let message = try #require(session.mta.messages.first)
    for word in ["MAIL FROM:<asterisk@pbx.example.com>", "RET=HDRS", "ENVID=E1"] {
      #expect(message.mail.contains(word))
    }
    for word in ["RCPT TO:<ann@example.com>", "NOTIFY=FAILURE", "ORCPT=rfc822;ann@example.com"] {
      #expect(message.recipients.first?.contains(word) == true)
    }
    let forwarded = message.xforward.joined(separator: " ")
    for word in ["ADDR=192.168.7.9", "HELO=pbx.example.com", "IDENT=QQ7"] {
      #expect(forwarded.contains(word))
    }
    #expect(message.received["Received"]?.contains("[192.168.7.9]") == true)
  }
}
