import Voicemail

/// A new header field, folded at white space (RFC 5322 section 2.2.3).
enum FoldedHeader {
  private static let lineLimit = 78

  /// Throws on what would end the field or start another one.
  static func bytes(_ field: HeaderField, newline: String) throws(StepFailure) -> [UInt8] {
    guard !field.name.isEmpty,
      field.name.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") })
    else { throw .permanent("mail: enhance: a new header's name is not of printable ASCII") }
    guard field.value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
      throw .permanent("mail: enhance: new header \(field.name): value is not of printable ASCII")
    }
    var lines: [String] = []
    var line = "\(field.name):"
    for word in field.value.split(separator: " ") {
      if line.utf8.count + 1 + word.utf8.count > lineLimit, line != "\(field.name):" {
        lines.append(line)
        line = ""
      }
      line += " \(word)"
    }
    lines.append(line)
    return Array((lines.joined(separator: newline) + newline).utf8)
  }
}
