/// Reads a template's tags. Works on bytes: delimiters may be any, names and text are UTF-8.
struct TemplateParser {
  private let source: [UInt8]
  private var position = 0
  private var opening = Array("{{".utf8)
  private var closing = Array("}}".utf8)
  /// The sections that are open, the template itself first.
  private var open: [(name: String, at: Template.Name, isInverted: Bool, nodes: [Template.Node])]

  init(_ source: String) throws(TemplateError) {
    self.source = Array(source.utf8)
    open = [("", Template.Name(components: [], line: 1), false, [])]
    guard self.source.count <= Template.maxBytes else {
      throw TemplateError(
        line: 1, problem: "\(self.source.count) bytes; a template has at most \(Template.maxBytes)")
    }
    for (offset, byte) in self.source.enumerated()
    where byte < 0x20 && ![0x09, 0x0A, 0x0D].contains(byte) || byte == 0x7F {
      throw TemplateError(line: line(of: offset), problem: "a control character")
    }
  }

  mutating func parse() throws(TemplateError) -> [Template.Node] {
    while let start = find(opening, from: position) { try readTag(at: start) }
    add(text: position..<source.count)
    guard open.count == 1, let root = open.first else {
      let last = open[open.count - 1]
      throw TemplateError(line: last.at.line, problem: "{{#\(last.name)}} is never closed")
    }
    return root.nodes
  }

  private mutating func readTag(at start: Int) throws(TemplateError) {
    let line = line(of: start)
    var inside = start + opening.count
    let sigil = inside < source.count ? source[inside] : 0
    // The end of {{{name}}} and of {{=<% %>=}} is a longer one.
    var end = closing
    if sigil == UInt8(ascii: "{") { end = [UInt8(ascii: "}")] + closing }
    if sigil == UInt8(ascii: "=") { end = [UInt8(ascii: "=")] + closing }
    let hasSigil = "#^/!&={><$".utf8.contains(sigil)
    if hasSigil { inside += 1 }
    guard let stop = find(end, from: inside) else {
      throw TemplateError(line: line, problem: "a tag without its end \(text(end[...]))")
    }
    let content = text(Self.trimmed(source[inside..<stop]))
    let next = stop + end.count
    let isValue = !hasSigil || sigil == UInt8(ascii: "&") || sigil == UInt8(ascii: "{")
    let (before, after) =
      isValue ? (start, next) : standalone(from: start, to: next) ?? (start, next)
    add(text: position..<before)
    position = after
    switch sigil {
    case UInt8(ascii: "!"): break
    case UInt8(ascii: "="): try setDelimiters(content, line)
    case UInt8(ascii: "#"), UInt8(ascii: "^"):
      guard open.count <= Template.maxDepth else {
        throw TemplateError(
          line: line, problem: "more than \(Template.maxDepth) sections in one another")
      }
      open.append((content, try name(content, line), sigil == UInt8(ascii: "^"), []))
    case UInt8(ascii: "/"): try close(content, line)
    case UInt8(ascii: ">"), UInt8(ascii: "<"), UInt8(ascii: "$"):
      throw TemplateError(
        line: line, problem: "{{\(text([sigil]))\(content)}}: partials and blocks are not supported"
      )
    default: add(.value(try name(content, line), isEscaped: !hasSigil))
    }
  }

  private mutating func close(_ name: String, _ line: Int) throws(TemplateError) {
    guard open.count > 1, let section = open.last, section.name == name else {
      let expected = open.count > 1 ? "; {{/\(open[open.count - 1].name)}} is due" : ""
      throw TemplateError(line: line, problem: "{{/\(name)}} closes nothing\(expected)")
    }
    open.removeLast()
    add(.section(section.at, section.nodes, isInverted: section.isInverted))
  }

  private mutating func setDelimiters(_ content: String, _ line: Int) throws(TemplateError) {
    let words = content.split { $0 == " " || $0 == "\t" || $0.isNewline }
    guard words.count == 2, !content.contains("=") else {
      throw TemplateError(line: line, problem: "delimiters are two words without =")
    }
    opening = Array(words[0].utf8)
    closing = Array(words[1].utf8)
  }

  private func name(_ content: String, _ line: Int) throws(TemplateError) -> Template.Name {
    if content == "." { return Template.Name(components: [], line: line) }
    let isLocal = content.hasPrefix(".")
    let parts = content.dropFirst(isLocal ? 1 : 0).split(
      separator: ".", omittingEmptySubsequences: false)
    guard parts.allSatisfy({ !$0.isEmpty }),
      content.utf8.allSatisfy({ $0 > 0x20 && !"{}".utf8.contains($0) })
    else { throw TemplateError(line: line, problem: "'\(content)' is no name") }
    return Template.Name(components: parts.map(String.init), isLocal: isLocal, line: line)
  }

  private mutating func add(_ node: Template.Node) { open[open.count - 1].nodes.append(node) }

  private mutating func add(text range: Range<Int>) {
    if !range.isEmpty { add(.text(text(source[range]))) }
  }

  // MARK: bytes

  /// The whole line, when nothing but blanks stands beside the tag: it leaves no line behind.
  private func standalone(from start: Int, to end: Int) -> (Int, Int)? {
    var before = start
    while before > position, Self.isBlank(source[before - 1]) { before -= 1 }
    guard before == 0 || source[before - 1] == UInt8(ascii: "\n") else { return nil }
    var after = end
    while after < source.count, Self.isBlank(source[after]) { after += 1 }
    if after == source.count { return (before, after) }
    if source[after...].starts(with: "\r\n".utf8) { return (before, after + 2) }
    return source[after] == UInt8(ascii: "\n") ? (before, after + 1) : nil
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let isSpace = { (byte: UInt8) in isBlank(byte) || byte == 0x0A || byte == 0x0D }
    let start = bytes.drop(while: isSpace)
    return start.dropLast(start.reversed().prefix(while: isSpace).count)
  }

  private func find(_ wanted: [UInt8], from start: Int) -> Int? {
    guard let first = wanted.first, start <= source.count else { return nil }
    var rest = source[start...]
    while let at = rest.firstIndex(of: first) {
      if source[at...].starts(with: wanted) { return at }
      rest = source[(at + 1)...]
    }
    return nil
  }

  private func line(of offset: Int) -> Int {
    1 + source[..<offset].count { $0 == UInt8(ascii: "\n") }
  }

  private func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
  }
}
