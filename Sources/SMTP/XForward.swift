import Glibc

/// The XFORWARD commands for one message (Postfix, XFORWARD_README).
///
/// They let the listener log the client that first brought the message and the queue id it had
/// then. They last for one transaction, so they go before each MAIL.
enum XForward {
  static let maximumLineBytes = 510
  private static let unavailable = "[UNAVAILABLE]"

  /// Only offered attributes; as many lines as it takes.
  static func commands(for client: ForwardedClient, offered: [String]) -> [String] {
    var lines: [String] = []
    for (name, value) in attributes(of: client) where offered.contains(name) {
      let attribute = "\(name)=\(value)"
      if let line = lines.last, line.utf8.count + 1 + attribute.utf8.count <= maximumLineBytes {
        lines[lines.count - 1] = "\(line) \(attribute)"
      } else {
        lines.append("XFORWARD \(attribute)")
      }
    }
    return lines
  }

  private static func attributes(of client: ForwardedClient) -> [(String, String)] {
    [
      ("NAME", xtext(client.name, limit: 255)),
      ("ADDR", address(client.address)),
      ("PORT", port(client.port)),
      ("PROTO", xtext(client.protocolName, limit: 64)),
      ("HELO", xtext(client.helo, limit: 255)),
      ("IDENT", xtext(client.queueID, limit: 255)),
      ("SOURCE", client.source?.rawValue ?? unavailable),
    ]
  }

  private static func port(_ port: Int?) -> String {
    guard let port, (1...65535).contains(port) else { return unavailable }
    return String(port)
  }

  /// XFORWARD_README: an IPv6 address has the prefix `IPV6:`; anything else is refused with 501.
  private static func address(_ text: String?) -> String {
    guard var text else { return unavailable }
    if text.uppercased().hasPrefix("IPV6:") { text = String(text.dropFirst(5)) }
    var binary = in6_addr()
    if unsafe inet_pton(AF_INET, text, &binary) == 1 { return text }
    if unsafe inet_pton(AF_INET6, text, &binary) == 1 { return "IPV6:\(text)" }
    return unavailable
  }

  /// RFC 3461, 4: everything but printable ASCII without `+` and `=` becomes `+XX`.
  ///
  /// The limit is that of the decoded value; what exceeds it is cut, since this is for logs only.
  /// It also keeps every attribute below a line's length but for values nobody has.
  static func xtext(_ value: String?, limit: Int) -> String {
    guard let value, !value.isEmpty else { return unavailable }
    var text = ""
    for byte in value.utf8.prefix(limit) {
      var encoded: String
      if (0x21...0x7E).contains(byte), byte != 0x2B, byte != 0x3D {
        encoded = String(Unicode.Scalar(byte))
      } else {
        encoded = String(byte, radix: 16, uppercase: true)
        encoded = encoded.count == 1 ? "+0\(encoded)" : "+\(encoded)"
      }
      guard text.utf8.count + encoded.utf8.count <= 480 else { break }
      text += encoded
    }
    return text
  }
}
