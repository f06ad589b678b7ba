/// A transcript made ready for a reader: paragraphs of runs, each certain or doubtful.
struct SpokenText: Equatable {
  struct Run: Equatable {
    var text: String
    var isDoubtful: Bool
    /// The sentence's end, which is never in doubt itself.
    var ending = ""
  }

  /// Below this an engine's word is wrong more often than right.
  static let doubtfulBelow = 0.3
  /// A pause that ends a paragraph.
  static let paragraphPauseSeconds = 1.5
  /// More than an hour's speech; beyond it something is wrong with the engine.
  static let maxCharacters = 100_000

  var paragraphs: [[Run]] = []
  var isShortened = false

  var isEmpty: Bool { paragraphs.isEmpty }
  var hasDoubt: Bool { paragraphs.contains { $0.contains(where: \.isDoubtful) } }

  /// `budget` is what may still be shown of all recordings together.
  init(_ segments: [Segment], budget: inout Int) {
    var end: Double?
    for segment in segments {
      let words = segment.words.isEmpty ? [Self.whole(segment)] : segment.words
      var paragraph = end == nil
      // NaN from an engine compares false and joins the paragraphs.
      if let end, segment.start - end >= Self.paragraphPauseSeconds { paragraph = true }
      for (index, word) in words.enumerated() {
        guard budget > 0 else {
          isShortened = true
          return
        }
        let text = SafeText.line(word.text, limit: budget)
        guard !text.isEmpty else { continue }
        let count = text.unicodeScalars.count
        if count > budget { isShortened = true }
        budget -= count + 1
        let ending = index == words.count - 1 ? Self.ending(of: segment, after: text) : ""
        add(
          Run(text: text, isDoubtful: word.confidence < Self.doubtfulBelow, ending: ending),
          paragraph)
        paragraph = false
      }
      end = segment.end
    }
  }

  /// A segment whose engine gives no words; 0 means that it gives no confidence either.
  private static func whole(_ segment: Segment) -> Word {
    Word(
      text: segment.text, start: segment.start, end: segment.end,
      confidence: segment.confidence == 0 ? 1 : segment.confidence)
  }

  /// Words stand without punctuation; the segment's text has what ends its sentence.
  private static func ending(of segment: Segment, after word: String) -> String {
    guard let last = segment.text.last, ".?!".contains(last), !word.hasSuffix(String(last)) else {
      return ""
    }
    return String(last)
  }

  /// Neighbours of one kind are one run: `[like this?]`, not `[like?] [this?]`.
  private mutating func add(_ run: Run, _ startsParagraph: Bool) {
    guard !startsParagraph, let paragraph = paragraphs.indices.last,
      let last = paragraphs[paragraph].indices.last
    else {
      paragraphs.append([run])
      return
    }
    if paragraphs[paragraph][last].isDoubtful == run.isDoubtful,
      !run.isDoubtful || paragraphs[paragraph][last].ending.isEmpty
    {
      let before = paragraphs[paragraph][last]
      paragraphs[paragraph][last].text = before.text + before.ending + " " + run.text
      paragraphs[paragraph][last].ending = run.ending
    } else {
      paragraphs[paragraph].append(run)
    }
  }

  /// The first words on one line, without marks: what an inbox shows below the subject.
  func beginning(limit: Int) -> String {
    var text = ""
    for run in paragraphs.joined() where text.utf8.count <= limit * 4 {
      text += text.isEmpty ? "" : " "
      text += run.text.prefix(limit + 2) + run.ending
    }
    return SafeText.line(text, limit: limit)
  }
}
