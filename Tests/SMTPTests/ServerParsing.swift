import Testing

@testable import SMTP

/// Bytes in, events out: whatever the bytes, and however they are cut.
struct ServerParsing {
  /// All events of these bytes, fed in pieces of that size; `DATA` is answered with 354. Content pieces are joined.
  static func events(_ bytes: [UInt8], piece: Int = .max) -> [ServerParser.Event] {
    var parser = ServerParser()
    var events: [ServerParser.Event] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      parser.feed(rest.prefix(piece))
      rest = rest.dropFirst(piece)
      while let event = parser.next() {
        if case .content(let more) = event, case .content(let before) = events.last {
          events[events.count - 1] = .content(before + more)
        } else {
          events.append(event)
        }
        if event == .command(.data) { parser.expectContent() }
      }
    }
    return events
  }

  static func command(_ line: String) -> SMTPCommand { SMTPCommand(line: Array(line.utf8)[...]) }

  @Test(arguments: [
    ("EHLO mta.example.com", SMTPCommand.hello(name: "mta.example.com", extended: true)),
    ("helo [192.0.2.7]", .hello(name: "[192.0.2.7]", extended: false)),
    ("MAIL FROM:<>", .mail(address: "", parameters: [])),
    ("mail from:<a@b.c>", .mail(address: "a@b.c", parameters: [])),
    ("MAIL FROM: <a@b.c>  SIZE=12 ", .mail(address: "a@b.c", parameters: ["SIZE=12"])),
    (
      "MAIL FROM:<a@b.c> SIZE=12 BODY=8BITMIME RET=HDRS ENVID=Q+2B1 SMTPUTF8",
      .mail(
        address: "a@b.c",
        parameters: ["SIZE=12", "BODY=8BITMIME", "RET=HDRS", "ENVID=Q+2B1", "SMTPUTF8"])
    ),
    (
      "RCPT TO:<\"a > b\"@c.d> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x+2By@c.d",
      .recipient(
        address: "\"a > b\"@c.d", parameters: ["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;x+2By@c.d"])
    ),
    ("RCPT TO:<jürgen@müller.test>", .recipient(address: "jürgen@müller.test", parameters: [])),
    ("DATA", .data), ("data ", .data), ("RSET", .reset), ("NOOP anything", .noop),
    ("VRFY ann", .verify), ("QUIT", .quit), ("BDAT 12 LAST", .unknown), ("STARTTLS", .unknown),
    ("", .unknown), ("GET / HTTP/1.1", .unknown),
    (
      "XFORWARD NAME=spike.test ADDR=192.0.2.7 PORT=4711 PROTO=ESMTP",
      .forward([
        .name("spike.test"), .address("192.0.2.7"), .port(4711), .protocolName("ESMTP"),
      ])
    ),
    (
      "XFORWARD HELO=a+20b+2B IDENT=4XyZ SOURCE=REMOTE ADDR=IPV6:2001:db8::1",
      .forward([
        .helo("a b+"), .queueID("4XyZ"), .source(.remote), .address("2001:db8::1"),
      ])
    ),
    (
      "xforward name=[UNAVAILABLE] addr=[unavailable] port= source=local",
      .forward([.name(nil), .address(nil), .port(nil), .source(.local)])
    ),
  ])
  func `a command is read`(_ line: String, _ expected: SMTPCommand) {
    #expect(Self.command(line) == expected)
  }

  @Test(arguments: [
    ("EHLO", 501), ("EHLO two words", 501), ("DATA now", 501), ("QUIT now", 501),
    ("MAIL", 501), ("MAIL a@b.c", 501), ("MAIL FROM:a@b.c", 501), ("MAIL FROM:<a@b.c", 501),
    ("MAIL FROM:<a@b.c>SIZE=1", 501), ("MAIL FROM:<a b@c>", 501), ("MAIL FROM:<a\u{1}@b>", 501),
    ("MAIL FROM:<a@b.c> SIZE=x", 501), ("MAIL FROM:<a@b.c> SIZE=-1", 501),
    ("MAIL FROM:<a@b.c> SIZE=99999999999999999999", 501), ("MAIL FROM:<a@b.c> AUTH=<>", 555),
    ("MAIL FROM:<a@b.c> NOTIFY=NEVER", 555), ("RCPT TO:<>", 501), ("RCPT TO:<a@b.c> X=1", 555),
    ("MAIL FROM:<\(String(repeating: "a", count: 1_001))>", 501),
    ("MAIL FROM:<a@b>" + String(repeating: " SIZE=1", count: 21), 501),
    ("XFORWARD", 501), ("XFORWARD NAME", 501), ("XFORWARD COLOUR=red", 501),
    ("XFORWARD ADDR=example.com", 501), ("XFORWARD PORT=65536", 501), ("XFORWARD PORT=-1", 501),
    ("XFORWARD NAME=a+4", 501), ("XFORWARD NAME=a+0D+0Ab", 501), ("XFORWARD NAME=+FF", 501),
    ("XFORWARD SOURCE=moon", 501),
  ])
  func `what is wrong is refused`(_ line: String, _ code: Int) {
    guard case .wrong(let reply) = Self.command(line) else {
      Issue.record("\(line) was taken")
      return
    }
    #expect(reply.code == code)
    #expect(reply.lines.first?.hasPrefix("5.") == true)
  }

  @Test(arguments: ["NOOP\n", "NOOP\nDATA\r\n", "NOOP\rDATA\r\n", "DATA\n\r\n", "NOOP\r\r\n"])
  func `a bare CR or LF never ends a command and spoils its line`(_ text: String) {
    for piece in [1, 2, .max] {
      let events = Self.events(Array(text.utf8), piece: piece)
      for event in events {
        guard case .command(.wrong(let reply)) = event else {
          Issue.record("\(event)")
          continue
        }
        #expect(reply.code == 500)
      }
      #expect(events.count == (text.hasSuffix("\r\n") ? 1 : 0))
    }
  }

  @Test func `pipelined commands, content and commands come apart however they are cut`() {
    let text =
      "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx: y\r\n\r\n..dot\r\n.\r\nNOOP\r\nQUIT\r\n"
    let expected: [ServerParser.Event] = [
      .command(.mail(address: "a@b", parameters: [])),
      .command(.recipient(address: "c@d", parameters: [])), .command(.data),
      .content(Array("x: y\r\n\r\n.dot\r\n".utf8)), .endOfContent, .command(.noop), .command(.quit),
    ]
    for piece in [1, 2, 3, 5, 7, 64, .max] {
      #expect(Self.events(Array(text.utf8), piece: piece) == expected, "\(piece)")
    }
  }

  @Test(arguments: [
    ".\r\n", "a\r\n.\r\n", "\r\n\r\n.\r\n", "..\r\n.\r\n", ".a\r\n.\r\n", "a\r\n..\r\n.\r\n",
  ])
  func `the content ends at its dot line, and there only`(_ wire: String) {
    let text = "DATA\r\n\(wire)"
    for piece in [1, 2, .max] {
      let events = Self.events(Array(text.utf8), piece: piece)
      #expect(events.last == .endOfContent)
      let content = wire.dropLast(2).replacing("\r\n.", with: "\r\n")
      let expected = content.hasPrefix(".") ? String(content.dropFirst()) : String(content)
      let found: [UInt8] =
        if case .content(let bytes) = events.dropFirst().first { bytes } else { [] }
      #expect(String(decoding: found, as: UTF8.self) == expected)
    }
  }

  static let smuggling = [
    "\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\n.\r", "\r.\n", "\r\n\0.\r\n",
    "\r\n.\0\r\n", "\r\n.\r\r\n", "\n\n.\r\n", "\r\r\n.\n", "\n.\n\r\n", "\r\n.\r\0\n",
    "\r\n. \r\n",
  ]

  @Test(arguments: smuggling) func `nothing but CRLF dot CRLF ends a message`(_ end: String) {
    let inner = "\(end)MAIL FROM:<evil@example.com>\r\nRCPT TO:<x@y>\r\nDATA\r\nevil"
    let text = "DATA\r\nSubject: a\r\n\r\nbody\(inner)\r\n.\r\n"
    for piece in [1, 3, .max] {
      let events = Self.events(Array(text.utf8), piece: piece)
      #expect(events.count == 3)
      #expect(events.last == .endOfContent)
    }
  }

  @Test func `what is relayed of such content is one message for lenient servers too`() {
    for end in Self.smuggling {
      var parser = ServerParser()
      parser.expectContent()
      parser.feed(Array("a\(end)MAIL FROM:<evil@x>\r\n.\r\n".utf8)[...])
      var encoder = WireEncoder()
      var wire: [UInt8] = []
      while case .content(let bytes) = parser.next() { encoder.encode(bytes[...], into: &wire) }
      wire += encoder.end()
      let text = String(decoding: wire, as: UTF8.self)
      #expect(
        !text.replacing("\r\n", with: "").contains { $0 == "\r" || $0 == "\n" || $0 == "\r\n" })
      #expect(text.components("\r\n.\r\n") == 1, "\(text.debugDescription)")
    }
  }

  @Test func `a line without end is given up, and nothing after it is read`() {
    let long = Array(String(repeating: "x", count: ServerParser.maximumLineBytes + 2).utf8)
    #expect(Self.events(long) == [.lineTooLong])
    #expect(Self.events(long + Array("\r\nQUIT\r\n".utf8)) == [.lineTooLong])
    #expect(Self.events(long, piece: 100) == [.lineTooLong])
    let fits = Array(String(repeating: "x", count: ServerParser.maximumLineBytes).utf8)
    #expect(Self.events(fits + [13, 10]) == [.command(.unknown)])
  }

  @Test func `any bytes give the same events however they are cut, and bounded ones`() {
    var random = Seeded(state: 0x5EED)
    let words: [[UInt8]] = [
      "EHLO a", "MAIL FROM:<", "RCPT TO:<a@b>", "DATA", "\r\n", "\r", "\n", ".", ".\r\n",
      "\r\n.\r\n",
      ">", " SIZE=1", "XFORWARD ADDR=", "+", "IPV6:", "QUIT", "\0", "\"", "\\", "é", "NAME=+41",
    ].map { Array($0.utf8) }
    let end = ContinuousClock.now + .seconds(3)
    var rounds = 0
    while rounds < 20_000, rounds < 500 || ContinuousClock.now < end {
      rounds += 1
      var bytes: [UInt8] = []
      for _ in 0..<Int.random(in: 0...40, using: &random) {
        if Int.random(in: 0..<4, using: &random) == 0 {
          bytes.append(.random(in: .min ... .max, using: &random))
        } else if let word = words.randomElement(using: &random) {
          bytes += word
        }
      }
      let whole = Self.events(bytes)
      #expect(Self.events(bytes, piece: 1) == whole)
      #expect(Self.events(bytes, piece: .random(in: 2...9, using: &random)) == whole)
      #expect(whole.count <= bytes.count)
    }
  }
}

/// The same numbers in every run. SplitMix64.
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension String {
  /// How often that occurs.
  fileprivate func components(_ part: String) -> Int {
    let (bytes, part) = (Array(utf8), Array(part.utf8))
    guard bytes.count >= part.count else { return 0 }
    return (0...(bytes.count - part.count)).count { Array(bytes[$0..<($0 + part.count)]) == part }
  }
}
