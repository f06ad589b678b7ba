import Foundation
@testable import Speech
import TestSupport
import Testing
import Voicemail

/// Each service's own refusals, in the words of its reference, and what the administrator reads of them.
@Suite struct Refusals {
  struct Case: CustomTestStringConvertible, Sendable {
    var side: FarSide
    var status: Int
    var body: String
    var kind: EngineFailure.Kind
    /// The whole line, with PATH for the key's file.
    var line: String
    var retryAfter: Int?

    init(
      _ side: FarSide, _ status: Int, _ body: String, _ kind: EngineFailure.Kind, _ line: String,
      retryAfter: Int? = nil
    ) {
      (self.side, self.status, self.body, self.kind) = (side, status, body, kind)
      (self.line, self.retryAfter) = (line, retryAfter)
    }
    var testDescription: String { "\(side.rawValue): \(line)" }
  }

  private static func google(_ code: Int, _ status: String, _ message: String) -> String {
    #"{"error":{"code":\#(code),"message":"\#(message)","status":"\#(status)","details":[]}}"#
  }

  private static func s3(_ code: String) -> String {
    "<?xml version=\"1.0\"?>\n<Error><Code>\(code)</Code><Message>m</Message></Error>"
  }

  private static func amazon(_ type: String) -> String {
    #"{"__type":"com.amazonaws.transcribe#\#(type)","Message":"m for KEY"}"#
  }

  static let cases: [Case] =
    whisper + openAI + deepgram + azure + google + amazonJobs + amazonBucket

  private static let whisper = [
    Case(
      .whisperServer, 400, "Invalid request", .audio, "refused the request (400: Invalid request)"),
    Case(
      .whisperServer, 404, "File Not Found (/inference)", .administrator,
      "answers 404: url must be that of whisper-server, without /inference, and its --request-path"),
    Case(
      .whisperServer, 404, "<html>404 page not found</html>", .retryable,
      "is busy or broken (404)", retryAfter: 7),
    Case(
      .whisperServer, 500, #"{"error":"failed to process audio"}"#, .retryable,
      "is busy or broken (500: failed to process audio)"),
  ]

