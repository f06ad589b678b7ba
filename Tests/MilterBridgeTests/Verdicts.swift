import TestSupport
import Testing

/// Each verdict as the MTA reads it.
@Suite struct Verdicts {
  struct Case: CustomTestStringConvertible {
    var stage: String
    var reply: String
    var letter: Character
    var testDescription: String { "\(stage)=\(reply)" }
  }

  static let cases = ["connect", "mail", "eoh", "body", "eom"].flatMap { stage in
    [("accept", "a"), ("tempfail", "t"), ("reject", "r"), ("discard", "d"), ("continue", "c")].map {
      Case(stage: stage, reply: $0.0, letter: $0.1)
    }
  }

  @Test(arguments: cases)
  func `a verdict is on the wire at its stage`(_ test: Case) throws {
    let directory = try TemporaryDirectory()
    let probe = try ProbeProcess(
      "unix:\(directory.file("m.sock"))", "\(test.stage)=\(test.reply)")
    let client = try probe.client()
    try client.negotiate()
    let steps: [(String, () throws -> Character?)] = [
      ("connect", { try client.connect() }),
      // MAIL itself has no reply: its verdict is heard at DATA.
      (
        "mail",
        {
          try client.mail("<a@example.com>")
          try client.rcpt("<b@example.com>")
          return try client.data()
        }
      ),
      ("eoh", { try client.endOfHeaders() }), ("body", { try client.body([65]) }),
      ("eom", { try client.endOfMessage() }),
    ]
    for (stage, step) in steps {
      let reply = try step()
      #expect(reply == (stage == test.stage ? test.letter : "c"))
      if stage == test.stage { break }
    }
    #expect(client.staysSilent())
  }

  @Test func `after ACCEPT at connect, messages pass unseen`() throws {
    let directory = try TemporaryDirectory()
    let probe = try ProbeProcess("unix:\(directory.file("m.sock"))", "connect=accept")
    let client = try probe.client()
    try client.negotiate()
    #expect(try client.connect() == "a")
    #expect(try client.mail("<a@example.com>") == nil)
    try client.rcpt("<b@example.com>")
    #expect(try client.data() == "a")
    try client.quit()
    #expect(try probe.lines(through: "close").count == 2)
  }

  @Test func `an MTA that waits for a reply to MAIL gets one, and the verdict behind it`() throws {
    let directory = try TemporaryDirectory()
    let probe = try ProbeProcess("unix:\(directory.file("m.sock"))", "mail=accept")
    for (version, steps) in [(6, MilterClient.allSteps & ~MilterClient.silentMail), (2, 0x7f)] {
      let client = try probe.client()
      try client.negotiate(version: UInt32(version), actions: 0x3f, steps: UInt32(steps))
      try client.connect()
      #expect(try client.mail("<a@example.com>") == "c")
      try client.rcpt("<b@example.com>")
      // DATA is not in protocol 2.
      #expect(try (client.data() ?? client.endOfHeaders()) == "a")
    }
  }

  @Test func `a session that has seen enough of a body gets no more of it`() throws {
    let directory = try TemporaryDirectory()
    let probe = try ProbeProcess("unix:\(directory.file("m.sock"))", "body=skip")
    for canSkip in [true, false] {
      let client = try probe.client()
      try client.negotiate(steps: canSkip ? MilterClient.allSteps : 0x3ff)
      try client.connect()
      try client.helo()
      try client.mail("<a@example.com>")
      try client.rcpt("<b@example.com>")
      try client.data()
      try client.endOfHeaders()
      #expect(try client.body([65]) == (canSkip ? "s" : "c"))
      if !canSkip { #expect(try client.body([66]) == "c") }
      #expect(try client.endOfMessage() == "c")
      #expect(try probe.lines(through: #"body="A""#).last?.contains("chunks=1 ") == true)
    }
  }

  @Test func `SKIP is never said where it means nothing`() throws {
    let directory = try TemporaryDirectory()
    let probe = try ProbeProcess(
      "unix:\(directory.file("m.sock"))", "connect=skip", "mail=skip", "eoh=skip", "eom=skip")
    let client = try probe.client()
    try client.negotiate()
    #expect(try client.connect() == "c")
    #expect(try client.mail("<a@example.com>") == nil)
    try client.rcpt("<b@example.com>")
    #expect(try client.data() == "c")
    #expect(try client.endOfHeaders() == "c")
    #expect(try client.endOfMessage() == "c")
  }
}
