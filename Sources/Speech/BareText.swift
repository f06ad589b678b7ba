internal import Voicemail

/// Text of engines that know neither case nor punctuation is written as `SegmentWriter` writes PocketSphinx's. What the
/// engine gave is kept as `raw`.
enum BareText {
  /// The same segments where the engine writes as people do, at least once.
  static func written(_ segments: [HeardSegment], isEnglish: Bool) -> [HeardSegment] {
    guard segments.contains(where: { !$0.segment.text.isEmpty }),
      segments.allSatisfy({ isBare($0.segment.text) })
    else { return segments }
    return segments.flatMap { heard in
      let sentences =
        isSpelledOut(heard.segment)
        ? timed(heard.segment, isEnglish) : untimed(heard.segment, isEnglish)
      return sentences.map { sentence in
        var heard = heard
        heard.segment = sentence
        return heard
      }
    }
  }

  /// Letters that could be capitals, and neither a capital nor a mark among them. Scripts without case are left alone.
  static func isBare(_ text: String) -> Bool {
    var hasLetters = false
    for scalar in text.unicodeScalars {
      let facts = scalar.properties
      switch facts.generalCategory {
      case .uppercaseLetter, .titlecaseLetter, .otherLetter: return false
      case .lowercaseLetter: hasLetters = true
      case .otherPunctuation where scalar != "'": return false
      default: break
      }
    }
    return hasLetters
  }

  /// Whether its words are its text.
  private static func isSpelledOut(_ segment: Segment) -> Bool {
    !segment.words.isEmpty && segment.words.map(\.text).joined(separator: " ") == segment.text
  }

  /// Pauses make sentences.
  private static func timed(_ segment: Segment, _ isEnglish: Bool) -> [Segment] {
    SegmentWriter.runs(segment.words).compactMap { run in
      var sentence = SegmentWriter.segment(run, isEnglish: isEnglish)
      sentence?.raw = run
      return sentence
    }
  }

  /// One sentence; no word has times of its own, then or now.
  private static func untimed(_ segment: Segment, _ isEnglish: Bool) -> [Segment] {
    let words = segment.text.split(separator: " ").map {
      Word(
        text: String($0), start: segment.start, end: segment.end, confidence: segment.confidence)
    }
    guard let sentence = SegmentWriter.segment(words, isEnglish: isEnglish) else { return [] }
    var written = segment
    written.text = sentence.text
    written.words = []
    written.raw = [
      Word(
        text: segment.text, start: segment.start, end: segment.end,
        confidence: segment.confidence)
    ]
    return [written]
  }
}
