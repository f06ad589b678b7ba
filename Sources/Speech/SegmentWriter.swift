internal import Voicemail

/// Words a recogniser heard become lines to read.
///
/// PocketSphinx and some others know neither case, digits nor punctuation. A pause makes a sentence; "I", days, months,
/// titles and `SpokenNumbers` are the only other things that are changed: a guess more would be a lie about what was
/// heard.
enum SegmentWriter {
  /// A silence between words from which on a new segment begins.
  static let pauseSeconds = 0.6

  /// Fillers and marks removed: `<sil>`, `[NOISE]`, `++UM++`; `your(2)` is `your`.
  static func spoken(_ text: String) -> String? {
    guard let first = text.first, !"<[+".contains(first) else { return nil }
    guard let mark = text.firstIndex(of: "(") else { return text }
    return mark > text.startIndex ? String(text[..<mark]) : nil
  }

  /// Segments of words that stand in the order of their times; `isEnglish` writes numbers as digits.
  static func segments(_ words: [Word], isEnglish: Bool) -> [Segment] {
    runs(words).compactMap { segment($0, isEnglish: isEnglish) }
  }

  /// Words between pauses.
  static func runs(_ words: [Word]) -> [[Word]] {
    var runs: [[Word]] = []
    for word in words {
      if let last = runs.last?.last, word.start - last.end < pauseSeconds {
        runs[runs.count - 1].append(word)
      } else {
        runs.append([word])
      }
    }
    return runs
  }

  /// One sentence of one run; nil for none.
  static func segment(_ run: [Word], isEnglish: Bool) -> Segment? {
    guard let first = run.first, let last = run.last else { return nil }
    var words = isEnglish ? SpokenNumbers.written(run) : run
    let raw = words == run ? nil : run
    for index in words.indices {
      words[index].text = cased(words[index].text, isFirst: index == 0, isEnglish)
    }
    let text = words.map(\.text).joined(separator: " ")
    return Segment(
      start: first.start, end: last.end, text: text.hasSuffix(".") ? text : text + ".",
      confidence: run.reduce(0) { $0 + $1.confidence } / Double(run.count), words: words,
      raw: raw)
  }

  private static func cased(_ word: String, isFirst: Bool, _ isEnglish: Bool) -> String {
    let stem = String(word.prefix { $0 != "'" })
    guard isFirst || isEnglish && capitalized.contains(stem) else { return word }
    return word.prefix(1).uppercased() + word.dropFirst()
  }

  /// What English always writes with a capital; "may", "march" and "august" are other words too.
  private static let capitalized: Set<String> = [
    "i", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january",
    "february", "april", "june", "july", "september", "october", "november", "december",
    "christmas", "easter", "english", "american", "mr", "mrs", "ms", "dr", "mr.", "mrs.", "ms.",
    "dr.",
  ]
}
