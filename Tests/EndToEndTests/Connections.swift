import Foundation
import Spool
import TestSupport
import Testing
import Voicemail

/// How connections to the MTA are used, and what an MTA that is slow, odd or away does to other messages.
@Suite(.serialized) struct Connections {
  private func script(_ change: (inout FakeSMTPServer.Script) -> Void) -> FakeSMTPServer.Script {
    var script = FakeSMTPServer.Script()
    change(&script)
    return script
  }

  private func deliver(_ numbers: Range<Int>, _ session: Session) throws {
    for number in numbers {
      try session.deliver(try ResultTable.mail(number).bytes, queueID: "Q\(number)")
    }
  }

  @Test func `messages share a connection, which is closed when it was idle`() throws {
    let session = try Session(["delivery.connections": "1"])
    try deliver(0..<5, session)
    #expect(session.mta.waitForMessages(5, seconds: 30))
    #expect(session.mta.connectionCount == 1)
    #expect(session.mta.commands.count { $0.hasPrefix("XFORWARD") } >= 5)
    #expect(eventually { session.mta.commands.last == "QUIT" })
    try deliver(5..<6, session)
    #expect(session.mta.waitForMessages(6, seconds: 30))
    #expect(session.mta.connectionCount == 2)
  }

  @Test func `a server may have enough of a connection: the message goes over the next one`() throws
  {
    let accepted = "250 2.0.0 Ok: queued as X"
    let session = try Session(
      ["delivery.connections": "1"],
      script: script {
        $0.once = [
          ("MAIL", .say("250 ok")), (".", .say(accepted)),
          ("MAIL", .sayAndDrop("421 4.7.0 too many messages")), (".", .sayAndDrop(accepted)),
        ]
      })
    try deliver(0..<4, session)
    #expect(session.mta.waitForMessages(4, seconds: 30))
    #expect(
      try session.milter.waitForStatus { $0.count("delivered") == 4 }.count("delivered") == 4)
    #expect(session.milter.logLines("warning: deferred").isEmpty)
    #expect(session.mta.messages.count == 4)
  }

  @Test func `a limit of messages that the server names is kept (RFC 9422)`() throws {
    let session = try Session(
      ["delivery.connections": "1"],
      script: script { $0.extensions = ["PIPELINING", "LIMITS MAILMAX=2"] })
    try deliver(0..<5, session)
    #expect(session.mta.waitForMessages(5, seconds: 30))
    let mails = session.mta.commands.split { $0.hasPrefix("EHLO") }
      .map { $0.count { $0.hasPrefix("MAIL") } }
    #expect(mails.allSatisfy { $0 <= 2 })
    #expect(session.milter.logLines("warning: deferred").isEmpty)
  }

  @Test func `messages the MTA hangs at hold up no others`() throws {
    let session = try Session(
      script: script { $0.once = ["MAIL", "DATA", "."].map { ($0, .hang) } })
    try deliver(0..<10, session)
    // Three of four connections hang, for minutes.
    #expect(session.mta.waitForMessages(7, seconds: 30))
    #expect(
      try session.milter.waitForStatus { $0.count("delivered") == 7 }.count("delivering") == 3)
  }

  @Test func `an MTA that is away is asked now and then, and gets everything when it is back`()
    throws
  {
    let directory = try TemporaryDirectory()
    let path = directory.file("listener.sock")
    let milter = try RunningMilter(["delivery.target": "unix:\(path)"])
    let count = 30
    for number in 0..<count {
      #expect(
        try MTA(milter).send(
          try ResultTable.mail(number).bytes, to: ["<ann@example.com>"], queueID: "Q\(number)")
          == "d")
    }
    let status = try milter.waitForStatus { $0.count("ready") + $0.count("deferred") == count }
    #expect(status.count("ready") > 0)
    #expect(milter.waitForLog(containing: "warning: deferred", "No such file or directory"))
    #expect(milter.logLines("warning: deferred").count < 10)
    let mta = try FakeSMTPServer(unixPath: path)
    let start = ContinuousClock.now
    #expect(mta.waitForMessages(count, seconds: 60))
    // The pause after that many failures, and the deliveries.
    #expect(ContinuousClock.now - start < .seconds(20))
    #expect(
      try milter.waitForStatus { $0.count("delivered") == count }.count("delivered") == count)
    #expect(Set(mta.messages.compactMap { $0.received["Message-ID"] }).count == count)
    #expect(mta.messages.count == count)
  }

  @Test func `while the MTA is away, lifetimes end all the same, and somebody is told`() throws {
    let milter = try RunningMilter([
      "delivery.target": "unix:/nonexistent/listener.sock", "delivery.lifetime": "2s",
    ])
    for number in 0..<5 {
      #expect(
        try MTA(milter).send(
          try ResultTable.mail(number).bytes, to: ["<ann@example.com>"], queueID: "Q\(number)")
          == "d")
    }
    let status = try milter.waitForStatus {
      $0.count("held") == 5 && $0.daemon?.alarms["message_held"] == 5
    }
    #expect(status.count("held") == 5)
    #expect(status.daemon?.alarms["message_held"] == 5)
    #expect(milter.logLines("error: held", "delivery lifetime is over").count == 5)
  }

  @Test func `replies in packets of one byte, and servers that know nothing, are served`() throws {
    let session = try Session(
      script: script {
        $0.extensions = nil
        $0.always = [
          "CONNECT": .drip("220-fake.test\n220 ready"), "HELO": .drip("250 fake.test"),
          "MAIL": .drip("250-2.1.0 Ok\n250 2.1.0 really"), "RCPT": .drip("250 2.1.5 Ok"),
          "DATA": .drip("354 go"), ".": .drip("250 2.0.0 Ok: queued as DRIP1"),
        ]
      })
    let id = try session.deliver(try ResultTable.mail().bytes)
    #expect(
      session.milter.waitForLog(containing: "info: delivered", "id=\(id)", "new_queue_id=DRIP1"))
  }

  @Test func `what is no SMTP server delays a message, and one line says so`() throws {
    let session = try Session(
      script: script { $0.always["CONNECT"] = .bytes(Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)) })
    try session.deliver(try ResultTable.mail().bytes)
    #expect(
      session.milter.waitForLog(
        containing: "warning: deferred", "at greeting: the server sent a line that is no SMTP reply"
      ))
  }

  @Test func `a next try put off by a wrong clock is brought back at the next start`() throws {
    let mta = try FakeSMTPServer(script { $0.once = [("MAIL", .say("451 4.3.0 later"))] })
    let directory = try TemporaryDirectory()
    let settings = ["delivery.target": mta.target]
    let id: String
    do {
      let milter = try RunningMilter(settings, in: directory)
      #expect(
        try MTA(milter).send(
          try ResultTable.mail().bytes, to: ["<ann@example.com>"], queueID: "QQ1") == "d")
      #expect(milter.waitForLog(containing: "warning: deferred"))
      id = try #require(milter.field("id", of: "warning: deferred"))
      milter.kill()
    }
    let wrong = try ChildProcess(
      "/usr/bin/python3",
      [
        "-c",
        "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\n"
          + "c.execute('UPDATE message SET due_ms = due_ms + 315360000000')\nc.commit()\nc.close()",
        directory.file("state/spool.sqlite"),
      ])
    #expect(wrong.waitForExit(seconds: 20) == 0)
    let milter = try RunningMilter(settings, in: directory)
    #expect(mta.waitForMessages(1, seconds: 20))
    #expect(milter.waitForLog(containing: "info: delivered"))
    #expect(try milter.command("show", id, "--json").text.contains("set by a clock far ahead"))
  }

  @Test func `Postfix stops and starts while a thousand messages go out: all arrive`() throws {
    let count = 1_000
    let postfix = try PrivatePostfix(["virtual_transport=discard:", "smtpd_milters="])
    let directory = try TemporaryDirectory()
    try FileManager.default.createDirectory(
      atPath: directory.file("state"), withIntermediateDirectories: true)
    try fill(directory.file("state"), count: count)
    let milter = try RunningMilter(
      ["delivery.target": "smtp:127.0.0.1:\(postfix.reinjectPort)"], in: directory)
    #expect(milter.waitForLog(containing: "info: delivered"))
    try postfix.control("stop")
    #expect(milter.waitForLog(containing: "warning: deferred"))
    let left = try milter.status().spool.messages
    #expect(left["delivered"] ?? 0 < count)
    try postfix.control("start")
    let status = try milter.waitForStatus { $0.count("delivered") == count }
    #expect(status.count("delivered") == count)
    #expect(milter.logLines("error:").isEmpty)
    func sent() -> [String] {
      postfix.log.split(separator: "\n").filter { $0.contains("status=sent") }
        .compactMap { line in
          line.range(of: "to=<").map { String(line[$0.upperBound...].prefix { $0 != ">" }) }
        }
    }
    #expect(eventually { Set(sent()).count == count })
    // Between Postfix's commit and its answer (RFC 1047): one a connection at most.
    #expect(sent().count <= count + 4)
  }

  /// Messages that are ready to go out.
  private func fill(_ directory: String, count: Int) throws {
    let store = try JobStore(directory: directory)
    let now = Int64(Date().timeIntervalSince1970 * 1_000)
    for number in 0..<count {
      let content = Array("From: pbx@example.com\r\nSubject: \(number)\r\n\r\nbody\r\n".utf8)
      try store.accept(
        NewJob(
          id: "job\(number)", receivedMS: now,
          envelope: Envelope(
            sender: "pbx@example.com", recipients: [Recipient(address: "user\(number)@example.com")]
          ),
          client: ClientFacts(address: "127.0.0.1"), messageID: nil,
          voicemail: VoicemailFacts(rule: "asterisk", reason: "test"), content: content))
      guard let job = try store.leaseForTranscription(holder: "test", nowMS: now) else { continue }
      try store.finishTranscription(
        job.lease, result: WorkResult(), outgoing: content, nowMS: now)
    }
  }
}
