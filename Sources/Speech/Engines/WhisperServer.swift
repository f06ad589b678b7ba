internal import Voicemail

/// whisper.cpp's `whisper-server`: POST /inference.
final class WhisperServer: PieceRecogniser {
  /// The server has no limit; half an hour is a recording's limit here.
  let longestSeconds = 1_800
  let lowConfidence = 0.55

  private let service: RemoteService
  private var wasNotFound = false

  init(_ configuration: EngineConfiguration) throws(EngineFailure) {
    service = try RemoteService(configuration)
  }

  func recognize(_ piece: PieceRequest) throws(EngineFailure) -> PieceAnswer {
    // 16 kHz is what it takes without converting.
    var form: [HTTPRequest.FormPart] = [
      .file("file", filename: "voicemail.wav", type: "audio/wav", piece.wave(native: false).bytes),
      .field("response_format", "verbose_json"),
      .field("temperature", "0.0"),
      .field("suppress_nst", "true"),
      // Else lines break inside words.
      .field("split_on_word", "true"),
      // Its default is English; "auto" detects, and detect_language would do nothing else.
      .field("language", LanguageTag.only(piece.languages) ?? "auto"),
    ]
    if LanguageTag.only(piece.languages) != nil {
      form.append(.field("no_language_probabilities", "true"))
    }
    if !piece.vocabulary.isEmpty {
      form.append(.field("prompt", piece.vocabulary.joined(separator: ", ")))
    }
    var request = HTTPRequest("POST", service.url + "/inference", body: .form(form))
    if let key = service.key { request.headers = [("Authorization", "Bearer \(key)")] }
    let response = try service.exchange(request, before: piece.deadline)
    if response.status == 404 { throw notFound(response) }
    wasNotFound = false
    guard response.isGood else { throw service.failure(response) }
    return try WhisperAnswer.read(response)
  }

  /// Its own names the path. Another's, such as a proxy's, may pass when the server is there again.
  private func notFound(_ response: HTTPResponse) -> EngineFailure {
    defer { wasNotFound = true }
    guard wasNotFound || response.body.starts(with: "File Not Found (".utf8) else {
      return .busy("is busy or broken (404)", afterSeconds: response.retryAfter)
    }
    return .administrator(
      "answers 404: url must be that of whisper-server, without /inference, and its --request-path")
  }
}
