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
  package var hasSize: Bool { offers("SIZE") }
  package var has8BitMIME: Bool { offers("8BITMIME") }
  package var hasSMTPUTF8: Bool { offers("SMTPUTF8") }
  package var hasDSN: Bool { offers("DSN") }
  package var hasPipelining: Bool { offers("PIPELINING") }
  package var hasEnhancedStatusCodes: Bool { offers("ENHANCEDSTATUSCODES") }
  /// The attributes that XFORWARD may name; empty without XFORWARD.
  package var xforwardAttributes: [String] { offered["XFORWARD"] ?? [] }
}
