/// A transcript made ready for a reader: paragraphs of runs, each certain or doubtful.
struct SpokenText: Equatable {
  struct Run: Equatable {
    var text: String
    var isDoubtful: Bool
    /// The sentence's end, which is never in doubt itself.
    var ending = ""
  }

  struct Paragraph: Equatable {
    /// Seconds from the start of the recording.
    var start: Double
    /// nil where it is not known.
    var speaker: Speaker?
    var runs: [Run]
  }

  /// Below this an engine's word is wrong more often than right.
  static let doubtfulBelow = 0.3
  /// A pause that ends a paragraph.
  static let paragraphPauseSeconds = 1.5
  /// More than an hour's speech; beyond it something is wrong with the engine.
  static let maxCharacters = 100_000

  var paragraphs: [Paragraph] = []
  var isShortened = false

  var isEmpty: Bool { paragraphs.isEmpty }
  var hasDoubt: Bool { paragraphs.contains { $0.runs.contains(where: \.isDoubtful) } }

  /// `budget` is what may still be shown of all recordings together.
  init(_ segments: [Segment], budget: inout Int) {
    var end: Double?
    var speaker: Speaker?
    for segment in segments {
      let words = segment.words.isEmpty ? [Self.whole(segment)] : segment.words
      var paragraph = end == nil
      // NaN from an engine compares false and joins the paragraphs.
      if let end, segment.start - end >= Self.paragraphPauseSeconds { paragraph = true }
      if segment.speaker != speaker { paragraph = true }
      speaker = segment.speaker
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
          at: paragraph ? segment.start : nil, by: speaker)
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
  /// `at`: the seconds at which the run begins a paragraph.
  private mutating func add(_ run: Run, at seconds: Double?, by speaker: Speaker?) {
    guard seconds == nil, let paragraph = paragraphs.indices.last,
      let before = paragraphs[paragraph].runs.popLast()
    else {
      paragraphs.append(Paragraph(start: seconds ?? 0, speaker: speaker, runs: [run]))
      return
    }
    if before.isDoubtful == run.isDoubtful, !run.isDoubtful || before.ending.isEmpty {
      let text = before.text + before.ending + " " + run.text
      paragraphs[paragraph].runs.append(
        Run(text: text, isDoubtful: run.isDoubtful, ending: run.ending))
    } else {
      paragraphs[paragraph].runs += [before, run]
    }
  }

  /// The first words on one line, without marks: what an inbox shows below the subject.
  func beginning(limit: Int) -> String {
    Self.joined(paragraphs.lazy.flatMap(\.runs), limit)
  }

  /// The first words up to the first doubtful one; empty when that leaves a single word or none.
  func certainBeginning(limit: Int) -> String {
    let certain = paragraphs.lazy.flatMap(\.runs).prefix { !$0.isDoubtful }
    let text = Self.joined(certain, limit)
    return text.contains(" ") ? text : ""
  }

  private static func joined(_ runs: some Sequence<Run>, _ limit: Int) -> String {
    var text = ""
    for run in runs {
      guard text.utf8.count <= limit * 4 else { break }
      text += text.isEmpty ? "" : " "
      text += run.text.prefix(limit + 2) + run.ending
    }
    return SafeText.line(text, limit: limit)
  }
}
