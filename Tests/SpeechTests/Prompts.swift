import Audio
import Foundation
import Speech
import Synchronization
import TestSupport
import Voicemail

/// Prompts of Debian's asterisk-core-sounds-en-wav, spoken by one voice over a telephone band.
enum Prompts {
  static let folder = "/usr/share/asterisk/sounds/en_US_f_Allison"

  static func recording(_ prompt: String) throws -> Recording {
    try decode("\(folder)/\(prompt).wav")
  }

  static func decode(_ path: String) throws -> Recording {
    let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    return try SoundFileDecoder().decode(file, contentType: "", filename: nil)
  }

  /// The prompt as Asterisk's wav49 format holds it.
  static func gsmRecording(_ prompt: String) throws -> Recording {
    let directory = try TemporaryDirectory()
    let path = directory.file("msg0001.wav")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/sox")
    process.arguments = ["-R", "\(folder)/\(prompt).wav", "-e", "gsm-full-rate", path]
    try process.run()
    process.waitUntilExit()
    return try decode(path)
  }

  static func recording(of samples: [Int16]) -> Recording {
    let facts = AudioFacts(
      codec: "PCM 16 bit", container: "WAV", sampleRateHz: 16_000, channels: 1,
      durationSeconds: Double(samples.count) / 16_000, bytes: samples.count * 2)
    let activity = SpeechActivity(samples)
    return Recording(
      samples: samples, facts: facts, speechSeconds: activity.speechSeconds,
      speech: activity.stretches)
  }
}

/// One decoder for all tests (it costs 95 MB), used by one at a time.
enum SharedEngine {
  private static let engine = Mutex<PocketSphinxEngine?>(nil)

  static func recognize(_ recording: Recording) throws -> [Segment] {
    try engine.withLock { engine in
      let ready = try engine ?? PocketSphinxEngine()
      engine = ready
      return try ready.recognize(recording)
    }
  }
}
