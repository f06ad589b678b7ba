import Glibc

/// Where an SMTP listener is: `smtp:HOST:PORT`, `smtp:[::1]:PORT` or `unix:PATH`.
package struct SMTPTarget: Sendable, Equatable, CustomStringConvertible {
  enum Place: Sendable, Equatable {
    case host(String, port: UInt16)
    case unixSocket(String)
  }

  let place: Place
  /// The target as it was written.
  package let description: String

  /// Reads a target as an administrator writes it; the error says what is expected.
  package init(_ text: String) throws(InvalidTarget) {
    if text.hasPrefix("smtp:") {
      place = try SMTPTarget.host(in: text)
    } else if text.hasPrefix("unix:") {
      place = try SMTPTarget.path(in: text)
    } else {
      throw InvalidTarget(
        text, "expected smtp:HOST:PORT, smtp:[IPV6]:PORT, unix:PATH or sendmail:PATH")
    }
    description = text
  }

  private static func host(in text: String) throws(InvalidTarget) -> Place {
    let rest = text.dropFirst("smtp:".count)
    guard let colon = rest.lastIndex(of: ":") else {
      throw InvalidTarget(text, "the port is missing, expected smtp:HOST:PORT")
    }
    guard let port = UInt16(rest[rest.index(after: colon)...]), port > 0 else {
      throw InvalidTarget(text, "the port must be a number from 1 to 65535")
    }
    var host = rest[..<colon]
    if host.hasPrefix("[") && host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw InvalidTarget(text, "an IPv6 address stands in brackets: smtp:[::1]:PORT")
    }
    let isName = host.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x5B && $0 != 0x5D }
    guard !host.isEmpty, isName else {
      throw InvalidTarget(text, "the host is missing or no host name")
    }
    return .host(String(host), port: port)
  }

  private static func path(in text: String) throws(InvalidTarget) -> Place {
    let path = String(text.dropFirst("unix:".count))
    guard path.hasPrefix("/"), !path.utf8.contains(0) else {
      throw InvalidTarget(text, "expected an absolute path: unix:/run/listener.sock")
    }
    // unix(7): sun_path holds 108 bytes with its final NUL.
    guard path.utf8.count <= 107 else {
      throw InvalidTarget(
        text, "the path has \(path.utf8.count) bytes, a Unix socket's has at most 107")
    }
    return .unixSocket(path)
  }
}

/// Where messages go: an SMTP listener, or `sendmail:PATH` for the MTA's sendmail(1) command.
package enum DeliveryTarget: Sendable, Equatable, CustomStringConvertible {
  case listener(SMTPTarget)
  case command(SendmailCommand)

  /// Reads a target as an administrator writes it; the error says what is expected.
  package init(_ text: String) throws(InvalidTarget) {
    guard text.hasPrefix("sendmail:") else {
      self = .listener(try SMTPTarget(text))
      return
    }
    let path = String(text.dropFirst("sendmail:".count))
    guard path.hasPrefix("/"), !path.utf8.contains(0) else {
      throw InvalidTarget(text, "expected an absolute path: sendmail:/usr/sbin/sendmail")
    }
    self = .command(SendmailCommand(path: path))
  }

  package var description: String {
    switch self {
    case .listener(let target): target.description
    case .command(let command): command.description
    }
  }
}

/// A target that cannot be read.
package struct InvalidTarget: Error, Sendable, Equatable {
  /// One line: the text and what is wrong with it.
  package let sentence: String

  init(_ text: String, _ reason: String) {
    sentence = "target '\(text)': \(reason)"
  }
}
