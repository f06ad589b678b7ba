import TestSupport
import Testing

@testable import SMTP

@Suite struct Forwarding {
  private let pbx = ForwardedClient(
    name: "pbx.example.com", address: "192.0.2.7", port: 51234, protocolName: "ESMTP",
    helo: "pbx", queueID: "88A9DF8E1B2", source: .remote)

  private func xforward(
    _ client: ForwardedClient, offered: String = "NAME ADDR PORT PROTO HELO IDENT SOURCE"
  ) throws -> [String] {
    let server = try FakeSMTPServer(script { $0.extensions = ["XFORWARD \(offered)"] })
    var item = submission()
    item.client = client
    let smtp = try SMTPClient(SMTPTarget(server.target), limits: patient)
    // The facts last for one transaction only, so they are sent for each.
    for _ in 1...2 { _ = try smtp.deliver(item) }
    #expect(server.messages[0].xforward == server.messages[1].xforward)
    return server.messages[0].xforward
  }

  @Test func `the listener learns who first brought the message`() throws {
    #expect(
      try xforward(pbx) == [
        "XFORWARD NAME=pbx.example.com ADDR=192.0.2.7 PORT=51234 PROTO=ESMTP HELO=pbx"
          + " IDENT=88A9DF8E1B2 SOURCE=REMOTE"
      ])
  }

  @Test func `only offered attributes are sent`() throws {
    #expect(
      try xforward(pbx, offered: "NAME HELO") == ["XFORWARD NAME=pbx.example.com HELO=pbx"])
    #expect(try xforward(pbx, offered: "") == [])
  }

  @Test func `what is unknown or wrong is unavailable`() throws {
    let client = ForwardedClient(name: "", address: "localhost", port: 70_000)
    let value = "[UNAVAILABLE]"
    #expect(
      try xforward(client) == [
        "XFORWARD NAME=\(value) ADDR=\(value) PORT=\(value) PROTO=\(value) HELO=\(value)"
          + " IDENT=\(value) SOURCE=\(value)"
      ])
  }

  @Test(arguments: [
    ("2001:db8::7", "IPV6:2001:db8::7"), ("IPv6:2001:db8::7", "IPV6:2001:db8::7"),
    ("::ffff:192.0.2.1", "IPV6:::ffff:192.0.2.1"), ("192.0.2.7 x", "[UNAVAILABLE]"),
  ])
  func `an IPv6 address has its prefix`(address: String, value: String) throws {
    let lines = try xforward(ForwardedClient(address: address), offered: "ADDR")
    #expect(lines == ["XFORWARD ADDR=\(value)"])
  }

  @Test func `values are xtext: no value can end the line`() throws {
    var client = pbx
    client.helo = "a b+c=d\r\nRSET\u{E9}\0"
    #expect(
      try xforward(client, offered: "HELO") == [
        "XFORWARD HELO=a+20b+2Bc+3Dd+0D+0ARSET+C3+A9+00"
      ])
  }

  @Test func `long values take several lines of at most 512 bytes`() throws {
    var client = pbx
    client.name = String(repeating: "n", count: 5000)
    client.helo = String(repeating: "\u{E9}", count: 5000)
    let lines = try xforward(client)
    #expect(lines.count == 3)
    #expect(lines.allSatisfy { $0.utf8.count <= 510 && $0.hasPrefix("XFORWARD ") })
    #expect(lines[0].contains("NAME=\(String(repeating: "n", count: 255)) "))
  }

  @Test func `a refused XFORWARD does not hold the message up, nor the other attributes`() throws {
    let server = try FakeSMTPServer(
      script {
        $0.always["XFORWARD NAME=pbx.example.com ADDR"] = .say("501 5.5.4 Bad ADDR syntax")
        $0.always["XFORWARD ADDR"] = .say("501 5.5.4 Bad ADDR syntax")
      })
    var item = submission()
    item.client = pbx
    let result = try SMTPClient(SMTPTarget(server.target), limits: patient).deliver(item)
    #expect(result.isComplete)
    #expect(result.remarks == ["XFORWARD refused: 501 5.5.4 Bad ADDR syntax"])
    #expect(
      server.messages.first?.xforward == [
        "XFORWARD NAME=pbx.example.com", "XFORWARD PORT=51234", "XFORWARD PROTO=ESMTP",
        "XFORWARD HELO=pbx", "XFORWARD IDENT=88A9DF8E1B2", "XFORWARD SOURCE=REMOTE",
      ])
  }
}
