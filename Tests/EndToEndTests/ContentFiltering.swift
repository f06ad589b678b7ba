import Foundation
import TestSupport
import Testing
import Voicemail

@testable import Filter

/// The SMTP front of the real program, between this test and a listener that follows a script.
struct ContentFiltering {
  /// A daemon without a milter, and a connection to its SMTP front.
  private struct Front {
    let session: Session
    let path: String

    init(_ script: FakeSMTPServer.Script = .init()) throws {
      let directory = try TemporaryDirectory()
      path = directory.file("filter.sock")
      session = try Session(
        ["milter.listen": "", "content_filter.listen": "unix:\(path)"], script: script)
      self.directory = directory
    }
    private let directory: TemporaryDirectory

    func connect() throws -> SMTPWire {
      let wire = try SMTPWire(path: path)
      #expect(try wire.reply().hasPrefix("220 filter.test"))
      try wire.say("EHLO mta.test")
      return wire
    }
  }

  private static func stuffed(_ content: [UInt8]) -> [UInt8] {
    Array(String(decoding: content, as: UTF8.self).replacing("\r\n.", with: "\r\n..").utf8)
  }

  @Test func `the client hears the listener's own answers, and the listener all the client said`()
    throws
  {
    var script = FakeSMTPServer.Script()
    script.always["RCPT TO:<no@example.com>"] = .say("550-5.1.1 No such\n550 5.1.1 user")
    script.always["RCPT TO:<later@example.com>"] = .say("450 4.2.0 Greylisted")
    script.once = [(".", .say("554 5.7.1 Rejected: content")), (".", .say("452 4.3.1 Disk full"))]
    let front = try Front(script)
    let wire = try front.connect()
    for expected in ["554 5.7.1 Rejected: content", "452 4.3.1 Disk full", "250"] {
      try wire.say(
        "XFORWARD ADDR=192.0.2.7 NAME=x.test IDENT=4Q HELO=h.test PROTO=ESMTP SOURCE=REMOTE")
      #expect(
        try wire.say("MAIL FROM:<a@b.c> SIZE=99 RET=HDRS ENVID=E1 BODY=8BITMIME").hasPrefix("250"))
      #expect(try wire.say("RCPT TO:<no@example.com>") == "550-5.1.1 No such\n550 5.1.1 user")
      #expect(try wire.say("RCPT TO:<later@example.com>") == "450 4.2.0 Greylisted")
      #expect(
        try wire.say("RCPT TO:<ann@example.com> NOTIFY=SUCCESS ORCPT=rfc822;o@x").hasPrefix("250"))
      #expect(try wire.say("RCPT TO:<bob@example.com>").hasPrefix("250"))
      #expect(try wire.say("DATA").hasPrefix("354"))
      try wire.write(Self.stuffed(OrdinaryMail.all[0].bytes))
      #expect(try wire.say(".").hasPrefix(expected))
    }
    let message = try #require(front.session.mta.messages.first)
    #expect(message.mail == "MAIL FROM:<a@b.c> SIZE=99 RET=HDRS ENVID=E1 BODY=8BITMIME")
    #expect(
      message.recipients == [
        "RCPT TO:<ann@example.com> NOTIFY=SUCCESS ORCPT=rfc822;o@x", "RCPT TO:<bob@example.com>",
      ])
    let forwarded = message.xforward.joined(separator: " ")
    for fact in ["ADDR=192.0.2.7", "NAME=x.test", "IDENT=4Q", "HELO=h.test", "SOURCE=REMOTE"] {
      #expect(forwarded.contains(fact))
    }
    #expect(message.content == OrdinaryMail.all[0].bytes)
    #expect(front.session.mta.messages.count == 1)
    // One connection for all, as the client had one.
    #expect(front.session.mta.connectionCount == 1)
  }

  @Test func `a voicemail goes to those whom the listener accepts`() throws {
    var script = FakeSMTPServer.Script()
    script.always["RCPT TO:<no@example.com>"] = .say("550 5.1.1 No such user")
    let front = try Front(script)
    let wire = try front.connect()
    try wire.say("XFORWARD ADDR=192.168.1.5 IDENT=4QX")
    try wire.say("MAIL FROM:<pbx@b.c>")
    #expect(try wire.say("RCPT TO:<no@example.com>").hasPrefix("550"))
    #expect(try wire.say("RCPT TO:<ann@example.com> NOTIFY=NEVER").hasPrefix("250"))
    #expect(try wire.say("DATA").hasPrefix("354"))
    try wire.write(Self.stuffed(try AsteriskMail.silent().bytes))
    let reply = try wire.say(".")
    #expect(reply.hasPrefix("250 2.0.0 Ok: voicemail kept as "))
    let id = try #require(reply.split(separator: " ").last.map(String.init))
    #expect(front.session.milter.waitForLog(containing: "info: voicemail"))
    #expect(front.session.milter.field("id", of: "info: voicemail", "queue_id=4QX") == id)
    #expect(front.session.mta.waitForMessages(1, seconds: 60))
    #expect(
      front.session.mta.messages.first?.recipients == ["RCPT TO:<ann@example.com> NOTIFY=NEVER"])
    #expect(front.session.mta.messages.first?.xforward.joined().contains("IDENT=4QX") == true)
    #expect(front.session.milter.waitForLog(containing: "info: delivered"))
    #expect(front.session.mta.messages.count == 1)
  }

  @Test(arguments: ["XFORWARD ADDR=203.0.113.9", "XFORWARD NAME=x SOURCE=REMOTE"])
  func `a voicemail of a client that is not trusted flows through`(_ facts: String) throws {
    let front = try Front()
    let wire = try front.connect()
    try wire.say(facts)
    try wire.say("MAIL FROM:<pbx@b.c>")
    try wire.say("RCPT TO:<ann@example.com>")
    try wire.say("DATA")
    // The listener has heard DATA already: nothing waits for the content.
    #expect(front.session.mta.commands.last == "DATA")
    let mail = try AsteriskMail.silent().bytes
    try wire.write(Self.stuffed(mail))
    #expect(try wire.say(".").hasPrefix("250"))
    #expect(front.session.mta.messages.first?.content == mail, "other bytes")
  }

  @Test func `a listener that goes away is 451 for ordinary mail at every step`() throws {
    for step in ["CONNECT", "MAIL", "RCPT", "DATA", "."] {
      var script = FakeSMTPServer.Script()
      script.always[step] = .drop
      let front = try Front(script)
      let wire = try front.connect()
      #expect(try wire.say("MAIL FROM:<a@b.c>").hasPrefix("250"))
      #expect(try wire.say("RCPT TO:<ann@example.com>").hasPrefix("250"))
      #expect(try wire.say("DATA").hasPrefix("354"))
      try wire.write(Self.stuffed(OrdinaryMail.all[0].bytes))
      #expect(try wire.say(".").hasPrefix("451 4.4.1"), "\(step)")
      // The connection goes on, and so does the next message, when the listener is back.
      front.session.mta.follow(.init())
      try wire.write("MAIL FROM:<a@b.c>\r\nRCPT TO:<ann@example.com>\r\nDATA\r\n")
      for _ in 1...3 { try wire.reply() }
      #expect(try wire.say("Subject: x\r\n\r\ny\r\n.").hasPrefix("250"))
      #expect(front.session.mta.messages.count == 1)
    }
  }

  // MARK: - What the listener lacks

  private static let eightBit = Array("Subject: x\r\n\r\nGr\u{fc}\u{df}e\r\n".utf8)

  @Test func `a listener that has had enough of a connection is asked by another`() throws {
    var script = FakeSMTPServer.Script()
    script.once = [("MAIL", .say("250 ok")), ("MAIL", .sayAndDrop("421 4.7.0 Too many messages"))]
    let front = try Front(script)
    let wire = try front.connect()
    for _ in 1...2 {
      for line in ["MAIL FROM:<a@b.c>", "RCPT TO:<ann@example.com>"] {
        #expect(try wire.say(line).hasPrefix("250"))
      }
      try wire.say("DATA")
      try wire.write(Self.stuffed(OrdinaryMail.all[0].bytes))
      #expect(try wire.say(".").hasPrefix("250"))
    }
    #expect(front.session.mta.messages.count == 2)
    #expect(front.session.mta.connectionCount == 2)
    #expect(front.session.milter.logLines("the listener is away").isEmpty)
  }

  @Test func `what the listener lacks is not offered, and 8-bit mail still arrives as it is`()
    throws
  {
    var script = FakeSMTPServer.Script()
    script.extensions = ["PIPELINING", "SIZE 10485760"]
    let front = try Front(script)
    let wire = try SMTPWire(path: front.path)
    try wire.reply()
    let offer = try wire.say("EHLO mta.test")
    for keyword in ["8BITMIME", "SMTPUTF8", "DSN"] { #expect(!offer.contains(keyword)) }
    #expect(try wire.say("MAIL FROM:<a@b.c> SMTPUTF8").hasPrefix("550 5.6.7 SMTPUTF8"))
    #expect(try wire.say("MAIL FROM:<a@b.c> BODY=8BITMIME").hasPrefix("555 5.5.4 8BITMIME"))
    #expect(try wire.say("MAIL FROM:<a@b.c>").hasPrefix("250"))
    #expect(try wire.say("RCPT TO:<ann@example.com> NOTIFY=SUCCESS").hasPrefix("555 5.5.4 DSN"))
    #expect(try wire.say("RCPT TO:<ann@example.com>").hasPrefix("250"))
    #expect(try wire.say("DATA").hasPrefix("354"))
    // Not converted, as nobody asked for it: what came goes on.
    try wire.write(Self.eightBit)
    #expect(try wire.say(".").hasPrefix("250"))
    #expect(front.session.mta.messages.first?.content == Self.eightBit)
    #expect(front.session.mta.messages.first?.mail == "MAIL FROM:<a@b.c>")
    // Asked once, remembered.
    let second = try SMTPWire(path: front.path)
    try second.reply()
    #expect(try second.say("EHLO mta.test") == offer)
    #expect(front.session.mta.connectionCount == 1)
  }

  @Test func `a listener that is away at EHLO and comes back with less: later, not damaged`() throws
  {
    var script = FakeSMTPServer.Script()
    script.once = [("CONNECT", .drop)]
    script.extensions = ["PIPELINING"]
    let front = try Front(script)
    let wire = try front.connect()
    for parameter in ["SMTPUTF8", "BODY=8BITMIME", "RET=HDRS"] {
      #expect(
        try wire.say("MAIL FROM:<a@b.c> \(parameter)").hasPrefix("451 4.3.5"), "\(parameter)")
    }
    #expect(front.session.mta.commands.allSatisfy { !$0.hasPrefix("MAIL") })
    #expect(try wire.say("MAIL FROM:<a@b.c>").hasPrefix("250"))
    #expect(try wire.say("RCPT TO:<ann@example.com> NOTIFY=SUCCESS").hasPrefix("451 4.3.5"))
    // The next connection is told the truth.
    let again = try SMTPWire(path: front.path)
    try again.reply()
    #expect(try !again.say("EHLO mta.test").contains("SMTPUTF8"))
    #expect(try again.say("MAIL FROM:<a@b.c> SMTPUTF8").hasPrefix("550 5.6.7"))
    #expect(front.session.mta.messages.isEmpty)
  }

  // MARK: - Coming round

  /// What an MTA makes of `content` at the next hop.
  private static func oneHopMore(_ content: String, _ number: Int) -> String {
    "Received: from mx\(number).test by mx.test; Fri, 27 Nov 2026 10:00:00 +0000\r\n" + content
  }

  @Test(arguments: [true, false])
  func `mail that comes back with one more Received field is refused, other mail is not`(
    _ isKnownClient: Bool
  ) throws {
    let front = try Front()
    let wire = try front.connect()
    func send(_ content: String, to recipient: String = "ann") throws -> String {
      // From elsewhere it flows through; from the phone system it is collected first.
      if !isKnownClient { try wire.say("XFORWARD ADDR=203.0.113.9 IDENT=4XyZ") }
      try wire.say("MAIL FROM:<a@b.c>")
      try wire.say("RCPT TO:<\(recipient)@example.com>")
      try wire.say("DATA")
      return try wire.say(content + "\r\n.")
    }
    let text = "Message-ID: <1@b.c>\r\nSubject: x\r\n\r\ny"
    let first = Self.oneHopMore(text, 1)
    #expect(try send(first).hasPrefix("250"))
    // Sent again, and a copy for somebody else by a longer way.
    #expect(try send(first).hasPrefix("250"))
    #expect(try send(Self.oneHopMore(first, 2), to: "bob").hasPrefix("250"))
    let round = Self.oneHopMore(first, 2)
    for _ in 1...2 { #expect(try send(round).hasPrefix("451 4.4.6 Mail loop")) }
    #expect(front.session.mta.messages.count == 3)
    #expect(front.session.milter.waitForLog(containing: "alarm=loop_seen"))
    // As long a way, but another one.
    #expect(try send(Self.oneHopMore(Self.oneHopMore(text, 3), 4)).hasPrefix("250"))
    #expect(try send("Subject: no way at all\r\n\r\ny").hasPrefix("250"))
    // The listener hears the queue id as it is.
    let told = front.session.mta.messages.last?.xforward.joined() ?? ""
    #expect(isKnownClient || told.contains("IDENT=4XyZ") && !told.contains("4XyZ."))
  }

  @Test func `mail that waited for the listener to be mended goes out then`() throws {
    let loops = LoopWatch()
    let start = ContinuousClock.now
    func admits(_ name: String, _ hops: Int, _ seconds: Int, isOurs: Bool = false) -> Bool {
      let facts = MessageFacts(
        headers: (0..<hops).reversed().map { HeaderField("Received", "\($0)") }
          + [HeaderField("Message-ID", name)],
        contentType: "text/plain")
      let envelope = Envelope(sender: "a@b.c", recipients: [Recipient(address: "ann@example.com")])
      return loops.admits(
        LoopWatch.Trace(facts, envelope), isOurs: isOurs, now: start + .seconds(seconds))
    }
    #expect(admits("A", 1, 0) && admits("A", 1, 0) && admits("B", 1, 0))
    #expect(!admits("A", 2, 0))
    #expect(!admits("B", 2, 5))
    #expect(!admits("A", 2, 9))
    // Still wrong: what is let through comes back with one field more.
    #expect(admits("A", 2, 15))
    #expect(!admits("A", 3, 15))
    #expect(!admits("B", 2, 20))
    #expect(admits("B", 2, 25))
    #expect(admits("A", 3, 26))
    // Long after: queued again, or sent on.
    #expect(admits("A", 4, 700))
    // A voicemail that was just handed over needs no earlier sight.
    #expect(!admits("C", 3, 800, isOurs: true))
    #expect(admits("C", 3, 811, isOurs: true))
    #expect(!admits("C", 4, 812, isOurs: true))
  }

  @Test func `a target that is the filter itself is found out, and nothing goes round`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("filter.sock")
    let filter = try RunningMilter([
      "milter.listen": "", "content_filter.listen": "unix:\(path)",
      // In words that are not seen to mean the same.
      "delivery.target": "unix:\(directory.path)/./filter.sock",
    ])
    let wire = try SMTPWire(path: path)
    for expected in ["220", "250"] {
      #expect(try wire.reply().hasPrefix(expected))
      if expected == "220" { try wire.write("EHLO mta.test\r\n") }
    }
    try wire.write("MAIL FROM:<a@b.c>\r\nRCPT TO:<ann@example.com>\r\nDATA\r\n")
    for _ in 1...3 { try wire.reply() }
    #expect(try wire.say("Subject: x\r\n\r\ny\r\n.").hasPrefix("451 4.4.1"))
    #expect(filter.waitForLog(containing: "that is voicemail-milter itself"))
  }

  @Test func `a client that is lost within its content leaves no half message anywhere`() throws {
    let front = try Front()
    for end in ["", "\r\n.", "\r\n.\r"] {
      let wire = try front.connect()
      try wire.write(
        "MAIL FROM:<a@b.c>\r\nRCPT TO:<ann@example.com>\r\nDATA\r\nSubject: x\r\n\r\nhalf\(end)")
      wire.finish()
      _ = try wire.rest()
    }
    // A whole one after it shows that the daemon is past them.
    let wire = try front.connect()
    try wire.write(
      "MAIL FROM:<a@b.c>\r\nRCPT TO:<ann@example.com>\r\nDATA\r\nSubject: x\r\n\r\nwhole\r\n.\r\n")
    for _ in 1...4 { try wire.reply() }
    #expect(front.session.mta.messages.map(\.text) == ["Subject: x\r\n\r\nwhole\r\n"])
    #expect(try front.session.milter.status().spool.messages.values.reduce(0, +) == 0)
  }

  @Test func `20 MB of ordinary mail flow through without being held`() throws {
    let front = try Front()
    let wire = try front.connect()
    try wire.write(
      "MAIL FROM:<a@b.c>\r\nRCPT TO:<ann@example.com>\r\nDATA\r\nList-Id: <x.y>\r\nSubject: x\r\n\r\n"
    )
    for _ in 1...3 { try wire.reply() }
    let line = [UInt8](repeating: 0x78, count: 1_000) + [13, 10]
    let megabyte = Array(repeatElement(line, count: 1_046).joined())
    for _ in 1...20 { try wire.write(megabyte) }
    let peak = Self.memory(of: front.session.milter.process.pid)
    #expect(try wire.say(".").hasPrefix("250"))
    #expect(front.session.mta.messages.first?.content.count == 30 + 20 * megabyte.count)
    #expect(peak < 150_000, "\(peak) KB")
  }

  private static func memory(of pid: pid_t) -> Int {
    let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return line.split(separator: " ").compactMap { Int($0) }.first ?? .max
  }

  @Test func `a signal ends a daemon without a milter, and its sockets`() throws {
    let front = try Front()
    let idle = try front.connect()
    front.session.milter.process.signal(SIGTERM)
    #expect(front.session.milter.process.waitForExit(seconds: 30) == 0)
    #expect(try idle.rest().isEmpty)
    #expect(front.session.milter.log.hasSuffix("info: stopped\n"))
    #expect(!FileManager.default.fileExists(atPath: front.path))
    #expect(
      !FileManager.default.fileExists(atPath: front.session.milter.stateDirectory + "/submit.sock"))
  }
}
