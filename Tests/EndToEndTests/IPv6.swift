import Foundation
import Glibc
import TestSupport
import Testing

/// Both fronts at ::1, and clients with addresses of that family.
struct IPv6 {
  @Test func `the milter serves at inet6, and believes whom it shall`() throws {
    let session = try Session(["milter.listen": "inet6:\(try Self.freePort())@::1"])
    let mail = try AsteriskMail.silent("Asterisk-1-2-1001-6")
    let mta = try MTA(session.milter, address: "fd00::5")
    #expect(try mta.send(mail.bytes, to: ["<ann@example.com>"], queueID: "Q1") == "d")
    let stranger = try MilterClient(session.milter.milterAddress)
    try stranger.negotiate()
    #expect(try stranger.connect(address: "2001:db8::5") == "a")
    #expect(session.mta.waitForMessages(1, seconds: 60))
    let arrived = try #require(session.mta.messages.first)
    #expect(arrived.received["Received"]?.contains("[IPv6:fd00::5]") == true)
    #expect(arrived.xforward.joined().contains("ADDR=IPV6:fd00::5"))
  }

  @Test func `the content filter serves at inet6, and believes whom it shall`() throws {
    let port = try Self.freePort()
    let session = try Session(["milter.listen": "", "content_filter.listen": "inet6:\(port)@::1"])
    let wire = try SMTPWire(port6: port)
    #expect(try wire.reply().hasPrefix("220 filter.test"))
    try wire.say("EHLO mta.test")
    let text = String(
      decoding: try AsteriskMail.silent().bytes, as: UTF8.self)
    for (address, isKept) in [("", true), ("IPV6:fd00::5", true), ("IPV6:2001:db8::5", false)] {
      if !address.isEmpty { try wire.say("XFORWARD ADDR=\(address)") }
      try wire.say("MAIL FROM:<pbx@example.com>")
      try wire.say("RCPT TO:<ann@example.com>")
      try wire.say("DATA")
      try wire.write(
        text.replacing("4242@", with: "\(address.count)@").replacing("\r\n.", with: "\r\n.."))
      #expect(try wire.say(".").contains("voicemail kept as") == isKept, "\(address)")
    }
    #expect(session.mta.waitForMessages(3, seconds: 60))
  }

  /// Nobody listens there now.
  private static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var name = sockaddr_in6()
    name.sin6_family = sa_family_t(AF_INET6)
    name.sin6_addr = in6addr_loopback
    var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let result = withUnsafeMutableBytes(of: &name) { bytes -> Int32 in
      guard let address = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress else {
        return -1
      }
      return bind(descriptor, address, size) | getsockname(descriptor, address, &size)
    }
    try #require(result == 0, "this machine has no ::1")
    return UInt16(bigEndian: name.sin6_port)
  }
}
