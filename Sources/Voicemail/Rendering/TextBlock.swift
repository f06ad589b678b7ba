/// The block for the top of the text part: the caller's words first, as an inbox shows them.
enum TextBlock {
  /// Lines of at most 78 columns, each ended by `\n`; Mail writes a rule below them.
  static func render(_ notice: Notice) -> String {
    var lines: [String] = []
    let isLabelled = notice.recordings.count > 1
    for recording in notice.recordings {
      lines += body(recording, notice.language)
      // Below the words like a quotation's source: above, it would be all that an inbox shows.
      if isLabelled {
        lines += TextColumns.wrap(label(recording, notice.language), first: "  ", rest: "  ")
      }
      lines.append("")
    }
    lines += facts(notice.facts)
    lines.append("")
    if let legend = notice.legend {
      let doubt = notice.spoken.contains(where: \.hasDoubt)
      lines += TextColumns.wrap(
        doubt ? "\(legend) \(doubtful(notice.language))" : legend)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func doubtful(_ language: Language) -> String {
    language.fill(.doubt, ["example": "[\(language[.doubtExample])?]"])
  }

  private static func body(_ recording: Notice.Recording, _ language: Language) -> [String] {
    guard case .text(let text, let isLow) = recording.outcome else {
      if case .sentence(let sentence) = recording.outcome { return TextColumns.wrap(sentence) }
      return []
    }
    var lines: [String] = []
    for (index, paragraph) in text.paragraphs.enumerated() {
      let isLast = index == text.paragraphs.count - 1
      let words = paragraph.map { ($0.isDoubtful ? "[\($0.text)?]" : $0.text) + $0.ending }
        .joined(separator: " ")
      // Each paragraph opens the quotation anew, the last one closes it.
      lines += TextColumns.wrap("\"\(words)\(isLast && !text.isShortened ? "\"" : "")")
      if !isLast { lines.append("") }
    }
    if text.isShortened { lines.append("(\(language[.shortened]))") }
    if isLow { lines += TextColumns.wrap(language[.lowConfidence]) }
    return lines
  }

  private static func label(_ recording: Notice.Recording, _ language: Language) -> String {
    let name = recording.filename ?? language[.unnamedRecording]
    return "(\(name)\(recording.length.map { ", \($0)" } ?? ""))"
  }

  /// The colon keeps a line from beginning with `From `, which mbox files would quote.
  private static func facts(_ facts: [Notice.Fact]) -> [String] {
    let width = 2 + (facts.map { TextColumns.width(of: $0.label) }.max() ?? 0)
    return facts.flatMap { fact -> [String] in
      let label = "\(fact.label):"
      let padding = String(repeating: " ", count: max(1, width - TextColumns.width(of: label)))
      return TextColumns.wrap(
        fact.value, first: label + padding, rest: String(repeating: " ", count: width))
    }
  }
}