  private static let openAI = [
    Case(
      .openai, 401,
      #"{"error":{"message":"Incorrect API key provided: KEY.","type":"invalid_request_error","code":"invalid_api_key"}}"#,
      .administrator, "refuses the key in PATH (401: Incorrect API key provided: [key])"),
    Case(
      .openai, 403, #"{"error":{"message":"Country not supported","code":"unsupported_country"}}"#,
      .administrator, "does not permit this with the key in PATH (403: Country not supported)"),
    Case(
      .openai, 404,
      #"{"error":{"message":"The model 'x' does not exist","code":"model_not_found"}}"#,
      .administrator,
      "does not know the model, or url is wrong (404: The model 'x' does not exist)"),
    Case(
      .openai, 413, #"{"error":{"message":"Maximum content size limit (26214400) exceeded"}}"#,
      .tooLarge,
      "the recording is too large for it (413: Maximum content size limit (26214400) exceeded)"),
    Case(
      .openai, 429, #"{"error":{"message":"slow","code":"rate_limit_exceeded"}}"#, .retryable,
      "is busy or broken (429: slow)", retryAfter: 7),
    Case(
      .openai, 429, #"{"error":{"message":"spent","code":"insufficient_quota"}}"#, .administrator,
      "has no credit or quota left (429: spent)"),
    Case(
      .openai, 429, #"{"error":{"message":"spent","code":"credit_balance_exhausted"}}"#,
      .administrator, "has no credit or quota left (429: spent)"),
    Case(
      .openai, 400, #"{"error":{"message":"bad audio","type":"invalid_request_error"}}"#, .audio,
      "refused the request (400: bad audio)"),
    // speaches, LocalAI, vLLM.
    Case(
      .openai, 403, #"{"detail":"Invalid API key"}"#, .administrator,
      "does not permit this with the key in PATH (403: Invalid API key)"),
    Case(
      .openai, 404, #"{"detail":"Model 'x' is not installed locally."}"#, .administrator,
      "does not know the model, or url is wrong (404: Model 'x' is not installed locally.)"),
    Case(.openai, 422, #"{"detail":[{"msg":"field"}]}"#, .audio, "refused the request (422)"),
    Case(
      .openai, 400, #"{"error":"Maximum file size exceeded"}"#, .tooLarge,
      "the recording is too large for it (400: Maximum file size exceeded)"),
    Case(
      .openai, 503, #"{"error":{"code":503,"message":"loading","type":"x"}}"#, .retryable,
      "is busy or broken (503: loading)", retryAfter: 7),
  ]

  private static let deepgram = [
    Case(
      .deepgram, 401, #"{"err_code":"INVALID_AUTH","err_msg":"Invalid KEY","request_id":"r"}"#,
      .administrator, "refuses the key in PATH (401: Invalid [key])"),
    Case(
      .deepgram, 403,
      #"{"category":"FORBIDDEN","message":"No access to model","details":"d","request_id":"r"}"#,
      .administrator, "does not permit this with the key in PATH (403: No access to model)"),
    Case(
      .deepgram, 402, #"{"err_code":"ASR_PAYMENT_REQUIRED","err_msg":"no funds"}"#, .administrator,
      "has no credit or quota left (402: no funds)"),
    Case(
      .deepgram, 400, #"{"err_code":"Bad Request","err_msg":"corrupt or unsupported data"}"#,
      .audio, "refused the request (400: corrupt or unsupported data)"),
    Case(
      .deepgram, 429, #"{"err_code":"TOO_MANY_REQUESTS","err_msg":"Too many"}"#, .retryable,
      "is busy or broken (429: Too many)", retryAfter: 7),
    Case(
      .deepgram, 504, "Gateway timeout", .retryable, "is busy or broken (504: Gateway timeout)",
      retryAfter: 7),
  ]

  private static let azure = [
    Case(
      .azure, 401, #"{"error":{"code":"401","message":"invalid subscription key KEY"}}"#,
      .administrator, "refuses the key in PATH (401: invalid subscription key [key])"),
    Case(
      .azure, 403, #"{"error":{"code":"403","message":"Out of call volume quota."}}"#,
      .administrator,
      "does not permit this with the key in PATH (403: Out of call volume quota.)"),
    Case(
      .azure, 400,
      #"{"code":"InvalidRequest","message":"Locale not supported","innerError":{"code":"InvalidLocale"}}"#,
      .audio, "refused the request (400: Locale not supported)"),
    Case(
      .azure, 429, #"{"code":"TooManyRequests","message":"Later"}"#, .retryable,
      "is busy or broken (429: Later)", retryAfter: 7),
  ]

  private static let google =
    [FarSide.google1, .google2].flatMap { side in
      [
        Case(
          side, 400, google(400, "INVALID_ARGUMENT", "Invalid recognition 'config'."), .audio,
          "refused the request (400: Invalid recognition 'config'.)"),
        Case(
          side, 400, google(400, "INVALID_ARGUMENT", "Sync input too long."), .tooLarge,
          "the recording is too large for it (400: Sync input too long.)"),
        Case(
          side, 401, google(401, "UNAUTHENTICATED", "Bad KEY"), .administrator,
          "refuses the key in PATH (401: Bad [key])"),
        Case(
          side, 403, google(403, "PERMISSION_DENIED", "Billing is disabled"), .administrator,
          "does not permit this with the key in PATH (403: Billing is disabled)"),
        Case(
          side, 404, google(404, "NOT_FOUND", "No recognizer"), .administrator,
          "does not know the model, or url is wrong (404: No recognizer)"),
        Case(
          side, 429, google(429, "RESOURCE_EXHAUSTED", "Quota exceeded"), .retryable,
          "is busy or broken (429: Quota exceeded)", retryAfter: 7),
        Case(
          side, 499, google(499, "CANCELLED", "Cancelled"), .retryable,
          "is busy or broken (499: Cancelled)", retryAfter: 7),
        Case(
          side, 503, google(503, "UNAVAILABLE", "Down"), .retryable,
          "is busy or broken (503: Down)", retryAfter: 7),
      ]
    } + [
      Case(
        .googleToken, 400, #"{"error":"invalid_grant","error_description":"Invalid KEY"}"#,
        .administrator,
        "refuses the key in PATH (Invalid [key]); is this host's clock right, and the key still valid?"
      ),
      Case(
        .googleToken, 401, #"{"error":"invalid_client","error_description":"No account."}"#,
        .administrator, "refuses the key in PATH (401: No account.)"),
      Case(
        .googleToken, 500, #"{"error":"internal_failure"}"#, .retryable,
        "is busy or broken (500: internal_failure)", retryAfter: 7),
    ]

  private static let amazonJobs = [FarSide.amazonStart, .amazonPoll].flatMap { side in
    [
      ("ThrottlingException", 400, .retryable, "is busy or broken"),
      ("LimitExceededException", 400, .retryable, "is busy or broken"),
      ("InternalFailureException", 500, .retryable, "is busy or broken"),
      ("AccessDeniedException", 400, .administrator, "refuses the key in PATH, or what it may do"),
      (
        "UnrecognizedClientException", 400, .administrator,
        "refuses the key in PATH, or what it may do"
      ),
      (
        "InvalidSignatureException", 400, .administrator,
        "refuses the key in PATH, or what it may do"
      ),
      ("ExpiredTokenException", 400, .administrator, "refuses the key in PATH, or what it may do"),
      ("RequestTimeTooSkewed", 400, .administrator, "does not believe this host's clock"),
      ("NotFoundException", 400, .administrator, "does not know bucket b or the job"),
      ("BadRequestException", 400, .audio, "refused the request"),
    ].map { (type: String, status: Int, kind: EngineFailure.Kind, words: String) in
      Case(
        side, status, amazon(type), kind, "\(words) (\(type) m for [key])",
        retryAfter: kind == .retryable ? 7 : nil)
    }
  }

  private static let amazonBucket = [FarSide.amazonPut, .amazonResult].flatMap { side in
    [
      ("SlowDown", 503, .retryable, "is busy or broken"),
      ("InternalError", 500, .retryable, "is busy or broken"),
      ("RequestTimeout", 400, .retryable, "is busy or broken"),
      (
        "SignatureDoesNotMatch", 403, .administrator, "refuses the key in PATH, or what it may do"
      ),
      ("InvalidAccessKeyId", 403, .administrator, "refuses the key in PATH, or what it may do"),
      ("AccessDenied", 403, .administrator, "refuses the key in PATH, or what it may do"),
      ("ExpiredToken", 400, .administrator, "refuses the key in PATH, or what it may do"),
      ("RequestTimeTooSkewed", 403, .administrator, "does not believe this host's clock"),
      ("NoSuchBucket", 404, .administrator, "does not know bucket b or the job"),
      ("EntityTooLarge", 400, .tooLarge, "the recording is too large for it"),
    ].map { (code: String, status: Int, kind: EngineFailure.Kind, words: String) in
      Case(
        side, status, s3(code), kind, "\(words) (\(code) m)",
        retryAfter: kind == .retryable ? 7 : nil)
    } + [
      Case(
        side, 301, s3("PermanentRedirect"), .administrator,
        "bucket b is in another region than eu-central-1")
    ]
  }

  @Test(arguments: cases)
  func `is understood`(_ item: Case) throws {
    let step = FakeHTTPServer.Step.text(
      item.body, status: item.status, headers: item.retryAfter.map { ["Retry-After: \($0)"] } ?? [])
    let scene = try item.side.open(Array(repeating: step.naming(item.side.key), count: 3))
    let failure = try #require(Engines.refusal(scene.engine))
    #expect(
      failure
        == EngineFailure(
          item.kind,
          item.line.replacingOccurrences(of: "PATH", with: scene.directory.file("key")),
          retryAfterSeconds: item.retryAfter,
          // Amazon's job has run by then, whatever is told of it.
          mayBePaid: [.amazonPoll, .amazonResult].contains(item.side)
            && !(item.side == .amazonPoll && item.kind == .audio)))
  }

