/// A reply of the MTA (RFC 5321, 4.2).
package struct SMTPReply: Sendable, Equatable, CustomStringConvertible {
  package var code: Int
  /// The text of each line, without code; control characters replaced.
  package var lines: [String]

  package init(code: Int, lines: [String]) {
    self.code = code
    self.lines = lines
  }

  package var text: String { lines.joined(separator: " ") }
  package var description: String { "\(code) \(text)" }

  /// The reply for a log line: one line, addresses hidden, no longer than 300 characters.
  package var forLog: String {
    SMTPReply.forLog(description)
  }

  static func forLog(_ text: String) -> String {
    let words = text.split(separator: " ").map { $0.contains("@") ? "<address>" : $0 }
    return String(words.joined(separator: " ").prefix(300))
  }

  /// Whether a reply to RCPT complains of the number of recipients (RFC 5321, 4.5.3.1.10; X.5.3 of RFC 3463).
  ///
  /// Old servers say 552. Where an enhanced status code stands, it decides: 452 has other meanings.
  package var saysTooManyRecipients: Bool {
    guard code >= 400 else { return false }
    let first = text.split(separator: " ").first ?? ""
    let status = first.split(separator: ".", omittingEmptySubsequences: false)
    if status.count == 3, status.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isNumber) }) {
      return status[1] == "5" && status[2] == "3"
    }
    return code == 452 || code == 552 || text.lowercased().contains("too many recipients")
  }

  /// The queue id in a reply to the final dot: Postfix, Exim and Sendmail name it each in its way.
  package var queueID: String? {
    let words = text.split(separator: " ")
    if let at = words.firstIndex(of: "queued"), words[at...].count > 2, words[at + 1] == "as" {
      return SMTPReply.identifier(words[at + 2])
    }
    if let word = words.first(where: { $0.hasPrefix("id=") }) {
      return SMTPReply.identifier(word.dropFirst("id=".count))
    }
    guard let at = words.firstIndex(of: "Message"), at > 0,
      words[at...].starts(with: ["Message", "accepted", "for", "delivery"])
    else { return nil }
    return SMTPReply.identifier(words[at - 1])
  }

  private static func identifier(_ word: Substring) -> String? {
    let id = word.utf8.prefix {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
        || $0 == 0x2D || $0 == 0x5F
    }
    return id.isEmpty || id.count > 64 ? nil : String(id)
  }
}

/// Puts the lines of one reply together; any bytes give an answer.
struct ReplyParser {
  /// Far above RFC 5321's 512 (4.5.3.1.5); what is longer comes from no MTA.
  static let maximumLineBytes = 4096
  static let maximumLines = 100

  private var code: Int?
  private var lines: [String] = []

  enum Step: Equatable {
    case more
    case complete(SMTPReply)
    case garbage(String)
  }

  mutating func take(_ line: [UInt8]) -> Step {
    guard line.count >= 3, let code = ReplyParser.code(line) else {
      return .garbage("a line that is no SMTP reply")
    }
    guard self.code == nil || self.code == code else {
      return .garbage("a reply whose lines have different codes")
    }
    guard lines.count < ReplyParser.maximumLines else {
      return .garbage("a reply of more than \(ReplyParser.maximumLines) lines")
    }
    self.code = code
    lines.append(ReplyParser.printable(line.dropFirst(4)))
    switch line.count > 3 ? line[3] : 0x20 {
    case 0x2D: return .more
    case 0x20: return .complete(SMTPReply(code: code, lines: lines))
    default: return .garbage("a line that is no SMTP reply")
    }
  }

  private static func code(_ line: [UInt8]) -> Int? {
    let digits = line.prefix(3).map { Int($0) - 0x30 }
    // RFC 5321, 4.2: the first digit is 2 to 5, the second 0 to 5.
    guard (2...5).contains(digits[0]), (0...5).contains(digits[1]), (0...9).contains(digits[2])
    else { return nil }
    return digits[0] * 100 + digits[1] * 10 + digits[2]
  }

  /// Text from outside goes to logs: no control characters, C1 ones neither.
  static func printable(_ bytes: ArraySlice<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      text.append(isControl ? "?" : scalar)
    }
    return String(text)
  }
}
