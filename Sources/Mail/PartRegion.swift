import Voicemail

/// Where a leaf stands in the message, to the byte.
///
/// GMime's offsets are not taken on trust: it measures the line end before a boundary by that of the
/// boundary's own line, is wrong by one where LF and CRLF mix, and leaves out lines that are no
/// header field. Invariants, checked here:
///
/// 1. the header section is the root's, or begins right behind a delimiter line of the parent;
/// 2. each field GMime saw stands at its offset, and no other field stands there;
/// 3. the content begins right behind the section's empty line;
/// 4. it ends before the line end that belongs to the next "--" line, or with the message.
struct PartRegion {
  let headers: HeaderSection
  /// The encoded content.
  let content: Range<Int>

  init(of index: Int, in nodes: [MIMENode], message: [UInt8]) throws(StepFailure) {
    if nodes[index].parent == nil {
      headers = HeaderSection(message)
      content = headers.bodyStart..<message.count
      try Self.check(nodes[index], headers)
      guard headers.hasEmptyLine || message.last == UInt8(ascii: "\n") else {
        throw Self.failure("the header section ends within a line", message.count)
      }
      return
    }
    guard let seen = nodes[index].content, seen.upperBound <= message.count else {
      throw Self.failure("GMime saw no content", nil)
    }
    let delimiter = try Self.delimiterLine(before: index, in: nodes, message: message)
    headers = HeaderSection(message, from: delimiter.upperBound, to: seen.lowerBound)
    try Self.check(nodes[index], headers)
    guard headers.hasEmptyLine, headers.bodyStart == seen.lowerBound else {
      throw Self.failure("its content does not follow its headers", seen.lowerBound)
    }
    content = seen.lowerBound..<(try Self.contentEnd(seen, message))
  }

  /// The delimiter line of the parent right before an entity, with its line end.
  static func delimiterLine(
    before index: Int, in nodes: [MIMENode], message: [UInt8]
  ) throws(StepFailure) -> Range<Int> {
    // An entity begins with its first field, or with the empty line before its content.
    let begin =
      nodes[index].headers.first?.offset
      ?? nodes[index].content.map { lineStart(message, before: $0.lowerBound) }
    guard let parent = nodes[index].parent, let begin, begin > 0, begin <= message.count else {
      throw failure("it has neither headers nor content to find it by", nil)
    }
    let start = lineStart(message, before: begin)
    guard isDelimiter(message[start..<begin], nodes[parent].boundary) else {
      throw failure("no delimiter line before it", begin)
    }
    return start..<begin
  }

  // Invariant 2.
  private static func check(_ node: MIMENode, _ section: HeaderSection) throws(StepFailure) {
    var seen = node.headers.map { "\($0.offset) \($0.name)" }
    // Where lines that are no field come first, GMime gives the first field their offset.
    if let first = section.fields.first, let header = node.headers.first,
      header.offset < first.range.lowerBound
    {
      seen[0] = "\(first.range.lowerBound) \(header.name)"
    }
    guard section.fields.map({ "\($0.range.lowerBound) \($0.name)" }) == seen else {
      throw failure("GMime sees other header fields than stand there", section.start)
    }
  }

  // Invariant 4; GMime's end can be off by one either way.
  private static func contentEnd(_ seen: Range<Int>, _ message: [UInt8]) throws(StepFailure) -> Int
  {
    if seen.upperBound == message.count { return message.count }
    let candidates = max(seen.lowerBound, seen.upperBound - 1)...(seen.upperBound + 3)
    for next in candidates where next < message.count {
      guard message[next...].starts(with: "--".utf8) else { continue }
      if next == seen.lowerBound { return next }
      guard message[next - 1] == UInt8(ascii: "\n") else { continue }
      let hasReturn = next - 2 >= seen.lowerBound && message[next - 2] == UInt8(ascii: "\r")
      return max(seen.lowerBound, next - (hasReturn ? 2 : 1))
    }
    throw failure("no delimiter line behind its content", seen.upperBound)
  }

  private static func lineStart(_ message: [UInt8], before position: Int) -> Int {
    guard position > 0, position <= message.count else { return 0 }
    let newline = message[..<(position - 1)].lastIndex(of: UInt8(ascii: "\n"))
    return newline.map { $0 + 1 } ?? 0
  }

  // RFC 2046 section 5.1.1: "--", the boundary, white space, line end.
  private static func isDelimiter(_ line: ArraySlice<UInt8>, _ boundary: String?) -> Bool {
    guard let boundary, line.starts(with: "--\(boundary)".utf8) else { return false }
    return line.dropFirst(2 + boundary.utf8.count).allSatisfy {
      [0x20, 0x09, 0x0D, 0x0A].contains($0)
    }
  }

  private static func failure(_ what: String, _ offset: Int?) -> StepFailure {
    .permanent("mail: enhance: place of a part: \(what)\(offset.map { ", byte \($0)" } ?? "")")
  }
}
