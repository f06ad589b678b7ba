/// Comparisons of header text on its bytes: every message passes through them, many times, and
/// Unicode's rules for characters cost ten times as much and mean nothing in ASCII.
package enum ASCIIText {
  /// Whether two texts are equal but for the case of ASCII letters.
  package static func isSame(_ left: String, _ right: String) -> Bool {
    let (left, right) = (left.utf8, right.utf8)
    return left.count == right.count
      && zip(left, right).allSatisfy { $0 == $1 || folded($0) == folded($1) }
  }

  /// Whether the bytes of `part` stand somewhere in `text`; an empty part stands in none.
  package static func contains(_ part: String, in text: String) -> Bool {
    guard let first = part.utf8.first else { return false }
    var rest = text.utf8[...]
    while let start = rest.firstIndex(of: first) {
      rest = rest[start...]
      if rest.starts(with: part.utf8) { return true }
      rest = rest.dropFirst()
    }
    return false
  }

  /// The byte, or the small letter of a capital one.
  static func folded(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}
