import Foundation
import Synchronization
import TestSupport
import Testing

@testable import SMTP

/// The server on a real socket, with peers of every kind.
@Suite(.serialized) struct Serving {
  /// Keeps what it is told.
  final class Recorder: SMTPServerSession {
    struct Message: Equatable {
      var sender: String
      var recipients: [String] = []
      var content: [UInt8] = []
      var client: SMTPClientFacts?
    }
    final class Book: Sendable {
      let messages = Mutex<[Message]>([])
      let aborts = Mutex(0)
    }
    let book: Book
    var offer = RelayedExtensions.all
    var message = Message(sender: "")
    init(_ book: Book, offer: RelayedExtensions = .all) { (self.book, self.offer) = (book, offer) }

    func extensions() -> RelayedExtensions { offer }

    func mail(_ address: String, parameters: [String], client: SMTPClientFacts) -> SMTPReply {
      message = Message(sender: address, client: client)
      return SMTPReply(250, "2.1.0 Ok")
    }
    func recipient(_ address: String, parameters: [String]) -> SMTPReply {
      if address.hasPrefix("no@") { return SMTPReply(550, "5.1.1 No such user") }
      message.recipients.append(address)
      return SMTPReply(250, "2.1.5 Ok")
    }
    func data() -> SMTPReply? { nil }
    func content(_ bytes: [UInt8]) { message.content += bytes }
    func endOfContent() -> SMTPReply {
      book.messages.withLock { $0.append(message) }
      return SMTPReply(250, "2.0.0 Ok")
    }
    func abort() { book.aborts.withLock { $0 += 1 } }
  }

  final class House {
    let directory: TemporaryDirectory
    let server: SMTPServer
    let book = Recorder.Book()
    let activity = ServerActivity()
    var path: String { directory.file("smtp.sock") }
    var messages: [Recorder.Message] { book.messages.withLock { $0 } }

    init(
      offer: RelayedExtensions = .all, group: String? = nil,
      _ change: (inout SMTPServerLimits) -> Void = { _ in }
    ) throws {
      directory = try TemporaryDirectory()
      var limits = SMTPServerLimits()
      change(&limits)
      let book = book
      server = try SMTPServer(
        SMTPListenAddress("unix:" + directory.file("smtp.sock")), mode: 0o620,
        group: group, hostname: "filter.test", limits: limits, activity: activity
      ) { Recorder(book, offer: offer) }
    }

    func connect() throws -> SMTPWire {
      let wire = try SMTPWire(path: path)
      #expect(try wire.reply().hasPrefix("220 filter.test"))
      return wire
    }

    /// Waits until that many connections are left.
    func waitForConnections(_ count: Int) -> Bool {
      let end = Date(timeIntervalSinceNow: 20)
      while server.connectionCount > count {
        guard Date() < end else { return false }
        usleep(1_000)
      }
      return true
    }
  }

