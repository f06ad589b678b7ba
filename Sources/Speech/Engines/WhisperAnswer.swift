internal import Glibc
internal import Voicemail

/// `verbose_json` of OpenAI's interface, as whisper.cpp, OpenAI and the compatible servers write it; also plain
/// `json`, which has the text alone.
struct WhisperAnswer: Decodable {
  struct TimedWord: Decodable {
    /// LocalAI calls it `text`.
    var word: String?
    var text: String?
    var start: LooseNumber?
    var end: LooseNumber?
    var probability: LooseNumber?
  }
  struct Part: Decodable {
    var text: LooseText?
    var start: LooseNumber?
    var end: LooseNumber?
    var avgLogprob: LooseNumber?
    var noSpeechProb: LooseNumber?
    var compressionRatio: LooseNumber?
    var words: [TimedWord]?
  }
  struct Token: Decodable { var logprob: LooseNumber? }

  var text: LooseText?
  var language: LooseText?
  var segments: [Part]?
  var words: [TimedWord]?
  var logprobs: [Token]?

  /// What a good answer says. Silence is an empty text: an answer with none is no answer. Some servers write plain
  /// text whatever they were asked for.
  static func read(_ response: HTTPResponse) throws(EngineFailure) -> PieceAnswer {
    if response.type.hasPrefix("text/plain") {
      let text = String(decoding: response.body, as: UTF8.self)
      return WhisperAnswer(text: LooseText(text)).answer
    }
    let found = try LooseJSON.decode(WhisperAnswer.self, response.body)
    guard found.text?.value != nil || found.segments != nil else {
      throw LooseJSON.broken(response.body)
    }
    return found.answer
  }

  private var answer: PieceAnswer {
    let language = language?.value.flatMap(LanguageTag.of)
    guard let segments, !segments.isEmpty else {
      return PieceAnswer(segments: plain(), language: language)
    }
    return PieceAnswer(segments: segments.map(heard), language: language)
  }

  /// Text without times; its confidence is that of its tokens, where they are told.
  private func plain() -> [HeardSegment] {
    guard let text = text?.value, !text.isEmpty else { return [] }
    let known = (logprobs ?? []).compactMap { $0.logprob?.value }
    let mean = known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    return [
      HeardSegment(
        Segment(
          start: 0, end: 0, text: text, confidence: mean.map(Self.probability) ?? 0, words: []),
        averageLogProbability: mean)
    ]
  }

  private func heard(_ part: Part) -> HeardSegment {
    let (start, end) = (part.start?.value ?? 0, part.end?.value ?? 0)
    let mean = part.avgLogprob?.value
    let confidence = mean.map(Self.probability) ?? 0
    let own = Self.joined(part.words ?? [], confidence)
    // OpenAI puts them beside the segments; a word belongs where its middle is.
    let beside =
      own.isEmpty
      ? Self.joined(words ?? [], confidence).filter {
        let middle = ($0.start + $0.end) / 2
        return middle >= start && middle < end
      } : own
    return HeardSegment(
      Segment(
        start: start, end: end, text: part.text?.value ?? "", confidence: confidence,
        words: confidence > 0 || !own.isEmpty ? beside : []),
      noSpeech: part.noSpeechProb?.value, averageLogProbability: mean,
      compressionRatio: part.compressionRatio?.value)
  }

  private static func probability(_ logarithm: Double) -> Double {
    min(max(exp(logarithm), 0), 1)
  }

  /// whisper.cpp gives tokens: what does not begin with a space goes on with the word before.
  private static func joined(_ pieces: [TimedWord], _ confidence: Double) -> [Word] {
    let texts = pieces.map { $0.word ?? $0.text ?? "" }
    let areTokens = texts.contains { $0.hasPrefix(" ") }
    var words: [Word] = []
    var counts: [Int] = []
    for (piece, text) in zip(pieces, texts) where !text.isEmpty && !text.hasPrefix("[_") {
      let probability = piece.probability?.value.map { min(max($0, 0), 1) } ?? confidence
      if areTokens, !text.hasPrefix(" "), let last = words.indices.last {
        words[last].text += text
        words[last].end = max(words[last].end, piece.end?.value ?? 0)
        words[last].confidence += probability
        counts[last] += 1
      } else {
        words.append(
          Word(
            text: String(text.drop { $0 == " " }), start: piece.start?.value ?? 0,
            end: piece.end?.value ?? 0, confidence: probability))
        counts.append(1)
      }
    }
    for index in words.indices { words[index].confidence /= Double(counts[index]) }
    return words.filter { !$0.text.isEmpty }
  }
}
