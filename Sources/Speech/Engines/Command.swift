internal import Voicemail

/// Any program: WAV of 16 kHz, 16 bit, mono on its standard input; text, or JSON as docs/engines.md shows it, on
/// standard output. VOICEMAIL_LANGUAGE and VOICEMAIL_VOCABULARY tell what is known.
struct Command: PieceRecogniser {
  let longestSeconds = 1_800
  let lowConfidence = 0.5

  private struct Answer: Decodable {
    struct TimedWord: Decodable {
      var word: String
      var start: LooseNumber?
      var end: LooseNumber?
      var confidence: LooseNumber?
    }
    struct Part: Decodable {
      var text: String
      var start: LooseNumber?
      var end: LooseNumber?
      var confidence: LooseNumber?
      var noSpeech: LooseNumber?
      var words: [TimedWord]?
    }
    var language: String?
    var segments: [Part]
  }

  private let program: ProgramEngine

  init(_ configuration: EngineConfiguration) throws(EngineFailure) {
    program = try ProgramEngine(configuration)
  }

  func recognize(_ piece: PieceRequest) throws(EngineFailure) -> PieceAnswer {
    let output = try program.output(
      [],
      environment: [
        "VOICEMAIL_LANGUAGE=\(piece.languages.joined(separator: ","))",
        "VOICEMAIL_VOCABULARY=\(piece.vocabulary.joined(separator: ","))",
      ], piece)
    guard output.first(where: { $0 > 32 }) == UInt8(ascii: "{") else { return Self.plain(output) }
    let answer = try LooseJSON.decode(Answer.self, output)
    return PieceAnswer(
      segments: answer.segments.map(Self.heard), language: answer.language.flatMap(LanguageTag.of))
  }

  private static func plain(_ output: [UInt8]) -> PieceAnswer {
    let text = String(decoding: output, as: UTF8.self)
    guard text.contains(where: { !$0.isWhitespace }) else { return PieceAnswer(segments: []) }
    return PieceAnswer(segments: [
      HeardSegment(Segment(start: 0, end: 0, text: text, confidence: 0, words: []))
    ])
  }

  private static func heard(_ part: Answer.Part) -> HeardSegment {
    func share(_ number: LooseNumber?) -> Double { min(max(number?.value ?? 0, 0), 1) }
    let confidence = share(part.confidence)
    let words = (part.words ?? []).map { word in
      Word(
        text: word.word, start: word.start?.value ?? 0, end: word.end?.value ?? 0,
        confidence: word.confidence == nil ? confidence : share(word.confidence))
    }
    return HeardSegment(
      Segment(
        start: part.start?.value ?? 0, end: part.end?.value ?? 0, text: part.text,
        confidence: confidence, words: words),
      noSpeech: part.noSpeech?.value)
  }
}
