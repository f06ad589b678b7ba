/// The quoted-printable transfer encoding (RFC 2045 section 6.7).
enum QuotedPrintable {
  /// At most 76 columns with the "=" of a soft break.
  private static let lineLimit = 76

  static func encode(_ lines: [ArraySlice<UInt8>], newline: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    for (number, line) in lines.enumerated() {
      if number > 0 { output += newline }
      var column = 0
      for index in line.indices {
        let rest = line[index...]
        let isLast = rest.count == 1
        var length = mustEncode(rest, atLineStart: column == 0, isLast: isLast) ? 3 : 1
        if column + length > lineLimit - (isLast ? 0 : 1) {
          output.append(UInt8(ascii: "="))
          output += newline
          column = 0
          length = mustEncode(rest, atLineStart: true, isLast: isLast) ? 3 : 1
        }
        if length == 1 {
          output.append(line[index])
        } else {
          output += [UInt8(ascii: "="), hex(line[index] >> 4), hex(line[index] & 15)]
        }
        column += length
      }
    }
    return output
  }

  // At the start of an encoded line also what transport or another parser may take for its own:
  // "From " (mbox), "." (SMTP), "--" (a boundary).
  private static func mustEncode(
    _ rest: ArraySlice<UInt8>, atLineStart: Bool, isLast: Bool
  ) -> Bool {
    guard let byte = rest.first else { return false }
    if atLineStart {
      if byte == UInt8(ascii: ".") || rest.starts(with: "From ".utf8)
        || rest.starts(with: "--".utf8)
      {
        return true
      }
    }
    if byte == 0x20 || byte == 0x09 { return isLast }
    return !(0x21...0x7E).contains(byte) || byte == UInt8(ascii: "=")
  }

  private static func hex(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
  }
}
