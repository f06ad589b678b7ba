import Voicemail

/// A header section read straight from the bytes: which field stands where.
///
/// GMime drops lines that are no header field and ends values at NUL; whoever cuts or moves fields
/// needs them to the byte. A line ends with LF; CR before it belongs to the line end.
struct HeaderSection {
  struct Field {
    /// As written, without the white space before the colon.
    var name: String
    /// The whole field with its last line end.
    var range: Range<Int>
    /// From behind the colon to the end of `range`.
    var value: Range<Int>

    func isNamed(_ other: String) -> Bool { ASCIIText.isSame(name, other) }
  }

  private(set) var fields: [Field] = []
  /// Where the section begins, behind an mbox "From " line.
  let start: Int
  /// Where a field can be added at the end: the empty line, or the end of the bytes.
  private(set) var end: Int
  /// Behind the empty line; equal to `end` when there is none.
  private(set) var bodyStart: Int

  var hasEmptyLine: Bool { bodyStart > end }

  init(_ bytes: [UInt8], from origin: Int = 0, to limit: Int? = nil) {
    let limit = min(limit ?? bytes.count, bytes.count)
    start = Self.behindMailboxLine(bytes, origin, limit)
    (end, bodyStart) = (limit, limit)
    var isField = false
    var position = start
    while position < limit {
      let next = Self.lineEnd(bytes, position, limit)
      if Self.isEmptyLine(bytes[position..<next]) {
        (end, bodyStart) = (position, next)
        return
      }
      if bytes[position] == UInt8(ascii: " ") || bytes[position] == UInt8(ascii: "\t") {
        if isField, let last = fields.indices.last {
          fields[last].range = fields[last].range.lowerBound..<next
          fields[last].value = fields[last].value.lowerBound..<next
        }
      } else {
        isField = false
        if let field = Self.field(bytes, position..<next) {
          fields.append(field)
          isField = true
        }
      }
      position = next
    }
  }

  /// Whether a field of that name (lower case) stands here.
  func contains(_ name: String) -> Bool { fields.contains { $0.isNamed(name) } }

  static func lineEnd(_ bytes: [UInt8], _ position: Int, _ limit: Int) -> Int {
    guard position < limit else { return limit }
    let newline = bytes[position..<limit].firstIndex(of: UInt8(ascii: "\n"))
    return newline.map { $0 + 1 } ?? limit
  }

  private static func isEmptyLine(_ line: ArraySlice<UInt8>) -> Bool {
    switch line.count {
    case 1: line.first == UInt8(ascii: "\n")
    case 2: line.first == UInt8(ascii: "\r") && line.last == UInt8(ascii: "\n")
    default: false
    }
  }

  // Local delivery may have left one; GMime skips it too.
  private static func behindMailboxLine(_ bytes: [UInt8], _ origin: Int, _ limit: Int) -> Int {
    guard origin == 0, bytes.starts(with: "From ".utf8) || bytes.starts(with: ">From ".utf8) else {
      return min(origin, limit)
    }
    return lineEnd(bytes, origin, limit)
  }

  // RFC 5322 section 2.2: printable ASCII but the colon; blanks before the colon are obsolete syntax.
  private static func field(_ bytes: [UInt8], _ line: Range<Int>) -> Field? {
    guard let colon = bytes[line].firstIndex(of: UInt8(ascii: ":")) else { return nil }
    var nameEnd = colon
    while nameEnd > line.lowerBound, bytes[nameEnd - 1] == 0x20 || bytes[nameEnd - 1] == 0x09 {
      nameEnd -= 1
    }
    let name = bytes[line.lowerBound..<nameEnd]
    guard !name.isEmpty, name.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return nil }
    return Field(
      name: String(decoding: name, as: UTF8.self), range: line,
      value: (colon + 1)..<line.upperBound)
  }
}
