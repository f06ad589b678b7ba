import Foundation
import Speech
import TestSupport
import Testing
import Voicemail

/// A request that can go wrong: of each engine over HTTP the one for the text, and what goes before and after it.
enum FarSide: String, CaseIterable, CustomTestStringConvertible {
  case whisperServer = "whisper-server"
  case openai, deepgram, azure, vosk
  case google1 = "google, version 1"
  case google2 = "google, version 2"
  case googleToken = "google, token"
  case amazonPut = "amazon, recording into the bucket"
  case amazonStart = "amazon, start"
  case amazonPoll = "amazon, question"
  case amazonResult = "amazon, result"

  var testDescription: String { rawValue }
  var isGoogle: Bool { [.google1, .google2, .googleToken].contains(self) }
  var isAmazon: Bool { rawValue.hasPrefix("amazon") }
  /// Whether the engine reads what a good answer holds.
  var isRead: Bool { ![.amazonPut, .amazonStart].contains(self) }

  /// No piece of it may be told; every key has it.
  static let secret = "swordfish"

  /// What a server might repeat of the key.
  var key: String {
    switch self {
    case .googleToken: String(GoogleKey.lines[1].prefix(40))
    case .google1, .google2: "ya29.swordfish-token-one"
    case _ where isAmazon: "verysecretswordfishkey"
    default: Engines.key
    }
  }

  private func isMeant(_ request: FakeHTTPServer.Request) -> Bool {
    let target = request.header("x-amz-target") ?? ""
    return switch self {
    case .googleToken: request.line == "POST /token"
    case .amazonPut: request.method == "PUT"
    case .amazonStart: target == "Transcribe.StartTranscriptionJob"
    case .amazonPoll: target == "Transcribe.GetTranscriptionJob"
    case .amazonResult, .vosk: request.method == "GET"
    default: request.line.hasPrefix("POST ") && request.line != "POST /token"
    }
  }

  /// `Hello there`, in two segments where there are segments.
  private var good: FakeHTTPServer.Step {
    switch self {
    case .whisperServer, .openai: .json(#"{"text":"Hello there"}"#)
    case .deepgram:
      .json(#"{"results":{"channels":[{"alternatives":[{"transcript":"Hello there"}]}]}}"#)
    case .azure: .json(#"{"phrases":[{"text":"Hello there"}]}"#)
    case .vosk: .json(#"{"text":"Hello there"}"#)
    case .google1, .google2:
      .json(#"{"results":[{"alternatives":[{"transcript":"Hello there"}]}]}"#)
    case .googleToken: Self.token
    case .amazonPut, .amazonStart: .json("{}")
    case .amazonPoll: .json(#"{"TranscriptionJob":{"TranscriptionJobStatus":"COMPLETED"}}"#)
    case .amazonResult:
      .json(
        #"{"results":{"items":[{"type":"pronunciation","alternatives":[{"content":"Hello"}]},"#
          + #"{"type":"pronunciation","alternatives":[{"content":"there"}]}]}}"#)
    }
  }

  static let token = FakeHTTPServer.Step.json(
    #"{"access_token":"ya29.swordfish-token-one","expires_in":3599,"token_type":"Bearer"}"#)

  /// A far side at work: everything good but what is scripted.
  struct Scene {
    var server: FakeHTTPServer
    var engine: RemoteEngine
    var directory: TemporaryDirectory
    var side: FarSide

    /// Requests of the kind that the script is about.
    var asked: [FakeHTTPServer.Request] { server.requests.filter(side.isMeant) }
  }

  /// Answers with these steps in their order, then as it should.
  func open(_ steps: [FakeHTTPServer.Step]) throws -> Scene {
    let server = try FakeHTTPServer(.json("{}"))
    server.once(steps.map(spoken)) { isMeant($0) }
    let all: [FarSide] =
      isAmazon
      ? [.amazonPut, .amazonStart, .amazonPoll, .amazonResult]
      : isGoogle ? [.googleToken, self == .googleToken ? .google1 : self] : [self]
    for side in all {
      server.once(Array(repeating: side.spoken(side.good), count: 4)) { side.isMeant($0) }
    }
    let (engine, directory) = try make(at: server.url)
    return Scene(server: server, engine: engine, directory: directory, side: self)
  }

  /// An answer as this far side gives it: a Vosk server's come through its WebSocket.
  private func spoken(_ step: FakeHTTPServer.Step) -> FakeHTTPServer.Step {
    self == .vosk ? FakeWebSocket.spoken(step) : step
  }

  func make(at url: String, _ change: (inout EngineConfiguration) -> Void = { _ in }) throws
    -> (engine: RemoteEngine, directory: TemporaryDirectory)
  {
    switch self {
    case .whisperServer: try Engines.make(.whisperServer, at: url, change)
    case .openai: try Engines.make(.openai, at: url, change)
    case .deepgram: try Engines.make(.deepgram, at: url, change)
    case .azure: try Engines.make(.azure, at: url, change)
    case .vosk:
      try Engines.make(.vosk, at: url.replacing(/^http/, with: "ws"), change)
    case .google1, .googleToken:
      try Engines.make(.google, at: url, key: GoogleKey.file(tokenURL: url + "/token"), change)
    case .google2:
      try Engines.make(.google, at: url, key: GoogleKey.file(tokenURL: url + "/token")) {
        $0.project = "p2"
        change(&$0)
      }
    case .amazonPut, .amazonStart, .amazonPoll, .amazonResult:
      try Engines.make(.amazon, at: url, key: "AKIATEST0001:verysecretswordfishkey") {
        ($0.s3URL, $0.region, $0.bucket) = (url + "/b", "eu-central-1", "b")
        change(&$0)
      }
    }
  }
}

/// A service account that Google has never seen.
enum GoogleKey {
  static let pem: String = {
    let openssl = try? ChildProcess(
      "/usr/bin/openssl", ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
    _ = openssl?.waitForExit(seconds: 60)
    return String(decoding: openssl?.output ?? [], as: UTF8.self)
  }()

  static var lines: [String] { pem.components(separatedBy: "\n") }

  static func file(tokenURL: String) throws -> String {
    let file = try JSONSerialization.data(withJSONObject: [
      "type": "service_account", "client_email": "vm@test.iam.gserviceaccount.com",
      "private_key": pem, "private_key_id": "kid1", "project_id": "p1", "token_uri": tokenURL,
    ])
    return String(decoding: file, as: UTF8.self)
  }
}