  @Test func `EHLO offers what is kept, and no CHUNKING`() throws {
    let house = try House()
    let reply = try house.connect().say("EHLO mta.test")
    let offers = reply.split(separator: "\n").map { String($0.dropFirst(4)) }
    #expect(
      offers == [
        "filter.test", "PIPELINING", "SIZE 2147483648", "8BITMIME", "SMTPUTF8", "DSN",
        "ENHANCEDSTATUSCODES", "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE",
      ])
    #expect(try house.connect().say("HELO mta.test") == "250 filter.test")
  }

  @Test func `our own client hands messages over, several on one connection`() throws {
    let house = try House()
    let client = try SMTPClient(SMTPTarget("unix:\(house.path)"), heloName: "mta.test")
    for number in 1...3 {
      var message = submission("Subject: \(number)\r\n\r\n.dot\r\n", to: ["a@b", "no@b", "c@d"])
      message.client = ForwardedClient(name: "pbx \(number)", address: "192.0.2.\(number)")
      let result = try client.deliver(message)
      #expect(result.recipients.map(\.outcome) == [.accepted, .refused, .accepted])
    }
    client.quit()
    #expect(house.messages.map(\.recipients) == Array(repeating: ["a@b", "c@d"], count: 3))
    #expect(house.messages.map { $0.client?.forwarded?.name } == ["pbx 1", "pbx 2", "pbx 3"])
    #expect(house.messages.map { $0.client?.forwarded?.address }.last == "192.0.2.3")
    #expect(
      String(decoding: house.messages[2].content, as: UTF8.self) == "Subject: 3\r\n\r\n.dot\r\n")
    #expect(house.messages.allSatisfy { $0.client?.address == nil })
  }

  @Test func `XFORWARD lasts for one message`() throws {
    let house = try House()
    let wire = try house.connect()
    try wire.say("EHLO a")
    #expect(try wire.say("XFORWARD ADDR=192.0.2.7 NAME=x").hasPrefix("250"))
    for _ in 1...2 {
      try wire.say("MAIL FROM:<a@b>")
      #expect(try wire.say("XFORWARD NAME=late").hasPrefix("503"))
      try wire.say("RCPT TO:<c@d>")
      #expect(try wire.say("DATA").hasPrefix("354"))
      #expect(try wire.say(".").hasPrefix("250"))
    }
    #expect(house.messages.map { $0.client?.forwarded?.address } == ["192.0.2.7", nil])
  }

  @Test(arguments: [
    (["MAIL FROM:<a@b>"], "503"), (["EHLO a", "RCPT TO:<a@b>"], "503"),
    (["EHLO a", "DATA"], "503"),
    (["EHLO a", "MAIL FROM:<a@b>", "MAIL FROM:<a@b>"], "503"),
    (["EHLO a", "MAIL FROM:<a@b>", "DATA"], "554"),
    (["EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<no@b>", "DATA"], "554"),
    (["EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<a@b>", "RSET", "DATA"], "503"),
    (["EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<a@b>", "EHLO a", "DATA"], "503"),
    (["EHLO a", "MAIL FROM:<a@b> SIZE=2147483649"], "552"),
    (["BDAT 5 LAST"], "500"), (["VRFY ann"], "252"), (["NOOP"], "250"), (["RSET"], "250"),
  ])
  func `commands in a wrong order are refused`(_ lines: [String], _ code: String) throws {
    let house = try House()
    let wire = try house.connect()
    var reply = ""
    for line in lines { reply = try wire.say(line) }
    #expect(reply.hasPrefix(code))
    #expect(house.messages.isEmpty)
  }

  @Test func `limits are told, and end what goes on for ever`() throws {
    let house = try House {
      ($0.recipients, $0.messageBytes, $0.wrongCommands, $0.idleCommands) = (2, 100, 3, 10)
    }
    let wire = try house.connect()
    try wire.say("EHLO a")
    try wire.say("MAIL FROM:<a@b>")
    for number in 1...3 {
      #expect(try wire.say("RCPT TO:<\(number)@b>").hasPrefix(number < 3 ? "250" : "452 4.5.3"))
    }
    try wire.say("DATA")
    try wire.write(String(repeating: "0123456789\r\n", count: 100_000))
    #expect(try wire.say(".").hasPrefix("552 5.3.4"))
    #expect(house.book.aborts.withLock { $0 } == 1)
    #expect(house.messages.isEmpty)
    // The connection goes on.
    try wire.write("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
    #expect(try (1...3).map { _ in try wire.reply().prefix(3) } == ["250", "250", "354"])
    #expect(try wire.say("small\r\n.").hasPrefix("250"))
    #expect(house.messages.count == 1)

    let wrong = try house.connect()
    try wrong.say("WHAT")
    try wrong.say("WHAT")
    #expect(try wrong.say("WHAT").hasPrefix("421 4.7.0"))
    #expect(try wrong.rest().isEmpty)
    let idle = try house.connect()
    for _ in 1...10 { #expect(try idle.say("NOOP").hasPrefix("250")) }
    #expect(try idle.say("NOOP").hasPrefix("421 4.7.0"))
    let endless = try house.connect()
    try? endless.write([UInt8](repeating: 0x78, count: 1 << 20))
    #expect(try endless.reply().hasPrefix("500 5.5.2"))
  }

  @Test func `who says nothing, or drips, is shown out in time`() throws {
    let house = try House {
      ($0.command, $0.contentPiece, $0.content) =
        (.milliseconds(300), .milliseconds(300), .milliseconds(600))
    }
    #expect(try house.connect().reply().hasPrefix("421 4.4.2"))
    let dripping = try house.connect()
    let start = Date()
    while Date().timeIntervalSince(start) < 10, (try? dripping.write("N")) != nil { usleep(50_000) }
    #expect(Date().timeIntervalSince(start) < 9)
    let stalled = try house.connect()
    try stalled.write("EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nbody")
    #expect(try stalled.rest().contains("354 "))
    #expect(house.waitForConnections(0))
    #expect(house.messages.isEmpty)
    #expect(house.book.aborts.withLock { $0 } == 1)
  }

  @Test func `200 stalled peers do not keep others out for long, and leave nothing behind`() throws
  {
    let house = try House {
      ($0.connections, $0.command) = (100, .seconds(2))
    }
    let before = try Self.descriptors()
    var wires: [SMTPWire] = []
    for number in 0..<200 {
      let wire = try SMTPWire(path: house.path)
      if number % 2 == 0 { try? wire.write("EHL") }
      wires.append(wire)
    }
    var refused = 0
    for wire in wires where try wire.reply().hasPrefix("421 4.3.2") { refused += 1 }
    #expect(refused == 100)
    // Their time passes, and the next one is served.
    #expect(house.waitForConnections(0))
    #expect(try house.connect().say("NOOP").hasPrefix("250"))
    wires = []
    #expect(house.waitForConnections(0))
    // True when no thread is left.
    #expect(house.server.stop(within: 10))
    // Other tests run beside and open some; 200 would be ours.
    let after = try Self.descriptors()
    #expect(after < before + 100, "\(before), \(after)")
  }

  @Test func `bytes one by one, early ends and probes do no harm`() throws {
    let house = try House()
    let slow = try house.connect()
    for byte in "EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n".utf8 {
      try slow.write([byte])
    }
    for _ in 1...3 { try slow.reply() }
    #expect(try slow.reply().hasPrefix("354"))
    for byte in "x\r\n.\r\nQUIT\r\n".utf8 { try slow.write([byte]) }
    #expect(try slow.reply().hasPrefix("250"))
    #expect(try slow.reply().hasPrefix("221"))
    #expect(house.messages.map(\.content) == [Array("x\r\n".utf8)])

    for _ in 1...50 { _ = try SMTPWire(path: house.path) }
    for text in [
      "GET / HTTP/1.0\r\n\r\n", "\u{16}\u{3}\u{1}", "\0\0\0\0\r\n", "EHLO a\r\nMAIL FROM:<a@b>\r\n",
    ] {
      let wire = try SMTPWire(path: house.path)
      try wire.write(text)
      wire.finish()
      _ = try wire.rest()
    }
    let cut = try house.connect()
    try cut.write("EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nbody\r\n.\r")
    cut.finish()
    _ = try cut.rest()
    #expect(house.waitForConnections(0))
    #expect(house.messages.count == 1)
  }

  @Test func `a smuggled message is content`() throws {
    let house = try House()
    for end in ServerParsing.smuggling {
      let wire = try house.connect()
      try wire.write("EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
      for _ in 1...4 { try wire.reply() }
      try wire.write(
        "body\(end)MAIL FROM:<evil@x>\r\nRCPT TO:<y@z>\r\nDATA\r\nevil\r\n.\r\nQUIT\r\n")
      #expect(try wire.rest().split(separator: "\n").map { $0.prefix(3) } == ["250", "221"])
    }
    #expect(house.messages.count == ServerParsing.smuggling.count)
    #expect(house.messages.allSatisfy { $0.sender == "a@b" })
  }

  @Test func `a stop answers what is in progress and cuts the rest`() throws {
    let house = try House()
    let idle = try house.connect()
    let within = try house.connect()
    try within.write("EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nbody")
    for _ in 1...4 { try within.reply() }
    #expect(house.server.stop(within: 10))
    #expect(try idle.rest().isEmpty)
    #expect(try within.rest().isEmpty)
    #expect(house.messages.isEmpty)
    #expect(throws: SMTPWire.Failure.self) { try SMTPWire(path: house.path) }
  }

  @Test(
    arguments: [
      ("inet:10025@127.0.0.1", nil), ("inet6:10025@[::1]", nil), ("inet:10025", nil),
      ("inet:10025@localhost", nil), ("unix:/run/x.sock", nil),
      ("inet:10025@0.0.0.0", "only loopback"),
      ("inet:10025@192.0.2.1", "only loopback"), ("inet6:10025@::", "only loopback"),
      ("inet:0@127.0.0.1", "the port must be"), ("inet:x", "the port must be"),
      ("inet:25@example.com", "no IPv4 address"), ("unix:run", "absolute path"),
      ("fd:3", nil), ("fd:x", "no descriptor number"), ("tcp:1", "expected unix"),
      ("unix:/" + String(repeating: "x", count: 107), "at most 107"),
    ] as [(String, String?)])
  func `only addresses of this host are listened at`(_ text: String, _ complaint: String?) {
    do throws(SMTPServerFailure) {
      #expect(try SMTPListenAddress(text).description == text)
      #expect(complaint == nil)
    } catch {
      #expect(error.sentence.contains(complaint ?? "no complaint"), "\(error.sentence)")
    }
  }

  @Test func `a dead server's socket is replaced, a living one's and a file are not`() throws {
    let house = try House()
    let address = try SMTPListenAddress("unix:\(house.path)")
    let book = house.book
    func listen(at address: SMTPListenAddress) throws {
      _ = try SMTPServer(address, hostname: "x") { Recorder(book) }
    }
    #expect { try listen(at: address) } throws: {
      ($0 as? SMTPServerFailure)?.sentence.contains("already in use") == true
    }
    let file = house.directory.file("file")
    try Data().write(to: URL(fileURLWithPath: file))
    let wrong = try SMTPListenAddress("unix:\(file)")
    #expect { try listen(at: wrong) } throws: {
      ($0 as? SMTPServerFailure)?.sentence.contains("no socket") == true
    }
    #expect(try house.connect().say("NOOP").hasPrefix("250"))
  }

  /// Open ones of this process.
  private static func descriptors() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
  }
}
