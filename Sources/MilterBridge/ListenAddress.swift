/// Where the MTA finds the filter, in libmilter's notation.
package enum ListenAddress: Sendable, Equatable {
  /// `unix:/path`, `local:/path` or `/path`.
  case unix(path: String)
  /// `inet:port@host`; without host, loopback, where libmilter would open all interfaces.
  case inet(port: UInt16, host: String)
  /// `inet6:port@host`; likewise.
  case inet6(port: UInt16, host: String)
  /// `fd:3`, a socket that already listens, from a systemd socket unit.
  case descriptor(Int32)

  /// `sun_path` is 108 bytes with its NUL (unix(7)).
  package static let maximumPathBytes = 107

  package init(_ text: String) throws(MilterError) {
    if text.hasPrefix("/") {
      self = .unix(path: try Self.checkedPath(text, in: text))
      return
    }
    guard let colon = text.firstIndex(of: ":") else {
      throw MilterError(
        .badAddress, text, "want unix:/path, inet:port@host, inet6:port@host or fd:n")
    }
    let rest = String(text[text.index(after: colon)...])
    switch text[..<colon] {
    case "unix", "local":
      self = .unix(path: try Self.checkedPath(rest, in: text))
    case "inet":
      let (port, host) = try Self.portAndHost(rest, in: text)
      self = .inet(port: port, host: host ?? "127.0.0.1")
    case "inet6":
      let (port, host) = try Self.portAndHost(rest, in: text)
      self = .inet6(port: port, host: host ?? "::1")
    case "fd":
      guard let number = Int32(rest), number >= 0 else {
        throw MilterError(.badAddress, text, "\"\(rest)\" is no descriptor number")
      }
      self = .descriptor(number)
    case let kind:
      throw MilterError(
        .badAddress, text, "unknown kind \"\(kind)\"; want unix, inet, inet6 or fd")
    }
  }

  private static func checkedPath(_ path: String, in text: String) throws(MilterError) -> String {
    guard path.hasPrefix("/") else {
      throw MilterError(.badAddress, text, "the path must begin with /")
    }
    guard !path.utf8.contains(0) else {
      throw MilterError(.badAddress, text, "the path has a NUL in it")
    }
    guard path.utf8.count <= maximumPathBytes else {
      throw MilterError(
        .badAddress, text,
        "the path has \(path.utf8.count) bytes, the system allows \(maximumPathBytes)")
    }
    return path
  }

  private static func portAndHost(
    _ rest: String, in text: String
  ) throws(MilterError) -> (UInt16, String?) {
    let parts = rest.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let port = UInt16(first), port > 0 else {
      throw MilterError(
        .badAddress, text, "\"\(parts.first ?? "")\" is no port number from 1 to 65535")
    }
    guard parts.count == 2 else { return (port, nil) }
    var host = parts[1]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty else { throw MilterError(.badAddress, text, "nothing stands after @") }
    return (port, String(host))
  }
}

extension ListenAddress: CustomStringConvertible {
  /// As one would configure it; `init` reads it back.
  package var description: String {
    switch self {
    case .unix(let path): "unix:\(path)"
    case .inet(let port, let host): "inet:\(port)@\(host)"
    case .inet6(let port, let host): "inet6:\(port)@\(host)"
    case .descriptor(let number): "fd:\(number)"
    }
  }
}
