import CGMime

/// Text of unknown or wrongly declared charset as a Swift string; every input gives one.
enum Charset {
  /// Strict UTF-8, else windows-1252.
  static func lenient(_ bytes: [UInt8]) -> String {
    String(validating: bytes, as: UTF8.self) ?? windows1252(bytes)
  }

  /// Strict UTF-8, else the declared charset, else windows-1252.
  ///
  /// FreeSWITCH labels UTF-8 as ISO-8859-1, hence UTF-8 first. Charsets whose text looks like ASCII
  /// (ISO-2022-JP, UTF-7) or like anything (UTF-16) must be believed instead.
  static func text(_ bytes: [UInt8], declared: String?) -> String {
    let name = declared?.lowercased() ?? ""
    if ["iso-2022", "utf-7", "hz-", "utf-16", "utf-32", "ucs-"].contains(where: name.hasPrefix),
      let text = converted(bytes, from: name)
    {
      return text
    }
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    // ISO-8859-1 has no letters in 0x80-0x9F; whoever writes them means windows-1252.
    if ["", "utf-8", "us-ascii", "iso-8859-1", "latin1"].contains(name) {
      return windows1252(bytes)
    }
    return converted(bytes, from: name) ?? windows1252(bytes)
  }

  // C: `g_mime_charset_iconv_name` knows the aliases, `g_convert` fails on an unknown charset and
  // on bytes that are not of it.
  private static func converted(_ bytes: [UInt8], from name: String) -> String? {
    guard !name.utf8.contains(0), let iconvName = unsafe string(g_mime_charset_iconv_name(name))
    else { return nil }
    var length: gsize = 0
    let converted = unsafe bytes.withUnsafeBytes { raw in
      unsafe g_convert(
        raw.baseAddress?.assumingMemoryBound(to: CChar.self), gssize(raw.count), "UTF-8", iconvName,
        nil, &length, nil)
    }
    guard let converted = unsafe converted else { return nil }
    defer { unsafe g_free(converted) }
    let text = unsafe UnsafeRawBufferPointer(start: converted, count: Int(length))
    return unsafe String(validating: text, as: UTF8.self)
  }

  /// UTF-8 that was decoded as ISO 8859-1 or windows-1252, put right; nil for any other text. Text that is meant so makes
  /// no valid UTF-8 but by a very odd accident.
  static func undoubled(_ text: String) -> String? {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      if let control = upperControls.firstIndex(of: scalar.value) {
        bytes.append(UInt8(0x80 + control))
      } else if scalar.value < 256 {
        bytes.append(UInt8(scalar.value))
      } else {
        return nil
      }
    }
    guard bytes.contains(where: { $0 >= 0x80 }) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  static func windows1252(_ bytes: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes {
      let high = (0x80..<0xA0).contains(byte) ? upperControls[Int(byte) - 0x80] : UInt32(byte)
      text.append(Unicode.Scalar(high) ?? "\u{FFFD}")
    }
    return String(text)
  }

  // 0x80 to 0x9F; five are unassigned and stay themselves (WHATWG encoding standard).
  private static let upperControls: [UInt32] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F,
    0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
  ]
}
