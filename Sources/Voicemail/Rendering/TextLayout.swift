/// Lays a rendered text out for an 80-column terminal and for mail programs that break lines themselves.
enum TextLayout {
  /// Every line at most 78 columns wide and ended by `\n`. What is broken goes on below the text behind
  /// a label (two blanks or more make a column), else below the line's own indent. Empty lines at the
  /// end become one, as the PBX's own text follows.
  static func lay(_ text: String) -> String {
    var lines: [String] = []
    for line in SafeText.lines(text).split(separator: "\n", omittingEmptySubsequences: false) {
      if TextColumns.width(of: line) <= TextColumns.limit {
        lines.append(String(line))
        continue
      }
      let head = head(line)
      lines += TextColumns.wrap(
        String(line.dropFirst(head.count)), first: head,
        rest: String(repeating: " ", count: TextColumns.width(of: head)))
    }
    while lines.last?.allSatisfy({ $0 == " " }) == true { lines.removeLast() }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The line's beginning that what is broken off stands below; empty when there is none.
  private static func head(_ line: Substring) -> String {
    let widest = 40
    let indent = line.prefix { $0 == " " }
    let columns = line.dropFirst(indent.count).prefix(widest)
    guard let gap = columns.firstRange(of: "  ") else {
      return indent.count <= widest ? String(indent) : ""
    }
    let blanks = line[gap.lowerBound...].prefix { $0 == " " }
    let head = String(line[..<blanks.endIndex])
    return TextColumns.width(of: head) <= widest ? head : ""
  }
}
