import Voicemail

/// An engine that gives answers in their order.
final class ScriptedEngine: SpeechEngine {
  let name: String
  let lowConfidence = 0.5
  let mayInvent = true
  var isEmbedded = false
  var languages: [String] = []
  var seconds = 60.0
  private(set) var requests: [SpeechRequest] = []
  var answers: [Result<SpeechAnswer, EngineFailure>]

  init(_ name: String, _ answers: Result<SpeechAnswer, EngineFailure>...) {
    self.name = name
    self.answers = answers
  }

  func limit(audioSeconds: Double) -> Duration { .milliseconds(Int(seconds * 1_000)) }
  func hears(_ wanted: [String]) -> Bool {
    languages.isEmpty || wanted.isEmpty || !Set(wanted).isDisjoint(with: languages)
  }
  func recognize(_ request: SpeechRequest) throws(EngineFailure) -> SpeechAnswer {
    requests.append(request)
    guard !answers.isEmpty else { throw .administrator("asked too often") }
    return try answers.removeFirst().get()
  }
}

final class Engines: EngineSource {
  private let engines: [ScriptedEngine]
  init(_ engines: [ScriptedEngine]) { self.engines = engines }

  func engine(_ name: String) throws(EngineFailure) -> any SpeechEngine {
    guard let engine = engines.first(where: { $0.name == name }) else {
      throw .administrator("no model")
    }
    return engine
  }
}

/// Writes down who came, and lets nobody in whom it is told not to.
final class RecordingGate: EngineGate {
  var refusals: [String: EnginePass] = [:]
  private(set) var story: [String] = []
  private(set) var visits: [EngineVisit] = []

  func enter(_ engine: String, _ visit: EngineVisit) -> EnginePass {
    visits.append(visit)
    story.append("enter \(engine)")
    return refusals[engine] ?? .granted
  }
  func leave(_ engine: String, _ end: EngineEnd) {
    story.append("leave \(engine): \(end == .answered ? "answered" : "failed")")
  }
  func rest(seconds: Int) { story.append("rest \(seconds)") }
}

func heard(_ text: String, _ start: Double = 0, _ end: Double = 4) -> SpeechAnswer {
  let segment = Segment(start: start, end: end, text: text, confidence: 0.9, words: [])
  return SpeechAnswer([HeardSegment(segment)], language: "en")
}

func recording(seconds: Double = 5, speech: Double = 4) -> Recording {
  Recording(
    samples: [Int16](repeating: 0, count: Int(seconds * 16_000)),
    facts: AudioFacts(
      codec: "PCM", container: "WAV", sampleRateHz: 8_000, channels: 1, durationSeconds: seconds,
      bytes: 1), speechSeconds: speech)
}
