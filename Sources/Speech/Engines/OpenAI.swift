internal import Voicemail

/// OpenAI's POST /v1/audio/transcriptions, and the servers that speak it: speaches, LocalAI, vLLM, Groq.
///
/// Models differ in what they can tell: whisper-1 gives times and doubts (verbose_json), gpt-4o ones the text
/// and the probabilities of its tokens. A server that refuses the form is asked for plain json from then on.
final class OpenAI: PieceRecogniser {
  static let standardURL = "https://api.openai.com/v1"
  let lowConfidence = 0.55
  /// 25 MB in a request at most.
  private static let uploadLimit = 24 << 20
  /// Tests make it shorter.
  var longestSeconds = OpenAI.uploadLimit / (2 * Recording.sampleRateHz)

  private enum Form: Equatable { case verbose, tokens, plain }

  private let service: RemoteService
  private let model: String
  private var form: Form

  init(_ configuration: EngineConfiguration) throws(EngineFailure) {
    service = try RemoteService(configuration, standardURL: Self.standardURL)
    model = configuration.model ?? "whisper-1"
    form =
      model.hasPrefix("gpt-")
      ? (model.hasPrefix("gpt-4o") && !model.contains("diarize") ? .tokens : .plain)
      : .verbose
  }

  func recognize(_ piece: PieceRequest) throws(EngineFailure) -> PieceAnswer {
    let wave = piece.wave()
    var response = try ask(piece, wave)
    if form != .plain, [400, 415, 422].contains(response.status), refusesForm(response) {
      form = .plain
      response = try ask(piece, wave)
    }
    guard response.isGood else { throw service.failure(response) }
    return try WhisperAnswer.read(response)
  }

  private func ask(_ piece: PieceRequest, _ wave: WaveFile) throws(EngineFailure) -> HTTPResponse {
    var parts: [HTTPRequest.FormPart] = [
      .file("file", filename: "voicemail.wav", type: "audio/wav", wave.bytes),
      .field("model", model),
    ]
    switch form {
    case .verbose:
      parts += [
        .field("response_format", "verbose_json"),
        .field("timestamp_granularities[]", "segment"),
        .field("timestamp_granularities[]", "word"),
        .field("temperature", "0"),
      ]
    case .tokens: parts += [.field("response_format", "json"), .field("include[]", "logprobs")]
    case .plain: parts.append(.field("response_format", "json"))
    }
    // Without it these refuse what is longer than 30 s.
    if model.contains("diarize") { parts.append(.field("chunking_strategy", "auto")) }
    if let language = LanguageTag.only(piece.languages) {
      parts.append(.field("language", language))
    }
    if !piece.vocabulary.isEmpty, !model.contains("diarize") {
      parts.append(.field("prompt", piece.vocabulary.joined(separator: ", ")))
    }
    var request = HTTPRequest(
      "POST", service.url + "/audio/transcriptions", body: .form(parts))
    if let key = service.key { request.headers = [("Authorization", "Bearer \(key)")] }
    return try service.exchange(request, before: piece.deadline)
  }

  /// Whether it names what `ask` sends for that form: other refusals cost the times of every later recording too.
  private func refusesForm(_ response: HTTPResponse) -> Bool {
    let text = String(decoding: response.body.prefix(4_096), as: UTF8.self)
    let sent =
      form == .tokens
      ? ["response_format", "include[]", #""include""#, "'include'", "logprobs"]
      : ["response_format", "timestamp_granularities", "verbose_json"]
    return sent.contains { text.contains($0) }
  }
}
