import TestSupport
import Testing

@testable import SMTP

@Suite struct Content {
  @Test(arguments: [
    ("", ""),
    ("a", "a\r\n"),
    ("a\r\n", "a\r\n"),
    ("a\nb\rc\r\nd", "a\r\nb\r\nc\r\nd\r\n"),
    ("\n\r\r\n\n\r", "\r\n\r\n\r\n\r\n\r\n"),
    (".a\r\n..\n.\r.", "..a\r\n...\r\n..\r\n..\r\n"),
    ("a.\r\n", "a.\r\n"),
    ("\r\n.\r\n", "\r\n..\r\n"),
  ])
  func `line ends become CRLF, then dots are doubled`(message: String, wire: String) throws {
    let server = try FakeSMTPServer()
    #expect(try client(of: server).deliver(submission(message)).isComplete)
    let received = try #require(server.messages.first)
    #expect(String(decoding: received.wire, as: UTF8.self) == wire)
    // RFC 1870: the announced size counts neither the doubled dots nor the final one.
    #expect(received.mail.hasSuffix("SIZE=\(received.content.count)"))
  }

  @Test(arguments: [
    "\n.\n", "\n.\r\n", "\r.\r", "\r\n.\r", "\r\n.\n", "\n.\r", "\r.\n", "\r.\r\n", "\r\n.\r\n",
    "\r\n\u{0}.\r\n", "\r\r\n.\r\r\n", "\n\n.\n\n",
  ])
  func `no message can end itself and begin another`(end: String) throws {
    let smuggled = "MAIL FROM:<evil@example.com>\r\nRCPT TO:<ann@example.com>\r\nDATA\r\nx\r\n"
    for lenient in [false, true] {
      let server = try FakeSMTPServer(script { $0.endsContentAtBareLineEnds = lenient })
      let client = try client(of: server)
      let text = "Subject: a\r\n\r\nbody\(end)\(smuggled).\r\nend"
      #expect(try client.deliver(submission(text)).isComplete)
      client.quit()
      #expect(server.messages.count == 1)
      #expect(server.messages.first?.text.hasSuffix("\r\n.\r\nend\r\n") == true)
      #expect(!server.commands.contains("MAIL FROM:<evil@example.com>"))
    }
  }

  @Test func `a large message arrives whole, dots and line ends at chunk borders too`() throws {
    var message: [UInt8] = []
    for number in 0..<60_000 {
      message += Array(".\(number % 977 == 0 ? "\r" : "\(number)\r\n")".utf8)
    }
    for shift in 0..<4 {
      let shifted = [UInt8](repeating: 0x78, count: shift) + message
      let server = try FakeSMTPServer()
      var item = submission()
      item.message = shifted
      #expect(try client(of: server).deliver(item).isComplete)
      let expected = String(decoding: shifted, as: UTF8.self)
        .replacing("\r\n", with: "\n").replacing("\r", with: "\n").replacing("\n", with: "\r\n")
      #expect(server.messages.first?.text == expected)
    }
  }

  @Test func `NUL and 8-bit bytes pass unchanged`() throws {
    let server = try FakeSMTPServer()
    var item = submission()
    item.message = (0...255).filter { $0 != 0x0A && $0 != 0x0D }.map { UInt8($0) } + [0x0D, 0x0A]
    #expect(try client(of: server).deliver(item).isComplete)
    #expect(server.messages.first?.content == item.message)
    #expect(server.messages.first?.mail.contains("BODY=8BITMIME") == true)
  }
}
