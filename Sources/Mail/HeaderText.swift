import CGMime
import Voicemail

/// Header values as their reader sees them.
enum HeaderText {
  /// Unfolded and RFC 2047 words decoded, without surrounding white space or control characters.
  ///
  /// PBXs write raw 8-bit values: strict UTF-8 is tried first, then windows-1252, which takes any
  /// byte.
  static func decoded(_ raw: some Sequence<UInt8>) -> String {
    let line = unfoldedBytes(raw)[...]
    guard !line.isPlain else { return String(decoding: line.trimmed, as: UTF8.self) }
    let text = Charset.lenient(Array(line))
    guard ASCIIText.contains("=?", in: text) else { return trimmed(text) }
    // C: `g_mime_utils_header_decode_text`; the answer is ours to free.
    guard let words = unsafe g_mime_utils_header_decode_text(nil, text) else {
      return trimmed(text)
    }
    defer { unsafe g_free(words) }
    // An encoded word may hide line breaks that would make two fields of one.
    let decoded = Charset.lenient(printable(unsafe bytes(words)))
    return trimmed(saysLatin1(text) ? Charset.undoubled(decoded) ?? decoded : decoded)
  }

  /// Whether it has encoded words of those charsets by which some PBXs call their UTF-8.
  private static func saysLatin1(_ text: String) -> Bool {
    let lower = text.lowercased()
    return ["=?iso-8859-1?", "=?windows-1252?", "=?us-ascii?"].contains {
      ASCIIText.contains($0, in: lower)
    }
  }

  /// RFC 5322 section 2.2.3: a line break before white space goes, the white space stays.
  static func unfolded(_ raw: some Sequence<UInt8>) -> String {
    Charset.lenient(unfoldedBytes(raw))
  }

  private static func unfoldedBytes(_ raw: some Sequence<UInt8>) -> [UInt8] {
    printable(raw.filter { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") })
  }

  private static func printable(_ raw: [UInt8]) -> [UInt8] {
    raw.map { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F ? 0x20 : $0 }
  }

  private static func trimmed(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: { $0 != " " && $0 != "\t" }),
      let last = scalars.lastIndex(where: { $0 != " " && $0 != "\t" })
    else { return "" }
    return String(scalars[first...last])
  }
}

extension ArraySlice<UInt8> {
  /// ASCII without encoded words, as nearly every field is: nothing in it needs a decoder.
  fileprivate var isPlain: Bool {
    var previous: UInt8 = 0
    for byte in self {
      if byte >= 0x80 || byte == UInt8(ascii: "?") && previous == UInt8(ascii: "=") { return false }
      previous = byte
    }
    return true
  }

  /// Without blanks and tabs at both ends.
  fileprivate var trimmed: ArraySlice<UInt8> {
    let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
    let rest = drop(while: isBlank)
    guard let last = rest.lastIndex(where: { !isBlank($0) }) else { return [] }
    return rest[...last]
  }
}
