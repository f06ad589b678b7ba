import Foundation
import Speech
import TestSupport
import Testing
import Voicemail

/// What a far side can do to whoever asks it, for both ways requests are made.
@Suite struct FarSides {
  struct Case: CustomTestStringConvertible, Sendable {
    var step: FakeHTTPServer.Step
    var kind: EngineFailure.Kind
    var words: String
    var retryAfter: Int?

    init(
      _ step: FakeHTTPServer.Step, _ kind: EngineFailure.Kind, _ words: String,
      retryAfter: Int? = nil
    ) {
      (self.step, self.kind, self.words, self.retryAfter) = (step, kind, words, retryAfter)
    }
    var testDescription: String { words }
  }

  static let cases: [Case] = [
    Case(
      .json(
        #"{"error":{"message":"Incorrect API key provided: sk-test-4711-swordfish-0815.","type":"invalid_request_error","code":"invalid_api_key"}}"#,
        status: 401), .administrator, "refuses the key in "),
    Case(.json(#"{"detail":"Invalid API key"}"#, status: 403), .administrator, "(403: Invalid API"),
    Case(
      .json(#"{"detail":"Model 'x' is not installed locally."}"#, status: 404), .administrator,
      "does not know the model, or url is wrong (404: Model 'x'"),
    Case(
      .text("Maximum content size limit (26214400) exceeded", status: 413), .audio,
      "too large for it (413: Maximum"),
    Case(.json(#"{"detail":[{"msg":"field"}]}"#, status: 422), .audio, "refused the request (422"),
    Case(
      .text("Invalid request", status: 400), .audio, "refused the request (400: Invalid request)"),
    Case(
      .json(
        #"{"error":{"message":"slow","code":"rate_limit_exceeded"}}"#, status: 429,
        headers: ["Retry-After: 7"]), .retryable, "busy or broken (429: slow)", retryAfter: 7),
    Case(
      .json("{}", status: 503, headers: ["Retry-After: 99999"]), .retryable, "(503)",
      retryAfter: 300),
    Case(
      .json(
        #"{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}"#,
        status: 429), .administrator, "no credit or quota left (429"),
    Case(.json(#"{"err_msg":"no funds"}"#, status: 402), .administrator, "no credit"),
    Case(.text("<html>oops</html>", status: 500), .retryable, "is busy or broken (500)"),
    Case(
      .reply(302, headers: ["Location: http://127.0.0.2:1/elsewhere"], body: []), .administrator,
      "redirect to 127.0.0.2:1, which is not followed"),
    Case(.json("this is no json"), .retryable, "not the JSON it promises"),
    Case(.json(#"["a list"]"#), .retryable, "not the JSON it promises"),
    Case(.half(200, body: Array(#"{"text":"Hel"#.utf8)), .retryable, "no answer: "),
    Case(.endless, .retryable, "answered with more than 8 MB"),
    Case(.drop, .retryable, "no answer: "),
    Case(.bytes(Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)), .retryable, "no answer: "),
  ]

  @Test(arguments: cases, [EngineConfiguration.Kind.openai, .whisperServer])
  func `each refusal says whether to try again, and what to do`(
    _ item: Case, _ kind: EngineConfiguration.Kind
  ) throws {
    // whisper-server has a word of its own for 404.
    if kind == .whisperServer, item.words.contains("404") { return }
    let server = try FakeHTTPServer(item.step)
    let (engine, directory) = try Engines.make(kind, at: server.url)
    let failure = try #require(Engines.failure(engine))
    #expect(failure.kind == item.kind, "\(failure)")
    #expect(failure.sentence.contains(item.words), "\(failure)")
    #expect(failure.retryAfterSeconds == item.retryAfter)
    // Neither the key nor a piece of it, even when the server says it.
    #expect(!failure.sentence.contains("swordfish"))
    if failure.sentence.contains("the key in") {
      #expect(failure.sentence.contains(directory.file("key")))
    }
    // Redirects are not followed, and nothing is tried again in here.
    #expect(server.requests.count == 1)
  }

  @Test func `a hanging server is left when the time is over`() throws {
    let server = try FakeHTTPServer(.hang)
    let (engine, _) = try Engines.make(.openai, at: server.url)
    let start = ContinuousClock.now
    // Little to prepare: the time is for the server alone.
    let failure = Engines.failure(engine, Engines.request(Engines.voice(seconds: 1), seconds: 2))
    #expect(failure == .retryable("did not answer in time"))
    #expect(server.requests.count == 1)
    #expect(start.duration(to: .now) < .seconds(15))
  }

  @Test func `nobody listens`() throws {
    let server = try FakeHTTPServer(.drop)
    let url = server.url
    server.stop()
    let (engine, _) = try Engines.make(.whisperServer, at: url, key: nil)
    let failure = try #require(Engines.failure(engine))
    #expect(failure.kind == .retryable)
    #expect(failure.sentence.hasPrefix("no answer: "))
  }

  @Test
  func `a certificate of nobody we know ends it before the key is sent; ca_file makes it known`()
    throws
  {
    let far = try FakeTLSServer(answer: #"{"text":"Hello there"}"#)
    let (stranger, _) = try Engines.make(.openai, at: far.url)
    #expect(
      Engines.failure(stranger)
        == .administrator("its TLS certificate cannot be verified; see ca_file"))
    #expect(!far.log.contains("POST"))
    let (known, _) = try Engines.make(.openai, at: far.url) { $0.caFile = far.certificate }
    #expect(try known.recognize(Engines.request()).text == "Hello there")
    let (lost, _) = try Engines.make(.openai, at: far.url) { $0.caFile = "/nowhere.pem" }
    #expect(Engines.failure(lost) == .administrator("its ca_file cannot be read"))
  }

  @Test func `a key file is named with what is wrong with it, and its content is not`() throws {
    for (name, content, words) in [
      ("missing", nil, "No such file or directory"), ("empty", " \n", "is empty"),
      ("large", String(repeating: "x", count: 70_000), "is larger than 64 KB"),
    ] as [(String, String?, String)] {
      let directory = try TemporaryDirectory()
      var configuration = EngineConfiguration(name: "tested", kind: .openai)
      configuration.keyFile = directory.file(name)
      if let content {
        try content.write(toFile: directory.file(name), atomically: true, encoding: .utf8)
      }
      let error = #expect(throws: EngineFailure.self) { try RemoteEngine(configuration) }
      #expect(error?.kind == .administrator)
      #expect(error?.sentence == "key_file \(directory.file(name)): \(words)")
    }
    var configuration = EngineConfiguration(name: "tested", kind: .openai)
    configuration.keyFile = "openai-key"
    let error = #expect(throws: EngineFailure.self) { try RemoteEngine(configuration) }
    #expect(error?.sentence.contains("LoadCredential=openai-key:PATH") == true)
    // A line end inside would be another header field.
    let server = try FakeHTTPServer(.json("{}"))
    let (engine, _) = try Engines.make(.openai, at: server.url, key: "a\r\nX-Evil: 1")
    #expect(Engines.failure(engine) == .administrator("its key has a control character"))
    #expect(server.requests.isEmpty)
  }
}
