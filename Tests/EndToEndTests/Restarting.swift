import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// Reload, drain and stop: no message is lost or cut by them.
@Suite(.serialized) struct Restarting {
  private func rewrite(_ session: Session, _ settings: RunningMilter.Settings) throws {
    let usual = [
      "delivery.target": session.mta.target, "milter.listen": session.milter.milterAddress,
    ]
    try RunningMilter.write(
      usual.merging(settings) { $1 }, to: session.milter.configuration,
      in: session.milter.directory)
  }

  /// What the filter says to a client of that address at connect.
  private func greeting(_ milter: RunningMilter, _ address: String) throws -> Character? {
    let client = try MilterClient(milter.milterAddress)
    try client.negotiate()
    return try client.connect(address: address)
  }

  // MARK: - Reload

  @Test func `reload puts in force what can change, and names what cannot`() throws {
    let session = try Session(["recognition.sources": "127.0.0.1"])
    #expect(try greeting(session.milter, "192.0.2.1") == "a")
    try rewrite(session, ["recognition.sources": "192.0.2.0/24", "daemon.workers": "2"])
    let ended = try session.milter.command("reload")
    #expect(ended.status == 0)
    #expect(ended.text == "changed: [recognition] sources\nneeds a restart: [daemon] workers\n")
    #expect(try greeting(session.milter, "192.0.2.1") == "c")
    #expect(try greeting(session.milter, "127.0.0.1") == "a")
    #expect(session.milter.waitForLog(containing: "info: reloaded", "[recognition] sources"))
    // Delivery follows, too.
    let elsewhere = try FakeSMTPServer()
    try rewrite(session, ["delivery.target": elsewhere.target])
    #expect(try session.milter.command("reload").text.contains("[delivery] target"))
    try session.deliver(try AsteriskMail.silent("a").bytes)
    #expect(elsewhere.waitForMessages(1, seconds: 60))
    #expect(session.mta.messages.isEmpty)
  }

  @Test(arguments: [SIGHUP, SIGUSR1])
  func `a signal to reload reloads, and a wrong file changes nothing`(_ signal: Int32) throws {
    let session = try Session()
    try rewrite(session, ["recognition.sources": "192.0.2.1, mars", "log.level": "error"])
    session.milter.process.signal(signal)
    #expect(session.milter.waitForLog(containing: "error: not reloaded", "mars"))
    #expect(try greeting(session.milter, "127.0.0.1") == "c")
    let refused = try session.milter.command("reload")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("mars"))
    #expect(refused.errors.hasSuffix("nothing changed\n"))
    try rewrite(session, ["daemon.workers": "many"])
    session.milter.process.signal(signal)
    #expect(session.milter.waitForLog(containing: "error: not reloaded", "workers = many"))
    #expect(try session.milter.command("reload").errors.contains("workers = many"))

