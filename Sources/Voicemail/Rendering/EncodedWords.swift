/// Text in a header field (RFC 2047).
enum EncodedWords {
  /// Bytes of text in one word: with `Subject: ` before it, its line stays within 76 columns.
  private static let bytesPerWord = 36
  private static let digits = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

  /// Printable ASCII as it is, all else as words of base64. Words are cut between characters.
  static func encode(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { (0x20...0x7e).contains($0) } && !text.contains("=?")
    guard !isPlain else { return text }
    var words: [String] = []
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      let next = Array(String(scalar).utf8)
      if bytes.count + next.count > bytesPerWord {
        words.append("=?utf-8?B?\(base64(bytes))?=")
        bytes = []
      }
      bytes += next
    }
    words.append("=?utf-8?B?\(base64(bytes))?=")
    return words.joined(separator: " ")
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start...].prefix(3)
      let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for place in 0..<4 {
        text.append(place <= group.count ? digits[bits >> (18 - 6 * place) & 63] : "=")
      }
    }
    return text
  }
}
