import MilterBridge
import TestSupport
import Testing

/// What a session hears of a well-behaved MTA.
@Suite struct Conversation {
  let directory: TemporaryDirectory
  let address: String

  init() throws {
    directory = try TemporaryDirectory()
    address = "unix:\(directory.file("m.sock"))"
  }

  @Test func `a message of Postfix arrives whole, with its macros`() throws {
    let probe = try ProbeProcess(address, "eom=discard")
    let client = try probe.client()
    try client.negotiate()
    try client.macros("C", ["j": "mx.example.com", "{client_addr}": "192.0.2.10"])
    #expect(try client.connect() == "c")
    #expect(try client.helo("pbx") == nil)
    try client.macros("M", ["{auth_authen}": "asterisk"])
    #expect(try client.mail("<a@example.com>", "SIZE=1234", "BODY=8BITMIME") == nil)
    #expect(try client.rcpt("<b@example.com>", "NOTIFY=SUCCESS,DELAY") == nil)
    try client.macros("R", ["i": "4cW0RlQ1z9"])
    #expect(try client.rcpt("<c@example.com>", "ORCPT=rfc822;x+2By@example.com") == nil)
    try client.macros("T", ["i": "4cW0RlQ1z9"])
    #expect(try client.data() == "c")
    #expect(try client.header("Subject", " hello\n\tworld") == nil)
    #expect(try client.header("X-Tight", "no space") == nil)
    #expect(try client.header("X-Empty", "") == nil)
    try client.macros("N", ["i": "4cW0RlQ1z9"])
    #expect(try client.endOfHeaders() == "c")
    #expect(try client.body(Array("line\r\n".utf8)) == "c")
    try client.macros("E", ["i": "4cW0RlQ1z9"])
    #expect(try client.endOfMessage() == "d")
    try client.quit()
    let heard = try probe.lines(through: "close")
    #expect(
      heard == [
        "1 connect pbx.example.com 192.0.2.10 54321 j=mx.example.com client=192.0.2.10",
        "1 helo pbx",
        "1 mail [a@example.com][SIZE=1234][BODY=8BITMIME] auth=asterisk",
        "1 rcpt [b@example.com][NOTIFY=SUCCESS,DELAY]",
        "1 rcpt [c@example.com][ORCPT=rfc822;x+2By@example.com]",
        "1 header Subject: hello\\x0a\\x09world",
        "1 header X-Tight:no space",
        "1 header X-Empty:",
        "1 eoh i=4cW0RlQ1z9",
        #"1 eom i=4cW0RlQ1z9 j=mx.example.com headers=3 chunks=6 body="line\x0d\x0a""#,
        "1 close",
      ])
  }

  @Test func `DATA is never refused in negotiation, and the macros asked for name the queue id`()
    throws
  {
    let probe = try ProbeProcess(address)
    let agreement = try probe.client().negotiate()
    #expect(agreement.version == 6)
    #expect(!agreement.has(MilterClient.noData))
    #expect(agreement.has(MilterClient.leadingSpace))
    #expect(agreement.has(MilterClient.silentHeader))
    #expect(agreement.has(MilterClient.skip))
    let atEndOfMessage = MilterClient.number(5) + MilterClient.strings("i")
    #expect(contains(agreement.macros, atEndOfMessage))
    let atMail = MilterClient.number(2) + MilterClient.strings("i {auth_type} {auth_authen}")
    #expect(contains(agreement.macros, atMail))
  }

  @Test func `an MTA of protocol 2 gets a reply to everything and the leading space is put back`()
    throws
  {
    let probe = try ProbeProcess(address)
    let client = try probe.client()
    let agreement = try client.negotiate(
      version: 2, actions: MilterClient.version2Actions, steps: MilterClient.version2Steps)
    #expect(agreement == .init(version: 2, actions: 0, steps: 0, macros: []))
    #expect(try client.connect() == "c")
    #expect(try client.helo() == "c")
    #expect(try client.mail("<>") == "c")
    #expect(try client.rcpt("<b@example.com>") == "c")
    #expect(try client.data() == nil)
    #expect(try client.header("Subject", "hello") == "c")
    #expect(try client.endOfHeaders() == "c")
    #expect(try client.endOfMessage() == "c")
    let heard = try probe.lines(through: #"body="""#)
    #expect(heard.contains("1 mail [] auth=-"))
    #expect(heard.contains("1 header Subject: hello"))
  }

  @Test(arguments: [3, 4, 5, 6, 99] as [UInt32])
  func `MTAs of every protocol version are served`(version: UInt32) throws {
    let probe = try ProbeProcess(address)
    let client = try probe.client()
    let agreement = try client.negotiate(
      version: version, steps: version < 6 ? 0x3ff : MilterClient.allSteps)
    #expect(agreement.version == min(version, 6))
    try client.connect()
    try client.helo()
    try client.mail("<a@example.com>")
    try client.rcpt("<b@example.com>")
    try client.data()
    try client.header("Subject", "hello")
    try client.endOfHeaders()
    #expect(try client.endOfMessage() == "c")
  }

  @Test func `an MTA that knows no macro lists is not sent any`() throws {
    let probe = try ProbeProcess(address)
    let agreement = try probe.client().negotiate(actions: 0x3f)
    #expect(agreement.macros.isEmpty)
    #expect(agreement.actions == 0)
  }

  @Test func `bytes that are not UTF-8 come through in headers, addresses and body`() throws {
    let probe = try ProbeProcess(address)
    let client = try probe.client()
    try client.negotiate()
    try client.connect()
    try client.step("M", [0x3c, 0xe9, 0x40, 0x62, 0x3e, 0], silentBy: MilterClient.silentMail)
    try client.rcpt("<b@example.com>")
    try client.header("Subject", [0x20, 0xfc, 0xff, 0x80])
    try client.endOfHeaders()
    try client.body([0, 0xff, 0x0a, 0x0d])
    try client.endOfMessage()
    let heard = try probe.lines(through: #"body="\x00\xff\x0a\x0d""#)
    #expect(heard.contains("1 mail [\\xe9@b] auth=-"))
    #expect(heard.contains("1 header Subject: \\xfc\\xff\\x80"))
  }

  @Test func `a body comes in the chunks of the MTA, byte for byte`() throws {
    let probe = try ProbeProcess(address)
    let client = try probe.client()
    try client.negotiate()
    try client.connect()
    try client.mail("<a@example.com>")
    try client.rcpt("<b@example.com>")
    try client.endOfHeaders()
    let chunk = (0..<65535).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    for part in [chunk, chunk, Array(chunk.prefix(3))] { #expect(try client.body(part) == "c") }
    try client.endOfMessage()
    let hash = (chunk + chunk + chunk.prefix(3)).reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    let last = try probe.lines(through: String(hash, radix: 16)).last
    #expect(last?.contains("chunks=65535,65535,3 body=131073:") == true)
  }

  @Test func `a header field longer than 64 KB does not end the connection`() throws {
    let probe = try ProbeProcess(address)
    let client = try probe.client()
    try client.negotiate()
    try client.connect()
    try client.mail("<a@example.com>")
    try client.rcpt("<b@example.com>")
    try client.header("X-Long", " " + String(repeating: "x", count: 200_000))
    #expect(try client.endOfHeaders() == "c")
  }

  @Test func `clients are told by address: IPv6, or none at all`() throws {
    let probe = try ProbeProcess(address)
    let first = try probe.client()
    try first.negotiate()
    try first.connect(name: "unknown", address: "IPv6:2001:db8::25", port: 25)
    #expect(try probe.line() == "1 connect unknown 2001:db8::25 25 j=- client=-")
    let second = try probe.client()
    try second.negotiate()
    try second.step("C", MilterClient.strings("localhost") + [UInt8(ascii: "U")])
    #expect(try probe.line() == "2 connect localhost - - j=- client=-")
  }

  private func contains(_ whole: [UInt8], _ part: [UInt8]) -> Bool {
    whole.indices.contains { whole[$0...].starts(with: part) }
  }
}
