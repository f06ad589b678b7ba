/// A new text part: its Content fields and its encoded lines.
///
/// UTF-8 as quoted-printable, or 7bit where every byte passes any transport as it is.
struct TextEntity {
  let type: String
  let transferEncoding: String
  /// Encoded content. A line end at its end is the text's own; a delimiter needs one more.
  let content: [UInt8]

  /// `boundaries` are those of the message: no line may look like one of their delimiters.
  init(type: String, text: String, newline: String, boundaries: [String]) {
    self.type = type
    let lines = Self.normalized(text).split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.allSatisfy({ Self.isPlain($0, boundaries) }) {
      transferEncoding = "7bit"
      content = Array(lines.joined(separator: newline.utf8))
    } else {
      transferEncoding = "quoted-printable"
      content = QuotedPrintable.encode(lines, newline: Array(newline.utf8))
    }
  }

  var contentType: String { "\(type); charset=utf-8" }

  /// Fields and content, as a child of a multipart.
  func entity(newline: String) -> [UInt8] {
    let fields =
      "Content-Type: \(contentType)\(newline)Content-Transfer-Encoding: \(transferEncoding)"
    return Array("\(fields)\(newline)\(newline)".utf8) + content
  }

  /// The text with LF as its only line end; CRLF and lone CR end lines too.
  static func normalized(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var previous: UInt8 = 0
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\r") {
        bytes.append(UInt8(ascii: "\n"))
      } else if byte != UInt8(ascii: "\n") || previous != UInt8(ascii: "\r") {
        bytes.append(byte)
      }
      previous = byte
    }
    return bytes
  }

  // "From " is altered by mbox delivery, a leading dot by careless SMTP.
  private static func isPlain(_ line: ArraySlice<UInt8>, _ boundaries: [String]) -> Bool {
    line.count <= 78 && line.allSatisfy { (0x20..<0x7F).contains($0) || $0 == 0x09 }
      && !line.starts(with: "From ".utf8) && line.first != UInt8(ascii: ".")
      && !boundaries.contains { line.starts(with: "--\($0)".utf8) }
  }
}
