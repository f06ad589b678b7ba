/// What is left of an answer after the rules against invented text.
package struct CheckedAnswer: Sendable, Equatable {
  package var segments: [Segment]
  package var language: String
  /// One line for each rule that took something out or marked it; without a word of the text.
  package var remarks: [String]
}

/// Finds text that nobody said. Engines of the whisper family complete sentences where there is only noise.
///
/// Dropped is what cannot have been said; marked, by a confidence that shows as doubtful, is what may.
package struct InventedText {
  /// Of the recording, as our own ear measures it.
  package var speechSeconds: Double
  /// What the engine was told may be said; some say it back.
  package var vocabulary: [String]

  package init(speechSeconds: Double, vocabulary: [String] = []) {
    self.speechSeconds = speechSeconds
    self.vocabulary = vocabulary
  }

  package enum Rule: String, Sendable, CaseIterable {
    case noSpeech = "the engine itself takes it for silence"
    case failedDecoding = "the engine failed on it"
    case compression = "it repeats itself"
    case repetition = "the same words over and over"
    case subtitle = "a subtitle's phrase where hardly anybody speaks"
    case silence = "text where nobody speaks"
    case tooFast = "more text than can be said in that time"
    case echo = "the vocabulary read back"
  }

  enum Verdict: Equatable {
    case dropped(Rule)
    case marked(Rule)
  }

  /// Below what the reader sees as doubtful.
  static let markedConfidence = 0.2

  package func check(_ answer: SpeechAnswer) -> CheckedAnswer {
    var kept: [Segment] = []
    var dropped: [Rule: Int] = [:]
    var marked: [Rule: Int] = [:]
    var cut = 0
    for var heard in answer.segments {
      if let rest = LoopedText.cut(heard.segment) {
        heard.segment = rest
        cut += 1
      }
      switch verdict(heard) {
      case nil: kept.append(heard.segment)
      case .marked(let rule):
        marked[rule, default: 0] += 1
        kept.append(Self.doubted(heard.segment))
      case .dropped(let rule): dropped[rule, default: 0] += 1
      }
    }
    let loops = Self.loops(kept)
    if !loops.isEmpty {
      dropped[.repetition, default: 0] += loops.count
      kept = kept.indices.filter { !loops.contains($0) }.map { kept[$0] }
    }
    if isTooLong(kept) {
      dropped[.tooFast, default: 0] += kept.count
      kept = []
    }
    var remarks = Rule.allCases.flatMap { rule in
      [
        dropped[rule].map { "dropped segments: \($0): \(rule.rawValue)" },
        marked[rule].map { "doubted segments: \($0): \(rule.rawValue)" },
      ].compactMap(\.self)
    }
    if cut > 0 { remarks.append("cut segments: \(cut): \(Rule.repetition.rawValue)") }
    return CheckedAnswer(segments: kept, language: answer.language, remarks: remarks)
  }

  // MARK: - One segment

  func verdict(_ heard: HeardSegment) -> Verdict? {
    let words = TextWords.of(heard.segment.text)
    let speech = heard.speechSeconds ?? speechSeconds
    // Open AI's own hints for whisper: 0.6, -1, 2.4.
    if let silence = heard.noSpeech, silence > 0.6, let mean = heard.averageLogProbability,
      mean < -1
    {
      return .dropped(.noSpeech)
    }
    if let ratio = heard.compressionRatio, ratio > 2.4 { return .dropped(.compression) }
    if TextWords.isLoop(words) { return .dropped(.repetition) }
    if isEcho(words) { return .dropped(.echo) }
    let length = heard.segment.end - heard.segment.start
    // A "Bye." is short and said: what is invented stands in a long time with little speech.
    if speech < 1, SubtitlePhrase.matches(words),
      length <= 0 || speech < length / 2 || heard.noSpeech ?? 0 > 0.6
    {
      return .dropped(.subtitle)
    }
    if let found = heard.speechSeconds, found < 0.1, !words.isEmpty {
      // Our ear may miss a whisper; the engine may not be sure of it either.
      return heard.noSpeech ?? 0 > 0.6 || words.count > 3 ? .dropped(.silence) : .marked(.silence)
    }
    if length > 0, Double(words.count) > 2 + 8 * length { return .dropped(.tooFast) }
    if let silence = heard.noSpeech, silence > 0.8 { return .marked(.noSpeech) }
    if let mean = heard.averageLogProbability, mean < -1 { return .marked(.failedDecoding) }
    return nil
  }

  /// Some engines answer silence with what they were told to expect.
  private func isEcho(_ words: [String]) -> Bool {
    let told = TextWords.of(vocabulary.joined(separator: " "))
    return told.count >= 2 && words.count >= told.count && words.count <= told.count + 2
      && words.starts(with: told) && speechSeconds < Double(told.count) / 4
  }

  private static func doubted(_ segment: Segment) -> Segment {
    var segment = segment
    segment.confidence = min(segment.confidence, markedConfidence)
    for index in segment.words.indices {
      segment.words[index].confidence = min(segment.words[index].confidence, markedConfidence)
    }
    return segment
  }

  // MARK: - The whole

  /// Fast speakers reach five words a second, over all of their speech four.
  private func isTooLong(_ segments: [Segment]) -> Bool {
    let words = segments.reduce(0) { $0 + TextWords.of($1.text).count }
    return Double(words) > 6 + 6 * speechSeconds
  }

  /// Positions of segments that come again and again, alone or in turns of up to three: four times in a row or more.
  /// A single word may.
  private static func loops(_ segments: [Segment]) -> Set<Int> {
    let texts = segments.map { TextWords.of($0.text) }
    var found: Set<Int> = []
    for unit in 1...3 where texts.count >= 4 * unit {
      var run = 0
      for index in unit..<texts.count {
        run = texts[index] == texts[index - unit] ? run + 1 : 0
        guard run >= 3 * unit else { continue }
        let isWord = unit == 1 && texts[index].count == 1
        let first = run == 3 * unit ? index - 4 * unit + 1 : index
        if !isWord { found.formUnion(first...index) }
      }
    }
    return found
  }
}
