@testable import Speech
import TestSupport
import Testing
import Voicemail

/// A recording that goes in pieces, of which one fails.
@Suite struct Pieces {
  private static func answer(_ text: String) -> FakeHTTPServer.Step {
    .json(
      #"{"text":"x","segments":[{"text":"\#(text)","start":1,"end":2,"avg_logprob":-0.1}]}"#)
  }
  /// Made once: that takes longer than sending it.
  private static let recording = Engines.voice(seconds: 40)

  private func engine(_ server: FakeHTTPServer) throws -> (RemoteEngine, TemporaryDirectory) {
    let (engine, directory) = try Engines.make(.openai, at: server.url)
    let service = try #require(engine.recogniser as? OpenAI)
    service.longestSeconds = 15
    return (engine, directory)
  }

  @Test(arguments: [
    // Whether the piece that failed may be on the bill.
    (FakeHTTPServer.Step.text("", status: 500), false), (.json("{"), true),
  ])
  func `the second attempt goes on with the piece that failed, and no piece is counted twice`(
    _ failure: FakeHTTPServer.Step, _ isPaid: Bool
  ) throws {
    let server = try FakeHTTPServer(
      Self.answer("This is Anna."), failure, Self.answer("Please call me back"),
      Self.answer("about the invoice"), Self.answer("before Monday."))
    let (engine, directory) = try engine(server)
    let gate = WatchedGate()
    var chain = EngineChain(source: TheEngine(engine), gate: gate, names: ["tested"])
    chain.deadline = .now + .seconds(300)
    var notes: [String] = []
    guard case .heard(let answer, _, _) = chain.recognize(Self.recording, notes: &notes) else {
      Issue.record("\(notes)")
      return
    }
    let sizes = server.requests.map(\.body.count)
    #expect(sizes.count >= 4, "\(sizes)")
    #expect(sizes[1] == sizes[2], "\(sizes)")
    #expect(answer.segments.count == sizes.count - 1)
    let starts = answer.segments.map(\.start)
    #expect(zip(starts, starts.dropFirst()).allSatisfy { $1 > $0 + 4 }, "\(starts)")
    guard gate.asked.count == 2, case .failed(let told) = gate.ends.first else {
      Issue.record("\(gate.asked) \(gate.ends)")
      return
    }
    let heard = gate.asked[0] - gate.asked[1]
    #expect(gate.asked[0] == 40 && (5...15).contains(heard))
    let paid = try #require(told.paidSeconds)
    #expect(told.mayBePaid)
    #expect(isPaid ? (heard + 5...heard + 15).contains(paid) : paid == heard, "\(paid) \(heard)")
    withExtendedLifetime(directory) {}
  }

  enum Change: CaseIterable { case words, language, recording }

  @Test(arguments: Change.allCases)
  func `another recording, or the same with other words, begins anew`(_ change: Change) throws {
    let other =
      switch change {
      case .words: Engines.request(Self.recording, vocabulary: ["Yara"], seconds: 300)
      case .language: Engines.request(Self.recording, languages: ["en"], seconds: 300)
      case .recording: Engines.request(Engines.voice(seconds: 38), seconds: 300)
      }
    let server = try FakeHTTPServer(
      Self.answer("This is Anna."), .text("", status: 500), Self.answer("Please call me back."))
    let (engine, directory) = try engine(server)
    #expect(Engines.failure(engine, Engines.request(Self.recording))?.paidSeconds ?? 0 > 0)
    #expect(engine.unheardSeconds(other) == other.recording.durationSeconds)
    let begun = server.requests.count
    _ = try engine.recognize(other)
    let pieces = server.requests.count - begun
    _ = try engine.recognize(other)
    #expect(pieces > 1 && server.requests.count == begun + 2 * pieces)
    withExtendedLifetime(directory) {}
  }
}

private final class TheEngine: EngineSource {
  private let made: RemoteEngine
  init(_ engine: RemoteEngine) { made = engine }
  func engine(_ name: String) throws(EngineFailure) -> any SpeechEngine { made }
}

/// Lets all in, and writes down for how many seconds and how it ended.
private final class WatchedGate: EngineGate {
  var asked: [Double] = []
  var ends: [EngineEnd] = []
  func enter(_ engine: String, _ visit: EngineVisit) -> EnginePass {
    asked.append(visit.audioSeconds)
    return .granted
  }
  func leave(_ engine: String, _ end: EngineEnd) { ends.append(end) }
  func rest(seconds: Int) {}
}
