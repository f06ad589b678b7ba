import Foundation
@testable import Speech
import TestSupport
import Testing
import Voicemail

/// What tests of engines share: recordings without meaning, keys on disk, engines that ask a fake.
enum Engines {
  static let key = "sk-test-4711-swordfish-0815"

  /// Bursts of a sweeping tone with pauses: speech to our ear, and cheap to make. `seconds` in all.
  static func voice(seconds: Double = 4, rate: Int = 16_000) -> Recording {
    let count = Int(seconds * 16_000)
    var phase = 0.0
    var samples: [Int16] = []
    samples.reserveCapacity(count)
    for index in 0..<count {
      let time = Double(index) / 16_000
      let inBurst = time.truncatingRemainder(dividingBy: 2)
      let isLoud = inBurst > 0.5 && inBurst < 1.7
      phase += 2 * .pi * (300 + 200 * sin(time * 9)) / 16_000
      let level = isLoud ? 6_000 + 5_000 * sin(time * 23) : 0
      samples.append(Int16(level * sin(phase)))
    }
    var recording = Prompts.recording(of: samples)
    recording.facts.sampleRateHz = rate
    return recording
  }

  /// The engine, and the directory that holds its key.
  static func make(
    _ kind: EngineConfiguration.Kind, at url: String?, key: String? = key,
    _ change: (inout EngineConfiguration) -> Void = { _ in }
  ) throws -> (engine: RemoteEngine, directory: TemporaryDirectory) {
    let directory = try TemporaryDirectory()
    var configuration = EngineConfiguration(name: "tested", kind: kind)
    configuration.url = url
    if let key {
      configuration.keyFile = directory.file("key")
      try Data("\(key)\n".utf8).write(to: URL(fileURLWithPath: directory.file("key")))
    }
    change(&configuration)
    return (try RemoteEngine(configuration) { _ in }, directory)
  }

  /// Enough for what is about the answer.
  static let short = voice(seconds: 1.7)

  static func request(
    _ recording: Recording = voice(), languages: [String] = [], vocabulary: [String] = [],
    seconds: Double = 20
  ) -> SpeechRequest {
    SpeechRequest(
      recording, languages: languages, vocabulary: vocabulary,
      deadline: .now + .milliseconds(Int(seconds * 1_000)))
  }

  static func failure(_ engine: RemoteEngine, _ request: SpeechRequest = request(short))
    -> EngineFailure?
  {
    do throws(EngineFailure) {
      _ = try engine.recognize(request)
      return nil
    } catch {
      return error
    }
  }

  /// One request, without what prepares a recording: that takes time, and says nothing of the far side.
  static func ask(_ engine: RemoteEngine, seconds: Double = 30) throws(EngineFailure) -> PieceAnswer
  {
    try engine.recogniser.recognize(
      PieceRequest(
        samples: [], facts: voice(seconds: 0).facts, languages: [], vocabulary: [],
        deadline: .now + .milliseconds(Int(seconds * 1_000))))
  }

  /// Of such a request.
  static func refusal(_ engine: RemoteEngine, seconds: Double = 30) -> EngineFailure? {
    do throws(EngineFailure) {
      _ = try ask(engine, seconds: seconds)
      return nil
    } catch {
      return error
    }
  }
}

/// The head and the samples of a WAV file as it was sent.
struct SentWave {
  var rate: Int
  var seconds: Double

  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 44, bytes.starts(with: Array("RIFF".utf8)),
      Array(bytes[8..<16]) == Array("WAVEfmt ".utf8), Array(bytes[20..<24]) == [1, 0, 1, 0],
      Array(bytes[34..<36]) == [16, 0]
    else { return nil }
    func number(_ at: Int) -> Int {
      (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
    }
    guard number(40) == bytes.count - 44, number(4) == bytes.count - 8 else { return nil }
    rate = number(24)
    seconds = Double(number(40)) / Double(2 * rate)
  }
}
