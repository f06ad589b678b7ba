import Dispatch
import Foundation
import Speech
import Synchronization
import TestSupport
import Testing
import Voicemail

/// What any far side can do to whoever asks it, for every request of every engine; `Refusals` has the vendors' own
/// words.
@Suite struct FarSides {
  struct Case: CustomTestStringConvertible, Sendable {
    var step: FakeHTTPServer.Step
    var kind: EngineFailure.Kind
    var words: String
    var retryAfter: Int?
    /// It is about what a good answer holds.
    var isAnswer = false

    init(
      _ step: FakeHTTPServer.Step, _ kind: EngineFailure.Kind, _ words: String,
      retryAfter: Int? = nil, isAnswer: Bool = false
    ) {
      (self.step, self.kind, self.words) = (step, kind, words)
      (self.retryAfter, self.isAnswer) = (retryAfter, isAnswer)
    }
    var testDescription: String { words }
  }

  static let cases: [Case] = [
    Case(.text("KEY is wrong", status: 401), .administrator, "refuses the key in PATH (401"),
    Case(.text("not you", status: 403), .administrator, "permit this with the key in PATH (403"),
    Case(.text("too much", status: 413), .tooLarge, "the recording is too large for it (413"),
    Case(.text("what?", status: 422), .audio, "refused the request (422"),
    Case(.text("", status: 402), .administrator, "has no credit or quota left (402"),
    Case(
      .text("slow", status: 429, headers: ["Retry-After: 7"]), .retryable, "is busy or broken (429",
      retryAfter: 7),
    Case(
      .text("", status: 503, headers: ["Retry-After: 99999"]), .retryable,
      "is busy or broken (503)", retryAfter: 300),
    Case(
      .text("", status: 503, headers: ["Retry-After: Sun, 06 Nov 1994 08:49:37 GMT"]), .retryable,
      "is busy or broken (503)"),
    Case(.text("<html>oops</html>", status: 500), .retryable, "is busy or broken (500)"),
    Case(.text("", status: 504), .retryable, "is busy or broken (504)"),
    Case(.text("", status: 408), .retryable, "is busy or broken (408)"),
    Case(
      .reply(302, headers: ["Location: http://u:swordfish@127.0.0.2:1/elsewhere"], body: []),
      .administrator, "answered with a redirect to 127.0.0.2:1, which is not followed; set url"),
    Case(.json("this is no json"), .retryable, "not the JSON it promises", isAnswer: true),
    Case(.json(#"["a list"]"#), .retryable, "not the JSON it promises", isAnswer: true),
    Case(.json(#"{"results":7,"other":{}}"#), .retryable, "the JSON it promises", isAnswer: true),
    Case(.json(""), .retryable, "with 0 bytes that are not the JSON", isAnswer: true),
    Case(.half(200, body: Array(#"{"text":"Hel"#.utf8)), .retryable, "no answer: "),
    Case(.endless, .retryable, "answered with more than 8 MB"),
    Case(.drop, .retryable, "no answer: "),
    Case(.bytes(Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)), .retryable, "no answer: "),
  ]

  @Test(arguments: cases, FarSide.allCases)
  func `each trouble says whether to try again, and what to do`(_ item: Case, _ side: FarSide)
    throws
  {
    guard side.isRead || !item.isAnswer else { return }
    // As often as the engine may ask: Google's token is renewed, Amazon's job is asked for again.
    let scene = try side.open(Array(repeating: item.step.naming(side.key), count: 4))
    let failure = try #require(Engines.refusal(scene.engine))
    #expect(failure.kind == item.kind, "\(failure)")
    let words = item.words.replacingOccurrences(of: "PATH", with: scene.directory.file("key"))
    #expect(failure.sentence.contains(words), "\(failure)")
    #expect(failure.retryAfterSeconds == item.retryAfter)
    #expect(!failure.sentence.contains(FarSide.secret))
    #expect(!failure.sentence.contains(side.key))
    // Redirects are not followed, and nothing is tried again in here but that.
    let isRefusedToken = item.words.contains("(401") && [.google1, .google2].contains(side)
    let isUnanswered = side == .amazonPoll && item.kind == .retryable
    #expect(scene.asked.count == (isRefusedToken ? 2 : isUnanswered ? 3 : 1))
    if side.isAmazon { #expect(scene.server.requests.last?.isCleaningUp == true) }
  }

  @Test(arguments: FarSide.allCases)
  func `500, then good: the chain has the text at its second attempt`(_ side: FarSide) throws {
    let scene = try side.open([.text("", status: 500)])
    var chain = EngineChain(
      source: OneEngine(engine: scene.engine), gate: OpenGate { _ in }, names: ["tested"])
    chain.deadline = .now + .seconds(60)
    var notes: [String] = []
    let outcome = chain.recognize(Engines.short, notes: &notes)
    guard case .heard(let answer, _, _) = outcome else {
      Issue.record("\(outcome) \(notes)")
      return
    }
    #expect(answer.segments.map(\.text) == ["Hello there"])
    // A question after Amazon's job is repeated within the attempt.
    #expect(notes == (side == .amazonPoll ? [] : ["engine tested: is busy or broken (500)"]))
  }

  /// All at once, since each takes its time.
  @Test(arguments: [FakeHTTPServer.Step.hang, .slow])
  func `who does not come to an end is left when the time is over`(_ step: FakeHTTPServer.Step)
    throws
  {
    let scenes = try FarSide.allCases.map { try $0.open(Array(repeating: step, count: 4)) }
    let start = ContinuousClock.now
    let failures = Mutex<[FarSide: EngineFailure]>([:])
    let group = DispatchGroup()
    for scene in scenes {
      // An engine serves one at a time; this one is here alone.
      nonisolated(unsafe) let engine = scene.engine
      let side = scene.side
      DispatchQueue.global().async(group: group) {
        let failure = Engines.refusal(engine, seconds: 1.5)
        failures.withLock { $0[side] = failure }
      }
    }
    #expect(group.wait(timeout: .now() + 30) == .success)
    #expect(start.duration(to: .now) < .seconds(20))
    for scene in scenes {
      // Amazon's job is under way: nobody starts another.
      let kind: EngineFailure.Kind = scene.side == .amazonPoll ? .audio : .retryable
      #expect(
        failures.withLock { $0[scene.side] }
          == EngineFailure(kind, "did not answer in time", mayBePaid: true), "\(scene.side)")
      #expect(scene.asked.count == 1, "\(scene.side)")
    }
  }

  @Test func `nobody listens`() throws {
    let server = try FakeHTTPServer(.drop)
    let url = server.url
    server.stop()
    for side in FarSide.allCases {
      let failure = try #require(Engines.refusal(try side.make(at: url).engine))
      #expect(failure.kind == .retryable)
      #expect(failure.sentence.hasPrefix("no answer: "))
    }
  }

  @Test
  func `a certificate of nobody we know ends it before the key is sent; ca_file makes it known`()
    throws
  {
    let far = try FakeTLSServer(answer: #"{"text":"Hello there"}"#)
    for side in FarSide.allCases {
      let (stranger, _) = try side.make(at: far.url)
      #expect(
        Engines.refusal(stranger)
          == .administrator("its TLS certificate cannot be verified; see ca_file"), "\(side)")
    }
    #expect(["POST", "PUT", "GET"].allSatisfy { !far.log.contains($0) })
    let (known, _) = try FarSide.openai.make(at: far.url) { $0.caFile = far.certificate }
    #expect(try known.recognize(Engines.request()).text == "Hello there")
    let (lost, _) = try FarSide.openai.make(at: far.url) { $0.caFile = "/nowhere.pem" }
    #expect(Engines.refusal(lost) == .administrator("its ca_file cannot be read"))
  }

  @Test(arguments: FarSide.allCases.filter { $0 != .whisperServer })
  func `a key file is named with what is wrong with it, and its content is not`(_ side: FarSide)
    throws
  {
    for (name, content, words) in [
      ("missing", nil, "No such file or directory"), ("empty", " \n", "is empty"),
      ("large", String(repeating: "x", count: 70_000), "is larger than 64 KB"),
    ] as [(String, String?, String)] {
      let directory = try TemporaryDirectory()
      if let content {
        try content.write(toFile: directory.file(name), atomically: true, encoding: .utf8)
      }
      let error = #expect(throws: EngineFailure.self) {
        try side.make(at: "http://127.0.0.1:1") { $0.keyFile = directory.file(name) }
      }
      #expect(error == .administrator("key_file \(directory.file(name)): \(words)"))
    }
    let error = #expect(throws: EngineFailure.self) {
      try side.make(at: "http://127.0.0.1:1") { $0.keyFile = "cloud-key" }
    }
    #expect(error?.sentence.contains("LoadCredential=cloud-key:PATH") == true)
  }

  @Test func `a line end inside a key is not another header field`() throws {
    let server = try FakeHTTPServer(.json("{}"))
    for (kind, scheme) in [(EngineConfiguration.Kind.openai, "http"), (.vosk, "ws")] {
      let (engine, _) = try Engines.make(
        kind, at: "\(scheme)://127.0.0.1:\(server.port)", key: "a\r\nX-Evil: 1")
      #expect(Engines.refusal(engine) == .administrator("its key has a control character"))
    }
    #expect(server.requests.isEmpty)
  }
}

private final class OneEngine: EngineSource {
  private let made: RemoteEngine
  init(engine: RemoteEngine) { made = engine }
  func engine(_ name: String) throws(EngineFailure) -> any SpeechEngine { made }
}

extension FakeHTTPServer.Step {
  /// The same, with the key for `KEY`.
  func naming(_ key: String) -> FakeHTTPServer.Step {
    guard case .reply(let status, let headers, let body) = self else { return self }
    let text = String(decoding: body, as: UTF8.self).replacingOccurrences(of: "KEY", with: key)
    return .reply(status, headers: headers, body: Array(text.utf8))
  }
}

extension FakeHTTPServer.Request {
  fileprivate var isCleaningUp: Bool {
    method == "DELETE" || header("x-amz-target") == "Transcribe.DeleteTranscriptionJob"
  }
}