  // MARK: - Good answers with little in them

  static let silences: [(FarSide, String)] = [
    (.whisperServer, #"{"text":""}"#),
    (.whisperServer, #"{"text":"","segments":[],"language":"english"}"#),
    (.openai, #"{"text":"","usage":{"type":"duration","seconds":4}}"#),
    (.openai, #"{"text":"","segments":[]}"#),
    (.deepgram, #"{"results":{"channels":[{"alternatives":[{"transcript":"","words":[]}]}]}}"#),
    (.deepgram, #"{"results":{"channels":[],"utterances":[]}}"#),
    (.azure, #"{"durationMilliseconds":4000,"combinedPhrases":[],"phrases":[]}"#),
    (.vosk, #"{"text":""}"#),
    (.google1, #"{"totalBilledTime":"0s","requestId":"1"}"#), (.google1, "{}"),
    (.google2, #"{"metadata":{"totalBilledDuration":"0s"}}"#),
    (.amazonResult, #"{"results":{"transcripts":[{"transcript":""}],"items":[]}}"#),
  ]

  @Test(arguments: silences)
  func `nobody spoke`(_ side: FarSide, _ body: String) throws {
    let scene = try side.open([.json(body)])
    #expect(try Engines.ask(scene.engine).segments == [])
  }

  @Test(arguments: FarSide.allCases)
  func `where no confidence is told, none is made up`(_ side: FarSide) throws {
    let scene = try side.open([])
    let answer = try Engines.ask(scene.engine)
    #expect(answer.segments.map(\.segment.text) == ["Hello there"])
    #expect(answer.segments.map(\.segment.confidence) == [0])
    #expect(answer.segments.allSatisfy { $0.segment.words.isEmpty || side.isAmazon })
  }

  @Test func `a server that writes plain text whatever it is asked for`() throws {
    let scene = try FarSide.openai.open([.text("Hello there\n", status: 200)])
    #expect(try scene.engine.recognize(Engines.request()).text == "Hello there")
  }

  @Test func `what nobody knows is cut to a line`() throws {
    let noise = String(repeating: "a\u{7}b\nc ", count: 1_000)
    let scene = try FarSide.deepgram.open([.text(noise, status: 418)])
    let failure = try #require(Engines.refusal(scene.engine))
    #expect(failure.kind == .audio)
    #expect(failure.sentence.count < 260 && !failure.sentence.contains { $0.isNewline })
  }
}
