import Glibc

/// Where the server listens, in the milter's notation: `unix:PATH`, `inet:PORT@HOST`, `inet6:PORT@HOST`, `fd:NUMBER` for a
/// socket that listens already.
///
/// Loopback and Unix sockets only. Whoever reaches this port may send mail to anywhere and say by
/// XFORWARD whose mail it is, so it must not be reached from another host.
package struct SMTPListenAddress: Sendable, Equatable, CustomStringConvertible {
  enum Place: Sendable, Equatable {
    case unix(path: String)
    case inet(port: UInt16, host: String)
    case inet6(port: UInt16, host: String)
    case descriptor(Int32)
  }

  let place: Place
  /// The address as it was written.
  package let description: String

  /// Reads an address as an administrator writes it; the error says what is expected.
  package init(_ text: String) throws(SMTPServerFailure) {
    description = text
    let kind = text.prefix { $0 != ":" }
    let rest = String(text.dropFirst(kind.count + 1))
    switch kind {
    case "unix":
      guard rest.hasPrefix("/"), !rest.utf8.contains(0) else {
        throw SMTPServerFailure(text, "expected an absolute path: unix:/run/filter.sock")
      }
      // unix(7): sun_path holds 108 bytes with its final NUL.
      guard rest.utf8.count <= 107 else {
        throw SMTPServerFailure(
          text, "the path has \(rest.utf8.count) bytes, a Unix socket's has at most 107")
      }
      place = .unix(path: rest)
    case "inet":
      let (port, host) = try Self.portAndHost(rest, in: text, standard: "127.0.0.1")
      var address = in_addr()
      guard unsafe inet_pton(AF_INET, host, &address) == 1 else {
        throw SMTPServerFailure(text, "'\(host)' is no IPv4 address")
      }
      guard UInt32(bigEndian: address.s_addr) >> 24 == 127 else {
        throw SMTPServerFailure(text, "only loopback, 127.0.0.0/8: it is open to whoever connects")
      }
      place = .inet(port: port, host: host)
    case "inet6":
      let (port, host) = try Self.portAndHost(rest, in: text, standard: "::1")
      guard host == "::1" else {
        throw SMTPServerFailure(text, "only loopback, ::1: it is open to whoever connects")
      }
      place = .inet6(port: port, host: host)
    case "fd":
      guard let number = Int32(rest), number >= 0 else {
        throw SMTPServerFailure(text, "'\(rest)' is no descriptor number")
      }
      place = .descriptor(number)
    default:
      throw SMTPServerFailure(
        text, "expected unix:PATH, inet:PORT@HOST, inet6:PORT@HOST or fd:NUMBER")
    }
  }

  private static func portAndHost(
    _ rest: String, in text: String, standard: String
  ) throws(SMTPServerFailure) -> (UInt16, String) {
    let parts = rest.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let port = UInt16(first), port > 0 else {
      throw SMTPServerFailure(text, "the port must be a number from 1 to 65535")
    }
    guard parts.count == 2 else { return (port, standard) }
    var host = parts[1]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    return (port, host == "localhost" ? standard : String(host))
  }
}

/// Why the server cannot listen.
package struct SMTPServerFailure: Error, Sendable, Equatable {
  /// One line: the address and what is wrong with it.
  package let sentence: String

  init(_ address: String, _ reason: String) {
    sentence = "SMTP socket \(address): \(reason)"
  }

  /// C: `strerror_r`, which other threads cannot disturb.
  init(_ address: String, _ what: String, code: Int32) {
    self.init(address, "\(what): \(Connection.words(code))")
  }
}
