import TestSupport
import Testing

/// Nothing of one message may reach the next, whatever ended it.
@Suite struct SeveralMessages {
  let directory: TemporaryDirectory
  let address: String

  init() throws {
    directory = try TemporaryDirectory()
    address = "unix:\(directory.file("m.sock"))"
  }

  private func open(_ probe: ProbeProcess) throws -> MilterClient {
    let client = try probe.client()
    try client.negotiate()
    try client.connect()
    try client.helo()
    return client
  }

  private func begin(_ client: MilterClient, _ body: String) throws {
    try client.mail("<a@example.com>")
    try client.rcpt("<b@example.com>")
    try client.data()
    try client.header("Subject", " x")
    try client.endOfHeaders()
    try client.body(Array(body.utf8))
  }

  @Test func `three messages of one connection stay apart`() throws {
    let probe = try ProbeProcess(address)
    let client = try open(probe)
    for body in ["one", "two", "three"] {
      try begin(client, body)
      #expect(try client.endOfMessage() == "c")
    }
    let ends = try probe.lines(through: #"body="three""#).filter { $0.contains("eom") }
    #expect(ends.map { $0.split(separator: "body=").last } == [#""one""#, #""two""#, #""three""#])
    #expect(ends.allSatisfy { $0.contains("headers=1 ") })
  }

  @Test func `ABORT ends a message, and the next one is new`() throws {
    let probe = try ProbeProcess(address)
    let client = try open(probe)
    try begin(client, "abandoned")
    try client.abort()
    try begin(client, "kept")
    try client.endOfMessage()
    let heard = try probe.lines(through: #"body="kept""#)
    #expect(heard.filter { $0.contains("abort") } == ["1 abort body=9"])
  }

  @Test func `MAIL within a message aborts it first`() throws {
    let probe = try ProbeProcess(address)
    let client = try open(probe)
    try begin(client, "abandoned")
    try begin(client, "kept")
    try client.endOfMessage()
    let heard = try probe.lines(through: #"body="kept""#)
    #expect(heard.filter { $0.contains("abort") } == ["1 abort body=9"])
  }

  @Test func `a message accepted at the end of its headers hears nothing more, the next one does`()
    throws
  {
    let probe = try ProbeProcess(address, "eoh=accept")
    let client = try open(probe)
    for _ in 1...2 {
      try client.mail("<a@example.com>")
      try client.rcpt("<b@example.com>")
      try client.header("Subject", " x")
      #expect(try client.endOfHeaders() == "a")
      // Postfix says ABORT after its last milter has accepted.
      try client.abort()
    }
    try client.quit()
    let heard = try probe.lines(through: "close")
    #expect(heard.filter { $0.contains("eoh") }.count == 2)
    #expect(!heard.contains { $0.contains("abort") })
  }

  @Test func `QUIT_NC begins a connection on the same socket, without a new negotiation`() throws {
    let probe = try ProbeProcess(address)
    let client = try open(probe)
    try begin(client, "one")
    try client.endOfMessage()
    try client.send("K")
    #expect(try client.connect(name: "second") == "c")
    try begin(client, "two")
    #expect(try client.endOfMessage() == "c")
    let heard = try probe.lines(through: #"body="two""#)
    #expect(heard.contains("1 close"))
    #expect(heard.contains("2 connect second 192.0.2.10 54321 j=- client=-"))
    // Were the agreement forgotten, a second space would stand here.
    #expect(heard.contains("2 header Subject: x"))
  }
}
