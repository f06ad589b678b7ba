import Foundation
import Glibc

/// A client's side of a socket, byte by byte: for what no well-behaved client would send.
package final class SMTPWire {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  private let descriptor: Int32
  private var received: [UInt8] = []

  /// Connects to a port of 127.0.0.1.
  package init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    try connect(address)
  }

  /// Connects to a port of ::1.
  package init(port6 port: UInt16) throws {
    descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    address.sin6_addr = in6addr_loopback
    try connect(address)
  }

  /// Connects to a Unix socket.
  package init(path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { field in
      field.copyBytes(from: path.utf8.prefix(field.count - 1))
    }
    try connect(address)
  }

  private func connect<Name>(_ name: Name) throws {
    let result = withUnsafeBytes(of: name) { [descriptor] bytes in
      Glibc.connect(
        descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress,
        socklen_t(bytes.count))
    }
    guard result == 0 else { throw Failure(description: "nobody listens") }
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  package func write(_ bytes: some Collection<UInt8>) throws {
    let bytes = [UInt8](bytes)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure(description: "connection lost while sending") }
      sent += count
    }
  }

  package func write(_ text: String) throws { try write(Array(text.utf8)) }

  /// Ends our side, keeps the other's.
  package func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Sends a line and reads the reply.
  @discardableResult
  package func say(_ line: String) throws -> String {
    try write("\(line)\r\n")
    return try reply()
  }

  /// All lines of one reply, parted by `\n`.
  @discardableResult
  package func reply() throws -> String {
    var lines: [String] = []
    while true {
      guard let line = try readLine() else {
        throw Failure(description: "closed after \(lines)")
      }
      lines.append(line)
      if line.dropFirst(3).first != "-" { return lines.joined(separator: "\n") }
    }
  }

  /// What is left until the other side closes.
  package func rest() throws -> String {
    var text = ""
    while let line = try readLine() { text += line + "\n" }
    return text
  }

  private func readLine() throws -> String? {
    while true {
      if let end = received.firstIndex(of: 0x0A) {
        defer { received.removeFirst(end + 1) }
        return String(decoding: received[..<end], as: UTF8.self).replacing("\r", with: "")
      }
      var chunk = [UInt8](repeating: 0, count: 4_096)
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count < 0, errno == EAGAIN { throw Failure(description: "no reply in time") }
      guard count > 0 else { return nil }
      received += chunk[..<count]
    }
  }
}
