internal import Voicemail

/// Deepgram's POST /v1/listen: the recording as body, all else in the address.
struct Deepgram: PieceRecogniser {
  /// It takes 2 GB and hours.
  let longestSeconds = 7_200
  let lowConfidence = 0.6

  private struct Answer: Decodable {
    struct TimedWord: Decodable {
      var word: LooseText?
      var punctuatedWord: LooseText?
      var start: LooseNumber?
      var end: LooseNumber?
      var confidence: LooseNumber?
    }
    struct Alternative: Decodable {
      var transcript: LooseText?
      var confidence: LooseNumber?
      var words: [TimedWord]?
    }
    struct Channel: Decodable {
      var detectedLanguage: LooseText?
      var alternatives: [Alternative]?
    }
    struct Utterance: Decodable {
      var start: LooseNumber?
      var end: LooseNumber?
      var confidence: LooseNumber?
      var transcript: LooseText?
      var words: [TimedWord]?
    }
    struct Results: Decodable {
      var channels: [Channel]
      var utterances: [Utterance]?
    }
    var results: Results
  }

  private let service: RemoteService
  private let model: String

  init(_ configuration: EngineConfiguration) throws(EngineFailure) {
    service = try RemoteService(configuration, standardURL: "https://api.deepgram.com")
    model = configuration.model ?? "nova-3"
  }

  func recognize(_ piece: PieceRequest) throws(EngineFailure) -> PieceAnswer {
    var query = [
      ("model", model), ("smart_format", "true"), ("punctuate", "true"), ("utterances", "true"),
      // Our callers have not agreed to be training data.
      ("mip_opt_out", "true"),
    ]
    if piece.languages.count == 1 {
      query.append(("language", Self.known(piece.languages[0])))
    } else {
      query += piece.languages.map { ("detect_language", Self.code($0)) }
      if piece.languages.isEmpty { query.append(("detect_language", "true")) }
    }
    let hint = model.hasPrefix("nova-3") ? "keyterm" : "keywords"
    query += piece.vocabulary.prefix(100).map { (hint, $0) }
    let address = query.map { "\($0.0)=\(PercentEncoding.query($0.1))" }.joined(separator: "&")
    var request = HTTPRequest(
      "POST", "\(service.url)/v1/listen?\(address)",
      body: .bytes(piece.wave().bytes, type: "audio/wav"))
    if let key = service.key { request.headers = [("Authorization", "Token \(key)")] }
    let body = try service.body(request, before: piece.deadline)
    return Self.answer(try LooseJSON.decode(Answer.self, body))
  }

  /// Tags with a region or a script that it knows, as its list of models and languages has them; de-DE is refused.
  private static let regional: Set<String> = [
    "en-US", "en-AU", "en-GB", "en-IN", "en-NZ", "es-419", "fr-CA", "de-CH", "nl-BE", "pt-BR",
    "pt-PT", "sv-SE", "da-DK", "ko-KR", "th-TH", "zh-CN", "zh-TW", "zh-HK", "zh-Hans", "zh-Hant",
  ]

  /// The tag as it knows it, else its language alone.
  private static func known(_ tag: String) -> String {
    let written = LanguageTag.of(tag) ?? tag
    return regional.contains(written) ? written : code(tag)
  }

  /// It has one Norwegian.
  private static func code(_ tag: String) -> String {
    let code = LanguageTag.code(tag)
    return code == "nn" ? "no" : code
  }

  private static func answer(_ answer: Answer) -> PieceAnswer {
    let channel = answer.results.channels.first
    let language = channel?.detectedLanguage?.value.flatMap(LanguageTag.of)
    if let utterances = answer.results.utterances, !utterances.isEmpty {
      return PieceAnswer(
        segments: utterances.map { utterance in
          HeardSegment(
            Segment(
              start: utterance.start?.value ?? 0, end: utterance.end?.value ?? 0,
              text: utterance.transcript?.value ?? "",
              confidence: utterance.confidence?.value ?? 0, words: timed(utterance.words)))
        }, language: language)
    }
    guard let best = channel?.alternatives?.first, let text = best.transcript?.value, !text.isEmpty
    else { return PieceAnswer(segments: [], language: language) }
    let words = timed(best.words)
    return PieceAnswer(
      segments: [
        HeardSegment(
          Segment(
            start: words.first?.start ?? 0, end: words.last?.end ?? 0, text: text,
            confidence: best.confidence?.value ?? 0, words: words))
      ], language: language)
  }

  private static func timed(_ words: [Answer.TimedWord]?) -> [Word] {
    (words ?? []).map { word in
      Word(
        text: word.punctuatedWord?.value ?? word.word?.value ?? "", start: word.start?.value ?? 0,
        end: word.end?.value ?? 0, confidence: min(max(word.confidence?.value ?? 0, 0), 1))
    }
  }
}
