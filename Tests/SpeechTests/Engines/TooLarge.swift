import Foundation
import Speech
import TestSupport
import Testing
import Voicemail

/// A service that takes less than we think: the recording goes in smaller pieces before another engine is asked.
@Suite struct TooLarge {
  struct Far: CustomTestStringConvertible, Sendable {
    var kind: EngineConfiguration.Kind
    var answer: String
    var refusal: FakeHTTPServer.Step
    var testDescription: String { kind.rawValue }
  }

  private static let openai = Far(
    kind: .openai,
    answer:
      #"{"language":"english","text":"x","segments":[{"text":"One two.","start":1,"end":2,"avg_logprob":-0.1}]}"#,
    refusal: .json(#"{"error":"Maximum file size exceeded"}"#, status: 400))
  private static let deepgram = Far(
    kind: .deepgram,
    answer:
      #"{"results":{"channels":[],"utterances":[{"transcript":"One two.","start":1,"end":2,"confidence":0.9}]}}"#,
    refusal: .text("<html>413 Request Entity Too Large</html>", status: 413))

  /// Takes bodies of that many bytes, and refuses larger ones as often as it says.
  private static func server(_ far: Far, takes bytes: Int, refusals: Int) throws -> FakeHTTPServer {
    let server = try FakeHTTPServer(.json(far.answer))
    server.once(Array(repeating: far.refusal, count: refusals)) { $0.body.count > bytes }
    return server
  }

  /// Made once: that takes longer than sending it.
  private static let recording = Engines.voice(seconds: 30)

  /// 16 kHz and 16 bit.
  private static func seconds(_ request: FakeHTTPServer.Request) -> Double {
    Double(request.body.count) / 32_000
  }

  @Test(arguments: [openai, deepgram])
  func `it is halved until it is taken, and so is the rest; times are those of the whole`(
    _ far: Far
  ) throws {
    let server = try Self.server(far, takes: 8 * 32_000, refusals: 100)
    let (engine, _) = try Engines.make(far.kind, at: server.url)
    let answer = try engine.recognize(Engines.request(Self.recording, seconds: 300))
    let sizes = server.requests.map(Self.seconds)
    // 30 s, then a half of it, are refused; what is less than a quarter is taken.
    #expect(sizes.count >= 5)
    #expect(sizes[0] > 28 && (8...15.1).contains(sizes[1]), "\(sizes)")
    let taken = sizes.dropFirst(2)
    #expect(taken.allSatisfy { $0 <= 8 }, "\(sizes)")
    #expect((27...30.5).contains(taken.reduce(0, +)), "\(sizes)")
    let starts = answer.segments.map(\.segment.start)
    #expect(starts.count == taken.count)
    #expect(starts == starts.sorted() && (starts.last ?? 0) > 20, "\(starts)")
    #expect(zip(starts, starts.dropFirst()).allSatisfy { $1 - $0 > 4 }, "\(starts)")
    #expect(answer.segments.allSatisfy { $0.segment.text == "One two." })

    // It is known now: nothing large is sent again.
    _ = try engine.recognize(Engines.request(Self.recording, seconds: 300))
    #expect(server.requests.dropFirst(sizes.count).allSatisfy { Self.seconds($0) <= 8 })
  }

  @Test(arguments: [openai, deepgram])
  func `where not even one utterance is taken, the next engine is asked`(_ far: Far) throws {
    let server = try Self.server(far, takes: 1_000, refusals: 100)
    let (engine, directory) = try Engines.make(far.kind, at: server.url)
    let other = try FakeHTTPServer(.json(#"{"text":"Hello there"}"#))
    let (next, _) = try Engines.make(.whisperServer, at: other.url, key: nil)
    var chain = EngineChain(
      source: Two(engines: ["first": engine, "second": next]), gate: OpenGate { _ in },
      names: ["first", "second"])
    chain.deadline = .now + .seconds(300)
    var notes: [String] = []
    let outcome = chain.recognize(Self.recording, notes: &notes)
    guard case .heard(let answer, "tested", _) = outcome else {
      Issue.record("\(outcome) \(notes)")
      return
    }
    #expect(answer.segments.map(\.text) == ["Hello there"])
    #expect(
      notes.count == 1 && notes[0].contains("the recording is too large for it (4"), "\(notes)")
    // Down to an utterance of 5 s or a little more, each size once.
    let sizes = server.requests.map(Self.seconds)
    #expect(zip(sizes, sizes.dropFirst()).allSatisfy { $1 < $0 * 0.7 }, "\(sizes)")
    #expect((3...6).contains(sizes.count) && (5...9).contains(sizes.last ?? 0), "\(sizes)")
    withExtendedLifetime(directory) {}
  }

  @Test func `its engine is well`() {
    var breaker = CircuitBreaker()
    for _ in 0..<10 {
      breaker.failed(.tooLarge("the recording is too large for it (413)"), nowMS: 0)
    }
    #expect(breaker.state == .closed)
  }
}

private final class Two: EngineSource {
  private let engines: [String: RemoteEngine]
  init(engines: [String: RemoteEngine]) { self.engines = engines }
  func engine(_ name: String) throws(EngineFailure) -> any SpeechEngine {
    guard let engine = engines[name] else { throw .administrator("is not there") }
    return engine
  }
}
