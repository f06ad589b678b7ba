/// What the listener offered in its reply to EHLO (RFC 5321, 4.1.1.1).
package struct ServerExtensions: Sendable, Equatable {
  /// Arguments by keyword, all in capitals.
  private var offered: [String: [String]] = [:]

  /// No extensions: a server that knows HELO only.
  package init() {}

  init(_ reply: SMTPReply) {
    for line in reply.lines.dropFirst() {
      // `=` occurs in old servers' `AUTH=LOGIN`.
      let words = line.split(whereSeparator: { $0 == " " || $0 == "=" }).map { $0.uppercased() }
      guard let keyword = words.first else { continue }
      offered[keyword] = Array(words.dropFirst())
    }
  }

  package func offers(_ keyword: String) -> Bool { offered[keyword.uppercased()] != nil }

  /// The largest message in bytes; nil when the listener names none.
  package var maximumSize: Int? {
    guard let size = offered["SIZE"]?.first.flatMap({ Int($0) }), size > 0 else { return nil }
    return size
  }
  /// RFC 9422: how many recipients a transaction may have, and how many messages a connection; nil is no limit.
  package var maximumRecipients: Int? { limit("RCPTMAX") }
  package var maximumMessages: Int? { limit("MAILMAX") }

  /// `LIMITS RCPTMAX=20 MAILMAX=5` is split at its spaces and equals signs.
  private func limit(_ name: String) -> Int? {
    guard let words = offered["LIMITS"], let at = words.firstIndex(of: name), at + 1 < words.count,
      let value = Int(words[at + 1]), value > 0
    else { return nil }
    return value
  }

  package var hasSize: Bool { offers("SIZE") }
  package var has8BitMIME: Bool { offers("8BITMIME") }
  package var hasSMTPUTF8: Bool { offers("SMTPUTF8") }
  package var hasDSN: Bool { offers("DSN") }
  package var hasPipelining: Bool { offers("PIPELINING") }
  /// The attributes that XFORWARD may name; empty without XFORWARD.
  package var xforwardAttributes: [String] { offered["XFORWARD"] ?? [] }
}
