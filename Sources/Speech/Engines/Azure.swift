internal import Voicemail

/// Azure's fast transcription: one synchronous request.
struct Azure: PieceRecogniser {
  /// It takes hours and 300 MB; older regions 200 MB.
  let longestSeconds = 5_400
  let lowConfidence = 0.5
  /// What it calls otherwise than `LanguageTag` does, and the only Urdu that it has.
  private static let languageNames = ["no-NO": "nb-NO", "tl-PH": "fil-PH", "ur-PK": "ur-IN"]

  private struct Definition: Encodable {
    struct Phrases: Encodable { var phrases: [String] }
    var locales: [String]
    var profanityFilterMode = "None"
    var phraseList: Phrases?
  }

  private struct Answer: Decodable {
    struct TimedWord: Decodable {
      var text: LooseText?
      var offsetMilliseconds: LooseNumber?
      var durationMilliseconds: LooseNumber?
      var offset: LooseNumber?
      var duration: LooseNumber?
    }
    struct Phrase: Decodable {
      var text: LooseText?
      /// The preview of the interface called them offset and duration.
      var offsetMilliseconds: LooseNumber?
      var durationMilliseconds: LooseNumber?
      var offset: LooseNumber?
      var duration: LooseNumber?
      var locale: LooseText?
      var confidence: LooseNumber?
      var words: [TimedWord]?
    }
    var phrases: [Phrase]
  }

  private let service: RemoteService

  init(_ configuration: EngineConfiguration) throws(EngineFailure) {
    service = try RemoteService(configuration)
  }

  func recognize(_ piece: PieceRequest) throws(EngineFailure) -> PieceAnswer {
    let definition = Definition(
      locales: piece.languages.map { LanguageTag.regional($0, Self.languageNames) },
      phraseList: piece.vocabulary.isEmpty ? nil : .init(phrases: piece.vocabulary))
    var request = HTTPRequest(
      "POST",
      service.url + "/speechtotext/transcriptions:transcribe?api-version=2024-11-15",
      body: .form([
        .file("audio", filename: "voicemail.wav", type: "audio/wav", piece.wave().bytes),
        .field("definition", String(decoding: LooseJSON.encode(definition), as: UTF8.self)),
      ]))
    request.headers = [("Ocp-Apim-Subscription-Key", service.key ?? "")]
    let body = try service.body(request, before: piece.deadline)
    let answer = try LooseJSON.decode(Answer.self, body)
    return PieceAnswer(
      segments: answer.phrases.map(Self.heard),
      language: answer.phrases.first?.locale?.value.flatMap(LanguageTag.of))
  }

  /// Words have no confidence of their own: they have that of their phrase.
  private static func heard(_ phrase: Answer.Phrase) -> HeardSegment {
    let confidence = min(max(phrase.confidence?.value ?? 0, 0), 1)
    let start = (phrase.offsetMilliseconds ?? phrase.offset)?.value ?? 0
    let length = (phrase.durationMilliseconds ?? phrase.duration)?.value ?? 0
    let words = (phrase.words ?? []).map { word in
      let from = (word.offsetMilliseconds ?? word.offset)?.value ?? 0
      let time = (word.durationMilliseconds ?? word.duration)?.value ?? 0
      return Word(
        text: word.text?.value ?? "", start: from / 1_000, end: (from + time) / 1_000,
        confidence: confidence)
    }
    return HeardSegment(
      Segment(
        start: start / 1_000, end: (start + length) / 1_000, text: phrase.text?.value ?? "",
        confidence: confidence, words: confidence > 0 ? words : []))
  }
}
