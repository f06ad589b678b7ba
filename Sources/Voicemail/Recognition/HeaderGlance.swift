/// Tells text from what may hold a recording while the header fields come in, on their bytes, decoding nothing: for most
/// mail that is all that is ever looked at.
///
/// Its verdict is the one that `Recognition.verdictAtEndOfHeaders` would come to, though perhaps for another reason.
/// Whatever is out of the ordinary is left to that one, and so is mail that has been here before, as it may be a sign
/// of a loop.
package struct HeaderGlance {
  /// Without a Content-Type a message is text (RFC 2045, 5.2).
  private var isText = true
  private var hasContentType = false
  private var hasMarker = false

  package init() {}

  /// A field as it came: name, and what follows the colon.
  package mutating func see(_ name: borrowing Span<UInt8>, _ value: borrowing Span<UInt8>) {
    if Self.isNamed(Self.contentType, name) {
      isText = !hasContentType && Self.isText(value)
      hasContentType = true
    } else if Self.isNamed(Self.marker, name) {
      hasMarker = true
    }
  }

  /// Why the message passes; nil: its header section is to be read.
  package var reasonToPass: String? {
    isText && !hasMarker ? "text holds no recording" : nil
  }

  // Small letters.
  private static let contentType = Array("content-type".utf8)
  private static let marker = LoopGuard.headerName.utf8.map(ASCIIText.folded)
  private static let text = Array("text/".utf8)

  /// Blanks before the colon are obsolete syntax (RFC 5322, 4.5), and belong to the name here.
  private static func isNamed(_ known: [UInt8], _ name: borrowing Span<UInt8>) -> Bool {
    begins(name, at: 0, with: known) && behindBlanks(name, from: known.count) == name.count
  }

  private static func isText(_ value: borrowing Span<UInt8>) -> Bool {
    let start = behindBlanks(value, from: 0)
    guard begins(value, at: start, with: text) else { return false }
    let subtype = start + text.count
    var end = subtype
    while end < value.count, isTokenByte(value[end]) { end += 1 }
    guard end > subtype else { return false }
    let rest = behindBlanks(value, from: end)
    return rest == value.count || value[rest] == UInt8(ascii: ";")
  }

  private static func begins(
    _ bytes: borrowing Span<UInt8>, at start: Int, with known: [UInt8]
  ) -> Bool {
    guard start + known.count <= bytes.count else { return false }
    for offset in known.indices
    where ASCIIText.folded(bytes[start + offset]) != known[offset] {
      return false
    }
    return true
  }

  private static func behindBlanks(_ bytes: borrowing Span<UInt8>, from start: Int) -> Int {
    var position = start
    while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 {
      position += 1
    }
    return position
  }

  /// Of what registered subtypes are made of.
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch ASCIIText.folded(byte) {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "+"):
      true
    default: false
    }
  }
}
