internal import Voicemail

/// What engines over HTTP share: address, key, and what a refusal means.
struct RemoteService {
  let url: String
  private let client: HTTPClient
  private let keyFile: String?
  let key: String?

  init(_ configuration: EngineConfiguration, standardURL: String? = nil) throws(EngineFailure) {
    guard let url = configuration.url ?? configuration.kind.urlOnThisHost ?? standardURL else {
      throw .administrator("has no url")
    }
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

  /// An open WebSocket at `url`. `what` the far side should be: for whoever is told that it is not.
  func socket(to what: String, before deadline: ContinuousClock.Instant)
    throws(EngineFailure) -> WebSocket
  {
    let headers = key.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []
    guard !headers.contains(where: { $0.value.utf8.contains { $0 < 32 } }) else {
      throw HTTPRequest.unfitKey
    }
    var socket = try WebSocket(
      url, caFile: client.caFile, proxy: client.proxy, before: deadline)
    guard let refusal = try socket.shakeHands(WebSocketHandshake(url, headers: headers)) else {
      return socket
    }
    guard !refusal.isGood else {
      throw .administrator(
        "answers \(refusal.status) and no WebSocket: url must be that of \(what)")
    }
    throw failure(refusal)
  }

  /// Where the administrator finds the key.
  var keyPlace: String { AnswerFailure.keyPlace(keyFile) }

  /// The far side's words, fit for a log.
  func clean(_ message: String) -> String { Secret.clean(message, [key].compactMap(\.self)) }

  /// `secrets`: what must not be told; without them all of the key's file.
  func failure(_ response: HTTPResponse, hiding secrets: [String]? = nil) -> EngineFailure {
    let (message, code) = RefusalText.read(response.body)
    return failure(
      response, message: secrets.map { Secret.clean(message, $0) } ?? clean(message), code: code)
  }

  /// `message`: the far side's words, fit for a log.
  func failure(_ response: HTTPResponse, message: String, code: String = "") -> EngineFailure {
    AnswerFailure.of(response, message: message, code: code, keyFile: keyFile)
  }
}
