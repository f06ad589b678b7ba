import Voicemail

/// A text leaf for comparison: UTF-8 with LF as its only line end.
struct LeafText {
  private let type: String
  private let bytes: [UInt8]

  init(content: [UInt8], node: MIMENode) {
    type = node.contentType
    bytes = TextEntity.normalized(Charset.text(content, declared: node.charset))
  }

  /// Whether the enhancement's block for this type is in it, for plain text at the top.
  func carries(_ enhancement: Enhancement) -> Bool {
    switch type {
    case "text/plain": bytes.starts(with: block(enhancement))
    case "text/html": contains(block(enhancement))
    default: false
    }
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Whether it is the enhancement's block alone, for HTML in a document with that text below.
  func isNothingBut(_ enhancement: Enhancement, _ originalText: String) -> Bool {
    var expected = block(enhancement)
    if type == "text/html" {
      expected = TextEntity.normalized(
        HTMLDocument.make(
          block: enhancement.html, originalText: originalText, language: enhancement.language))
    }
    return Self.trimmed(bytes) == Self.trimmed(expected)
  }

  /// Whether the other text is in it whole; line ends at the very end do not count, since GMime
  /// miscounts them before a delimiter where LF and CRLF mix.
  ///
  /// HTML: the new document is the old one with the block inserted at one place.
  func holds(_ other: LeafText, besides enhancement: Enhancement) -> Bool {
    let block = block(enhancement)
    let bytes = Self.trimmed(bytes)
    let old = Self.trimmed(other.bytes)
    if type == "text/plain" {
      // Between them stand only the empty line and the dashes.
      let between = bytes.count - block.count - old.count
      return (0...80).contains(between) && bytes.suffix(old.count) == old
    }
    guard bytes.count == Self.trimmed(old + block).count || bytes.count == old.count + block.count
    else { return false }
    let before = zip(bytes, old).prefix { $0 == $1 }.count
    let behind = zip(bytes.reversed(), old.reversed()).prefix { $0 == $1 }.count
    return before + behind >= old.count
  }

  private func block(_ enhancement: Enhancement) -> [UInt8] {
    TextEntity.normalized(type == "text/html" ? enhancement.html : enhancement.text)
  }

  private static func trimmed(_ text: some RandomAccessCollection<UInt8>) -> ArraySlice<UInt8> {
    Array(text)[...].dropLast(text.reversed().prefix { $0 == UInt8(ascii: "\n") }.count)
  }

  private func contains(_ wanted: [UInt8]) -> Bool {
    guard let first = wanted.first else { return true }
    return bytes.indices.contains { bytes[$0] == first && bytes[$0...].starts(with: wanted) }
  }
}
