import Foundation
import Glibc

/// A PBX's side of SMTP: hands one message to an MTA on loopback.
package enum SMTPSender {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// The MTA's reply to the final dot. `content` has CRLF line ends; dots are stuffed here.
  @discardableResult
  package static func send(
    _ content: [UInt8], to recipients: [String] = ["<ann@example.com>"],
    from sender: String = "<asterisk@pbx.example.com>", port: UInt16
  ) throws -> String {
    let connection = try Wire(port: port)
    try connection.expect("2")
    try connection.say("EHLO pbx.example.com", expect: "2")
    try connection.say("MAIL FROM:\(sender)", expect: "2")
    for recipient in recipients { try connection.say("RCPT TO:\(recipient)", expect: "2") }
    try connection.say("DATA", expect: "3")
    try connection.write(stuffed(content) + Array(".\r\n".utf8))
    let reply = try connection.expect("2")
    try connection.say("QUIT", expect: "2")
    return reply
  }

  /// The queue id in a reply: `250 2.0.0 Ok: queued as 4XyZ`.
  package static func queueID(in reply: String) -> String? {
    reply.range(of: "queued as ").map { String(reply[$0.upperBound...]) }
  }

  private static func stuffed(_ content: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var atLineStart = true
    for byte in content {
      if atLineStart, byte == 0x2E { result.append(byte) }
      result.append(byte)
      atLineStart = byte == 0x0A
    }
    return atLineStart ? result : result + [0x0D, 0x0A]
  }

  private final class Wire {
    private let descriptor: Int32
    private var received: [UInt8] = []

    init(port: UInt16) throws {
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      let result = withUnsafeBytes(of: address) { [descriptor] bytes in
        connect(
          descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress,
          socklen_t(bytes.count))
      }
      guard result == 0 else { throw Failure(description: "no SMTP server at port \(port)") }
      var patience = timeval(tv_sec: 60, tv_usec: 0)
      setsockopt(
        descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    @discardableResult
    func say(_ line: String, expect code: String) throws -> String {
      try write(Array("\(line)\r\n".utf8))
      return try expect(code, after: line)
    }

    func write(_ bytes: [UInt8]) throws {
      var sent = 0
      while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes {
          Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { throw Failure(description: "connection lost while sending") }
        sent += count
      }
    }

    /// The last line of the reply, which must begin so.
    @discardableResult
    func expect(_ code: String, after line: String = "the connection") throws -> String {
      while true {
        let reply = try readLine()
        if reply.dropFirst(3).first == "-" { continue }
        guard reply.hasPrefix(code) else {
          throw Failure(description: "\(line) was answered with \(reply)")
        }
        return reply
      }
    }

    private func readLine() throws -> String {
      while true {
        if let end = received.firstIndex(of: 0x0A) {
          defer { received.removeFirst(end + 1) }
          return String(decoding: received[..<end], as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        }
        var chunk = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { throw Failure(description: "no reply in time") }
        received += chunk[..<count]
      }
    }
  }
}