    try rewrite(session, ["recognition.sources": "192.0.2.1"])
    session.milter.process.signal(signal)
    #expect(session.milter.waitForLog(containing: "info: reloaded", "[recognition] sources"))
    #expect(try greeting(session.milter, "127.0.0.1") == "a")
    #expect(session.milter.process.isRunning)
  }

  @Test func `reload refuses what check and run refuse`() throws {
    let session = try Session()
    for wrong: RunningMilter.Settings in [
      ["transcription.acoustic_model": "/nonexistent/model"],
      ["status.listen": "everywhere"],
      ["content_filter.listen": "inet:10025@0.0.0.0"],
    ] {
      try rewrite(session, wrong)
      let checked = try session.milter.command("check")
      #expect(checked.status == 1)
      let refused = try session.milter.command("reload")
      #expect(refused.status == 1, "\(wrong)")
      #expect(refused.errors == checked.errors + "voicemail-milter: nothing changed\n")
    }
    try session.deliver(try AsteriskMail.silent("a").bytes)
    #expect(session.mta.waitForMessages(1, seconds: 60))
  }

  // MARK: - Drain and stop

  @Test func `drain waits for the open message, takes others meanwhile, then stops`() throws {
    let session = try Session()
    let first = try MTA(session.milter)
    try first.sendEnvelope(to: ["<ann@example.com>"], queueID: "Q1")
    let body = try first.sendHeaders(try AsteriskMail.silent("a").bytes).body
    let drain = try ChildProcess(
      RunningMilter.program,
      ["drain", "--timeout", "60s", "--config", session.milter.configuration])
    #expect(session.milter.waitForLog(containing: "info: draining"))
    let second = try MTA(session.milter)
    #expect(
      try second.send(try AsteriskMail.silent("b").bytes, to: ["<ann@example.com>"], queueID: "Q2")
        == "d")
    #expect(drain.isRunning)
    try first.client.body(body)
    #expect(try first.client.endOfMessage() == "d")
    #expect(drain.waitForExit(seconds: 30) == 0)
    #expect(String(decoding: drain.output, as: UTF8.self) == "stopped\n")
    // Who asked has waited for the end of the process.
    #expect(session.milter.process.waitForExit(seconds: 5) == 0)
    let spool = try session.milter.status().spool.messages
    #expect(spool.values.reduce(0, +) == 2)
  }

  @Test func `drain comes to its end where there is always an open message`() throws {
    let session = try Session()
    var drain: ChildProcess?
    var mtas = try (0..<2).map { _ in try MTA(session.milter) }
    var bodies: [[UInt8]] = [[], []]
    var number = 0
    while true {
      number += 1
      let reply = try mtas[0].sendEnvelope(to: ["<ann@example.com>"], queueID: "Q\(number)")
      // New ones pass by now; the other one is still open.
      if reply == "a" { break }
      bodies[0] = try mtas[0].sendHeaders(try AsteriskMail.silent("m\(number)").bytes).body
      if number == 1 {
        drain = try ChildProcess(
          RunningMilter.program,
          ["drain", "--timeout", "4s", "--config", session.milter.configuration])
      } else {
        try mtas[1].client.body(bodies[1])
        #expect(try mtas[1].client.endOfMessage() == "d")
      }
      mtas.reverse()
      bodies.reverse()
    }
    try mtas[1].client.body(bodies[1])
    #expect(try mtas[1].client.endOfMessage() == "d")
    let ended = try #require(drain)
    #expect(ended.waitForExit(seconds: 30) == 0)
    #expect(String(decoding: ended.output, as: UTF8.self) == "stopped\n")
  }

  @Test func `a message that never ends does not hold drain for ever`() throws {
    let milter = try RunningMilter()
    let mta = try MTA(milter)
    try mta.sendEnvelope(to: ["<ann@example.com>"], queueID: "Q1")
    let ended = try milter.command("drain", "--timeout", "200ms")
    #expect(ended.status == 0)
    #expect(ended.text == "stopped; messages cut: 1\n")
    #expect(milter.process.waitForExit(seconds: 10) == 0)
    for command in ["drain", "reload"] {
      let none = try milter.command(command)
      #expect(none.status == 69)
      #expect(none.errors == "voicemail-milter: the daemon is not running\n")
    }
    #expect(try milter.command("drain", "--timeout", "soon").status == 2)
  }

  @Test func `SIGTERM is heard at once, and lets the open message end`() throws {
    // libmilter alone takes five seconds when it has just begun to listen, each time.
    let times = try (1...3).map { _ in
      let idle = try RunningMilter()
      let start = ContinuousClock.now
      idle.process.signal(SIGTERM)
      #expect(idle.process.waitForExit(seconds: 30) == 0)
      return start.duration(to: .now)
    }
    #expect(times.contains { $0 < .seconds(4) }, "\(times)")

    let session = try Session()
    let mta = try MTA(session.milter)
    try mta.sendEnvelope(to: ["<ann@example.com>"], queueID: "Q1")
    let body = try mta.sendHeaders(try AsteriskMail.silent("a").bytes).body
    session.milter.process.signal(SIGTERM)
    try mta.client.body(body)
    #expect(try mta.client.endOfMessage() == "d")
    #expect(session.milter.process.waitForExit(seconds: 30) == 0)
    #expect(session.milter.logLines("messages open").isEmpty)
  }

  // MARK: - The SMTP front

  @Test func `drain waits for the SMTP front's open message, and turns new ones away`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("filter.sock")
    let session = try Session(["milter.listen": "", "content_filter.listen": "unix:\(path)"])
    let open = try SMTPWire(path: path)
    try open.reply()
    for line in ["EHLO a", "MAIL FROM:<a@b.c>", "RCPT TO:<ann@example.com>", "DATA"] {
      try open.say(line)
    }
    let drain = try ChildProcess(
      RunningMilter.program,
      ["drain", "--timeout", "60s", "--config", session.milter.configuration])
    #expect(session.milter.waitForLog(containing: "info: draining"))
    #expect(eventually { (try? SMTPWire(path: path).reply().hasPrefix("421 4.3.2")) == true })
    // A drain that waits keeps nobody from asking.
    #expect(try session.milter.command("status").text.contains("messages    none"))
    #expect(drain.isRunning)
    try open.write(try AsteriskMail.silent("a").bytes)
    #expect(try open.say(".").hasPrefix("250 2.0.0 Ok: voicemail kept"))
    #expect(drain.waitForExit(seconds: 30) == 0)
    #expect(String(decoding: drain.output, as: UTF8.self) == "stopped\n")
    #expect(session.milter.process.waitForExit(seconds: 5) == 0)
  }

  @Test func `drain under load: whatever the SMTP front has acknowledged arrives`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("filter.sock")
    let settings = ["milter.listen": "", "content_filter.listen": "unix:\(path)"]
    let session = try Session(settings)
    let acknowledged = Mutex<Set<String>>([])
    let troubles = Mutex<[String]>([])
    let running = Mutex(4)
    let recording = try VoicemailRecording.silence(seconds: 1)
    for thread in 1...4 {
      Thread.detachNewThread {
        var number = 0
        while let wire = try? SMTPWire(path: path) {
          number += 1
          let id = "<T\(thread)N\(number)@pbx.example.com>"
          var mail = AsteriskMail(recording)
          mail.messageID = id
          let content =
            number % 10 == 0 ? mail.bytes : Array("Message-ID: \(id)\r\n\r\nx\r\n".utf8)
          guard (try? wire.reply().hasPrefix("220")) == true,
            (try? wire.say("EHLO a").hasPrefix("250")) == true,
            (try? wire.say("MAIL FROM:<a@b.c>").hasPrefix("250")) == true
          else { continue }
          // From here on nothing may cut it.
          do {
            try wire.say("RCPT TO:<ann@example.com>")
            try wire.say("DATA")
            try wire.write(content)
            let reply = try wire.say(".")
            guard reply.hasPrefix("250") else {
              troubles.withLock { $0.append("\(id): \(reply)") }
              continue
            }
            _ = acknowledged.withLock { $0.insert(id) }
          } catch {
            troubles.withLock { $0.append("\(id): \(error)") }
          }
        }
        running.withLock { $0 -= 1 }
      }
    }
    #expect(eventually { acknowledged.withLock { $0.count } >= 80 })
    let drain = try session.milter.command("drain")
    #expect(drain.text == "stopped\n")
    #expect(eventually { running.withLock { $0 } == 0 })
    #expect(troubles.withLock { $0 } == [])
    let wanted = acknowledged.withLock { $0 }
    let second = try RunningMilter(
      settings.merging(["delivery.target": session.mta.target]) { $1 },
      in: session.milter.directory)
    #expect(session.mta.waitForMessages(wanted.count, seconds: 60))
    #expect(Set(session.mta.messages.compactMap { $0.received["Message-ID"] }) == wanted)
    #expect(session.mta.messages.count == wanted.count)
    #expect(second.process.isRunning)
  }

  @Test func `a new target counts for the next message of an open session`() throws {
    let directory = try TemporaryDirectory()
    let listen = ["content_filter.listen": "unix:" + directory.file("filter.sock")]
    let session = try Session(listen)
    let wire = try SMTPWire(path: directory.file("filter.sock"))
    func offer() throws {
      for line in ["MAIL FROM:<a@b.c>", "RCPT TO:<bob@example.com>", "DATA"] { try wire.say(line) }
    }
    try wire.reply()
    try wire.say("EHLO a")
    try offer()
    try wire.write("Subject: first\r\n\r\nhello\r\n")
    #expect(try wire.say(".").hasPrefix("250"))
    let elsewhere = try FakeSMTPServer()
    try rewrite(session, listen.merging(["delivery.target": elsewhere.target]) { $1 })
    #expect(try session.milter.command("reload").text.contains("[delivery] target"))
    try offer()
    try wire.write("Subject: second\r\n\r\nhello\r\n")
    #expect(try wire.say(".").hasPrefix("250"))
    #expect(session.mta.messages.map { $0.received["Subject"] } == ["first"])
    #expect(elsewhere.messages.map { $0.received["Subject"] } == ["second"])
  }
}
