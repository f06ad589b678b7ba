/// Comparisons of header text on its bytes: every message passes through them, many times, and
/// Unicode's rules for characters cost ten times as much and mean nothing in ASCII.
package enum ASCIIText {
  /// Whether two texts are equal but for the case of ASCII letters.
  package static func isSame(_ left: String, _ right: String) -> Bool {
    let (left, right) = (left.utf8Span.span, right.utf8Span.span)
    guard left.count == right.count else { return false }
    for index in left.indices
    where left[index] != right[index] && folded(left[index]) != folded(right[index]) {
      return false
    }
    return true
  }

  /// Whether the bytes of `part` stand somewhere in `text`; an empty part stands in none.
  package static func contains(_ part: String, in text: String) -> Bool {
    let (part, text) = (part.utf8Span.span, text.utf8Span.span)
    guard let last = part.indices.last, part.count <= text.count else { return false }
    for start in 0...(text.count - part.count) where text[start] == part[0] {
      var next = 1
      while next <= last, text[start + next] == part[next] { next += 1 }
      if next > last { return true }
    }
    return false
  }

  /// The byte, or the small letter of a capital one.
  static func folded(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}
