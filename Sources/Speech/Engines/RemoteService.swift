internal import Voicemail

/// What engines over HTTP share: address, key, and what a refusal means.
struct RemoteService {
  let url: String
  private let client: HTTPClient
  private let keyFile: String?
  let key: String?

  init(_ configuration: EngineConfiguration, standardURL: String? = nil) throws(EngineFailure) {
    guard let url = configuration.url ?? standardURL else { throw .administrator("has no url") }
    self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
    keyFile = configuration.keyFile
    if let file = configuration.keyFile { key = try Secret(file: file).text } else { key = nil }
    client = HTTPClient(caFile: configuration.caFile, proxy: configuration.proxy)
  }

  /// The answer, whatever its status.
  func exchange(_ request: HTTPRequest, before deadline: ContinuousClock.Instant)
    throws(EngineFailure) -> HTTPResponse
  {
    try client.send(request, before: deadline)
  }

  /// The body of an answer with a good status.
  func body(_ request: HTTPRequest, before deadline: ContinuousClock.Instant)
    throws(EngineFailure) -> [UInt8]
  {
    let response = try exchange(request, before: deadline)
    guard response.isGood else { throw failure(response) }
    return response.body
  }

  /// Where the administrator finds the key.
  var keyPlace: String { AnswerFailure.keyPlace(keyFile) }

  /// `secrets`: what must not be told; without them all of the key's file.
  func failure(_ response: HTTPResponse, hiding secrets: [String]? = nil) -> EngineFailure {
    let (message, code) = RefusalText.read(response.body)
    return failure(
      response, message: Secret.clean(message, secrets ?? [key].compactMap(\.self)), code: code)
  }

  /// `message`: the far side's words, fit for a log.
  func failure(_ response: HTTPResponse, message: String, code: String = "") -> EngineFailure {
    AnswerFailure.of(response, message: message, code: code, keyFile: keyFile)
  }
}
