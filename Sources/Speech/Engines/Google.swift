internal import Voicemail

/// Google's Speech-to-Text: version 1, or version 2 when a project is set. Synchronous requests take a minute at most,
/// so longer recordings go in pieces; no bucket is needed.
struct Google: PieceRecogniser {
  let longestSeconds = 55
  let lowConfidence = 0.6

  private struct V1: Encodable {
    struct Context: Encodable {
      var phrases: [String]
      var boost = 10.0
    }
    struct Metadata: Encodable {
      var interactionType = "VOICEMAIL"
      var originalMediaType = "AUDIO"
      var recordingDeviceType = "PHONE_LINE"
    }
    struct Config: Encodable {
      var encoding = "LINEAR16"
      var sampleRateHertz: Int
      var languageCode: String
      var alternativeLanguageCodes: [String]?
      var model: String
      var useEnhanced: Bool?
      var enableWordTimeOffsets = true
      var enableWordConfidence = true
      var enableAutomaticPunctuation = true
      var speechContexts: [Context]?
      var metadata = Metadata()
    }
    struct Audio: Encodable { var content: String }
    var config: Config
    var audio: Audio
  }
  private struct V2: Encodable {
    struct Decoding: Encodable {
      var encoding = "LINEAR16"
      var sampleRateHertz: Int
      var audioChannelCount = 1
    }
    struct Features: Encodable {
      var enableWordTimeOffsets = true
      var enableWordConfidence = true
      var enableAutomaticPunctuation = true
    }
    struct Phrase: Encodable {
      var value: String
      var boost = 10.0
    }
    struct PhraseSet: Encodable { var phrases: [Phrase] }
    struct Inline: Encodable { var inlinePhraseSet: PhraseSet }
    struct Adaptation: Encodable { var phraseSets: [Inline] }
    struct Config: Encodable {
      var explicitDecodingConfig: Decoding
      var model: String
      var languageCodes: [String]
      var features = Features()
      var adaptation: Adaptation?
    }
    var config: Config
    var content: String
  }

  private struct Answer: Decodable {
    struct TimedWord: Decodable {
      var word: LooseText?
      var startTime: LooseNumber?
      var endTime: LooseNumber?
      /// Version 2.
      var startOffset: LooseNumber?
      var endOffset: LooseNumber?
      var confidence: LooseNumber?
    }
    struct Alternative: Decodable {
      var transcript: LooseText?
      var confidence: LooseNumber?
      var words: [TimedWord]?
    }
    struct Result: Decodable {
      var alternatives: [Alternative]?
      var languageCode: LooseText?
    }
    /// None: nobody spoke.
    var results: [Result]?
  }

  private let service: RemoteService
  private let account: GoogleAccount
  private let model: String
  private let project: String?
  private let location: String

  init(_ configuration: EngineConfiguration) throws(EngineFailure) {
    project = configuration.project
    location = configuration.location ?? "global"
    let host = location == "global" || project == nil ? "" : "\(location)-"
    service = try RemoteService(
      configuration, standardURL: "https://\(host)speech.googleapis.com")
    account = try GoogleAccount(service)
    model = configuration.model ?? "telephony"
  }

  func recognize(_ piece: PieceRequest) throws(EngineFailure) -> PieceAnswer {
    let wave = piece.wave()
    // LINEAR16 has no header.
    let content = Signatures.base64(Array(wave.bytes.dropFirst(WaveFile.headerBytes)))
    let languages =
      piece.languages.isEmpty ? ["en-US"] : piece.languages.map { LanguageTag.regional($0) }
    let phrases = piece.vocabulary.map { String($0.prefix(100)) }
    let address: String
    let body: [UInt8]
    if let project {
      address = "/v2/projects/\(project)/locations/\(location)/recognizers/_:recognize"
      let set = V2.PhraseSet(phrases: phrases.map { V2.Phrase(value: $0) })
      body = LooseJSON.encode(
        V2(
          config: .init(
            explicitDecodingConfig: .init(sampleRateHertz: wave.sampleRateHz), model: model,
            languageCodes: languages,
            adaptation: phrases.isEmpty ? nil : .init(phraseSets: [.init(inlinePhraseSet: set)])),
          content: content))
    } else {
      address = "/v1/speech:recognize"
      let others = Array(languages.dropFirst().prefix(3))
      body = LooseJSON.encode(
        V1(
          config: .init(
            sampleRateHertz: wave.sampleRateHz, languageCode: languages[0],
            alternativeLanguageCodes: others.isEmpty ? nil : others, model: model,
            useEnhanced: model == "phone_call" ? true : nil,
            speechContexts: phrases.isEmpty ? nil : [.init(phrases: phrases)]),
          audio: .init(content: content)))
    }
    let answer = try LooseJSON.decode(
      Answer.self, try ask(address, body, before: piece.deadline))
    let results = answer.results ?? []
    return PieceAnswer(
      segments: results.compactMap(Self.heard),
      language: results.first?.languageCode?.value.flatMap(LanguageTag.of))
  }

  /// A token may have been called back: one that is refused is renewed once.
  private func ask(_ address: String, _ body: [UInt8], before deadline: ContinuousClock.Instant)
    throws(EngineFailure) -> [UInt8]
  {
    var response = try exchange(address, body, before: deadline)
    if response.status == 401 {
      account.forgetToken()
      response = try exchange(address, body, before: deadline)
    }
    guard response.isGood else { throw service.failure(response, hiding: account.secrets) }
    return response.body
  }

  private func exchange(
    _ address: String, _ body: [UInt8], before deadline: ContinuousClock.Instant
  ) throws(EngineFailure) -> HTTPResponse {
    var request = HTTPRequest(
      "POST", service.url + address, body: .bytes(body, type: "application/json"))
    request.headers = [("Authorization", "Bearer \(try account.bearer(before: deadline))")]
    // Who pays, and whose interface is switched on.
    if let project = project ?? account.project {
      request.headers.append(("x-goog-user-project", project))
    }
    return try service.exchange(request, before: deadline)
  }

  private static func heard(_ result: Answer.Result) -> HeardSegment? {
    guard let best = result.alternatives?.first, let text = best.transcript?.value else {
      return nil
    }
    // 0 is "not set".
    let confidence = min(max(best.confidence?.value ?? 0, 0), 1)
    let words = (best.words ?? []).map { word in
      let own = word.confidence?.value ?? 0
      return Word(
        text: word.word?.value ?? "", start: (word.startTime ?? word.startOffset)?.value ?? 0,
        end: (word.endTime ?? word.endOffset)?.value ?? 0,
        confidence: own > 0 ? min(own, 1) : confidence)
    }
    let isMeasured = confidence > 0 || words.contains { $0.confidence > 0 }
    return HeardSegment(
      Segment(
        start: words.first?.start ?? 0, end: words.last?.end ?? 0, text: text,
        confidence: confidence, words: isMeasured ? words : []))
  }
}
