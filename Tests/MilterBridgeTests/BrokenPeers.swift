import TestSupport
import Testing

/// Peers that die, lie or stall: the filter goes on serving others.
@Suite struct BrokenPeers {
  let directory: TemporaryDirectory
  let probe: ProbeProcess

  init() throws {
    directory = try TemporaryDirectory()
    probe = try ProbeProcess("unix:\(directory.file("m.sock"))")
  }

  @Test func `a port probe is no connection`() throws {
    for _ in 1...3 { try probe.client().close() }
    #expect(try probe.servesAMessage())
    // Numbers are given to sessions: the probes got none.
    #expect(try probe.line().hasPrefix("1 connect"))
  }

  @Test(arguments: ["negotiate", "connect", "mail", "rcpt", "data", "header", "eoh", "body"])
  func `a connection that breaks off is closed, and its message aborted`(stage: String) throws {
    let client = try probe.client()
    let steps: [(String, () throws -> Void)] = [
      ("negotiate", { try client.negotiate() }), ("connect", { try client.connect() }),
      ("mail", { try client.mail("<a@example.com>") }),
      ("rcpt", { try client.rcpt("<b@example.com>") }), ("data", { try client.data() }),
      ("header", { try client.header("Subject", " x") }), ("eoh", { try client.endOfHeaders() }),
      ("body", { try client.body([65]) }),
    ]
    for (name, step) in steps {
      try step()
      if name == stage { break }
    }
    client.close()
    let heard = try probe.lines(through: "close")
    let aborts = heard.filter { $0.contains("abort") }.count
    let messages = heard.filter { $0.contains(" mail ") }.count
    #expect(aborts == messages)
    // MAIL and RCPT have no reply, so the end may have overtaken them.
    if !["negotiate", "connect", "mail", "rcpt"].contains(stage) { #expect(messages == 1) }
    #expect(try probe.servesAMessage())
  }

  struct Nonsense: CustomTestStringConvertible {
    var testDescription: String
    var bytes: [UInt8]
  }

  static let nonsense: [Nonsense] = [
    Nonsense(testDescription: "length 0", bytes: [0, 0, 0, 0]),
    Nonsense(testDescription: "length 0xffffffff", bytes: [255, 255, 255, 255, 77]),
    Nonsense(testDescription: "unknown command", bytes: [0, 0, 0, 1, UInt8(ascii: "?")]),
    Nonsense(testDescription: "MAIL without NUL", bytes: [0, 0, 0, 2, UInt8(ascii: "M"), 60]),
    Nonsense(testDescription: "MAIL without argument", bytes: [0, 0, 0, 1, UInt8(ascii: "M")]),
    Nonsense(testDescription: "body of no bytes", bytes: [0, 0, 0, 1, UInt8(ascii: "B")]),
    Nonsense(testDescription: "macros of no stage", bytes: [0, 0, 0, 1, UInt8(ascii: "D")]),
    Nonsense(
      testDescription: "macro without value", bytes: [0, 0, 0, 4, UInt8(ascii: "D"), 77, 105, 0]),
    Nonsense(testDescription: "HELO without NUL", bytes: [0, 0, 0, 2, UInt8(ascii: "H"), 60]),
    Nonsense(testDescription: "short OPTNEG", bytes: [0, 0, 0, 2, UInt8(ascii: "O"), 6]),
    Nonsense(
      testDescription: "protocol version 1",
      bytes: [0, 0, 0, 13, 79, 0, 0, 0, 1] + .init(repeating: 0, count: 8)),
    Nonsense(testDescription: "half a length", bytes: [0, 0]),
    Nonsense(testDescription: "half a packet", bytes: [0, 0, 0, 200, UInt8(ascii: "M"), 60]),
  ]

  @Test(arguments: nonsense, [false, true])
  func `nonsense harms nobody else`(_ nonsense: Nonsense, negotiated: Bool) throws {
    let client = try probe.client()
    if negotiated {
      try client.negotiate()
      try client.connect()
    }
    try client.sendRaw(nonsense.bytes)
    #expect(try probe.servesAMessage())
    client.close()
    #expect(try probe.servesAMessage())
  }

  @Test func `MAIL before anything else is served with a session`() throws {
    let client = try probe.client()
    #expect(try client.mail("<a@example.com>") == "c")
    #expect(try client.rcpt("<b@example.com>") == "c")
    #expect(try client.header("Subject", "x") == "c")
    #expect(try client.endOfHeaders() == "c")
    #expect(try client.endOfMessage() == "c")
    try client.quit()
    let heard = try probe.lines(through: "close")
    #expect(heard.first == "1 mail [a@example.com] auth=-")
    // Nothing was agreed on, so the MTA has taken the leading space away.
    #expect(heard.contains("1 header Subject: x"))
  }

  @Test(arguments: ["L", "N", "B", "E", "R"] as [Character])
  func `a part of a message without MAIL never reaches the session`(command: Character) throws {
    let client = try probe.client()
    try client.negotiate()
    try client.connect()
    // After ABORT libmilter lets some of them through.
    try client.mail("<a@example.com>")
    try client.abort()
    try client.send(command, MilterClient.strings("x", "y"))
    try client.quit()
    let heard = try probe.lines(through: "close")
    #expect(heard.map { $0.split(separator: " ")[1] } == ["connect", "mail", "abort", "close"])
  }

  @Test func `fifty stalled connections do not keep one from being served`() throws {
    let stalled = try (1...50).map { _ in
      let client = try probe.client()
      try client.negotiate()
      try client.sendRaw([0, 0, 0, 99, UInt8(ascii: "C"), 1, 2, 3])
      return client
    }
    defer { withExtendedLifetime(stalled) {} }
    #expect(try probe.servesAMessage())
  }

  @Test func `two hundred connections leave no descriptor and no session behind`() throws {
    // The first one makes what stays: worker threads, the log's socket.
    #expect(try probe.servesAMessage())
    _ = try probe.lines(through: "close")
    let before = probe.descriptorCount
    #expect(before > 0)
    for _ in 1...200 {
      #expect(try probe.servesAMessage())
      _ = try probe.lines(through: "close")
    }
    // libmilter closes the socket after the session; the next accept orders the two.
    #expect(try probe.servesAMessage())
    _ = try probe.lines(through: "close")
    #expect(probe.descriptorCount <= before + 1)
    probe.tell("activity")
    let activity = try probe.line().split(separator: " ").compactMap { Int($0) }
    #expect(activity.count == 2 && activity[0] <= 1 && activity[1] == 0)
  }
}
