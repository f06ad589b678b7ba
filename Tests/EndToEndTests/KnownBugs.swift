import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// What the nearest filter of this kind got wrong, by its own bug list (MailScanner/v5, MSMilter):
/// it, too, says DISCARD to the MTA and hands its own copy back.
///
/// The rest of that list is elsewhere: recipients carried over to the next message (Peers), mail from
/// this host, which it accepted unseen (#213; Way).
@Suite(.serialized) struct KnownBugs {
  @Test func `no recipient is lost, and none is told in the message (#245)`() throws {
    let session = try Session()
    let recipients = (1...300).map { "<user\($0)@example.com>" }
    try session.deliver(try AsteriskMail.silent("many").bytes, to: recipients)
    #expect(session.mta.waitForMessages(1, seconds: 60))
    let message = try #require(session.mta.messages.first)
    #expect(message.recipients == recipients.map { "RCPT TO:\($0)" })
    #expect(session.milter.waitForLog(containing: "info: delivered", "recipients=300"))
    #expect(session.mta.messages.count == 1)
    #expect(!message.text.contains("user1"))
    #expect(message.received.all("To").count == 1)
  }

  @Test func `copies nobody else is to know of arrive once, and stay unknown (#245)`() throws {
    // What Postfix adds of itself is thrown away with the first message, and added to the second.
    let postfix = try PrivatePostfix([
      "always_bcc=archive@example.com", "virtual_alias_domains=alias.example.com",
      "virtual_alias_maps=inline:{{team@alias.example.com=ann@example.com,carol@example.com}}",
    ])
    let milter = try postfix.milter()
    var mail = try AsteriskMail.silent("bcc")
    mail.recipient = "team@alias.example.com"
    mail.extraHeaders = ["Bcc: eve@example.com"]
    try postfix.sendmail(["-t"], input: mail.bytes.filter { $0 != 0x0D })
    for user in ["ann", "carol", "eve", "archive"] {
      let arrived = try #require(postfix.waitForMail(of: user).first, "\(user): \(postfix.log)")
      let message = ReceivedMail(arrived)
      #expect(message.recordings == [mail.recording], "\(user)")
      #expect(message["X-Voicemail-Transcript"] != nil)
      #expect(message.all("Bcc") == [])
      if user != "eve" { #expect(!String(decoding: arrived, as: UTF8.self).contains("eve")) }
    }
    #expect(milter.waitForLog(containing: "info: delivered"))
    for user in ["ann", "carol", "eve", "archive"] { #expect(postfix.mail(of: user).count == 1) }
  }

  @Test func `who asks to be told of the delivery is told, once (E-F-A/v4#193)`() throws {
    let postfix = try PrivatePostfix()
    let milter = try postfix.milter()
    try SMTPSender.send(
      try AsteriskMail.silent("dsn").bytes,
      to: ["<ann@example.com> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;old@example.com"],
      from: "<pbx@example.com> RET=HDRS ENVID=E42", port: postfix.smtpPort)
    #expect(!postfix.waitForMail(of: "ann").isEmpty)
    let report = String(decoding: try #require(postfix.waitForMail(of: "pbx").first), as: UTF8.self)
    for line in [
      "Original-Envelope-Id: E42", "Original-Recipient: rfc822;old@example.com",
      "Final-Recipient: rfc822; ann@example.com", "Action: relayed", "Status: 2.0.0",
    ] { #expect(report.contains(line), "\(line) is not in \(report)") }
    #expect(milter.waitForLog(containing: "info: delivered"))
    #expect(postfix.mail(of: "pbx").count == 1)
    #expect(postfix.mail(of: "ann").count == 1)
  }

  @Test
  func
    `where the lines for the MTA's listener are missing, it is said, and nothing is lost (#667)`()
    throws
  {
    let directory = try TemporaryDirectory()
    let missing = try RunningMilter(["delivery.target": "smtp:127.0.0.1:1"], in: directory)
    let peer = try MTA(missing)
    #expect(
      try peer.send(
        try AsteriskMail.silent("early").bytes, to: ["<ann@example.com>"], queueID: "Q1") == "d")
    #expect(missing.waitForLog(containing: "warning:", "127.0.0.1:1", "Connection refused"))
    let status = try missing.waitForStatus { $0.daemon?.delivery.lastFailure != nil }
    #expect(status.daemon?.delivery.lastFailure?.contains("Connection refused") == true)
    #expect(try missing.status().spool.messages.values.reduce(0, +) == 1)
    missing.kill()
    let mta = try FakeSMTPServer()
    let milter = try RunningMilter(["delivery.target": mta.target], in: directory)
    #expect(mta.waitForMessages(1, seconds: 60))
    #expect(try milter.waitForStatus { $0.count("delivered") == 1 }.count("delivered") == 1)
    #expect(mta.messages.count == 1)
  }

  @Test func `what the MTA hears is taken is on disk already (#563)`() throws {
    let directory = try TemporaryDirectory()
    let mta = try FakeSMTPServer()
    let settings = ["delivery.target": mta.target]
    for number in 1...3 {
      let milter = try RunningMilter(
        settings, in: directory)
      let peer = try MTA(milter)
      let mail = try AsteriskMail.silent("cut\(number)").bytes
      #expect(try peer.send(mail, to: ["<ann@example.com>"], queueID: "Q\(number)") == "d")
      // As in a power failure, at the very reply.
      milter.kill()
    }
    let milter = try RunningMilter(settings, in: directory)
    #expect(
      try milter.waitForStatus { $0.count("delivered") == 3 }.count("delivered") == 3)
    let ids = Set(mta.messages.compactMap { $0.received["Message-ID"] })
    #expect(ids == Set((1...3).map { "<cut\($0)@pbx.example.com>" }))
  }

  @Test func `each of many messages has its two lines in the log (#648)`() throws {
    let session = try Session(["daemon.workers": "2", "log.level": "info"])
    let count = 48
    let troubles = Mutex<[String]>([])
    let group = DispatchGroup()
    let milter = session.milter
    let recording = try VoicemailRecording.silence(seconds: 1)
    for thread in 0..<8 {
      group.enter()
      Thread.detachNewThread {
        defer { group.leave() }
        do {
          let mta = try MTA(milter)
          for number in 0..<count / 8 {
            var mail = AsteriskMail(recording)
            let queueID = "T\(thread)N\(number)"
            mail.messageID = "<\(queueID)@pbx.example.com>"
            let reply = try mta.send(mail.bytes, to: ["<ann@example.com>"], queueID: queueID)
            if reply != "d" { troubles.withLock { $0.append("\(queueID): \(reply ?? "-")") } }
          }
        } catch {
          troubles.withLock { $0.append("\(thread): \(error)") }
        }
      }
    }
    #expect(group.wait(timeout: .now() + 60) == .success)
    #expect(troubles.withLock { $0 } == [])
    #expect(session.mta.waitForMessages(count, seconds: 60))
    #expect(
      eventually { milter.logLines("info: delivered").count >= count })
    func ids(_ event: String) -> [String] {
      milter.logLines(event).compactMap { line in
        line.split(separator: " ").first { $0.hasPrefix("id=") }.map(String.init)
      }.sorted()
    }
    #expect(Set(ids("info: voicemail")).count == count)
    #expect(ids("info: voicemail") == ids("info: delivered"))
    #expect(session.mta.messages.count == count)
    #expect(Set(session.mta.messages.compactMap { $0.received["Message-ID"] }).count == count)
  }

  @Test func `a spool of a newer program stops the start, in a line, and stays as it is (#622)`()
    throws
  {
    let directory = try TemporaryDirectory()
    try RunningMilter(in: directory).kill()
    let spool = directory.file("state/spool.sqlite")
    let newer = try ChildProcess(
      "/usr/bin/python3",
      [
        "-c",
        "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\nc.execute('PRAGMA user_version=99')\n",
        spool,
      ])
    #expect(newer.waitForExit(seconds: 20) == 0)
    let milter = try RunningMilter(in: directory, waitUntilReady: false)
    #expect(milter.process.waitForExit(seconds: 60) == 1)
    #expect(milter.log.hasPrefix("voicemail-milter: spool \(spool): has schema version 99"))
    #expect(milter.log.split(separator: "\n").count == 1)
    // It does not listen: the MTA's default_action=accept lets mail pass.
    #expect(throws: MilterClient.Failure.self) { try MilterClient(milter.milterAddress) }
  }
}
