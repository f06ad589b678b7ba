import Foundation
import Voicemail

/// Recordings for tests: prompts of Debian's asterisk-core-sounds-en-wav (8 kHz, 16 bit, mono),
/// put into other codings by sox.
enum Sounds {
  static let folder = "/usr/share/asterisk/sounds/en_US_f_Allison"

  static func path(_ prompt: String) -> String { "\(folder)/\(prompt).wav" }

  static func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  static func prompt(_ name: String) throws -> [UInt8] { try bytes(path(name)) }

  /// Runs sox; its complaint is the error.
  static func sox(_ arguments: [String]) throws {
    try run("/usr/bin/sox", ["-R", "-V1"] + arguments)
  }

  /// Runs ffmpeg, which writes what sox does not.
  static func ffmpeg(_ arguments: [String]) throws {
    try run("/usr/bin/ffmpeg", ["-v", "error", "-nostdin", "-y"] + arguments)
  }

  private static func run(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw EncoderFailure(sentence: String(decoding: complaint, as: UTF8.self))
    }
  }

  struct EncoderFailure: Error { var sentence: String }

  /// Plain PCM samples of a 16 bit WAV with the 44 byte header that sox and Asterisk write.
  static func samples(ofWAV wav: [UInt8]) -> [Int16] {
    stride(from: 44, to: wav.count - 1, by: 2).map {
      Int16(truncatingIfNeeded: Int(wav[$0]) | Int(wav[$0 + 1]) << 8)
    }
  }

  /// A 16 bit mono WAV.
  static func wav(_ samples: [Int16], rate: Int = 16_000) -> [UInt8] {
    func number(_ value: Int, _ bytes: Int) -> [UInt8] {
      (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let size = samples.count * 2
    var wav = Array("RIFF".utf8) + number(36 + size, 4) + Array("WAVEfmt ".utf8)
    wav += number(16, 4) + number(1, 2) + number(1, 2) + number(rate, 4) + number(rate * 2, 4)
    wav += number(2, 2) + number(16, 2) + Array("data".utf8) + number(size, 4)
    for sample in samples { wav += number(Int(sample), 2) }
    return wav
  }

  static func silence(_ seconds: Double) -> [Int16] {
    [Int16](repeating: 0, count: Int(seconds * 16_000))
  }

  static func tone(_ hertz: Double, seconds: Double, amplitude: Double = 8000) -> [Int16] {
    (0..<Int(seconds * 16_000)).map {
      Int16(amplitude * sin(2 * .pi * hertz * Double($0) / 16_000))
    }
  }

  static func chord(_ hertz: [Double], seconds: Double) -> [Int16] {
    let tones = hertz.map { tone($0, seconds: seconds, amplitude: 3000) }
    return (0..<Int(seconds * 16_000)).map { at in
      // Struck, then fading, like a string.
      let fading = exp(-2 * Double(at) / 16_000)
      return Int16(clamping: Int(fading * Double(tones.reduce(0) { $0 + Int($1[at]) })))
    }
  }

  /// Keys of a telephone, each followed by as much silence.
  static func digits(_ keys: String, seconds: Double) -> [Int16] {
    let low = [697.0, 770, 852, 941]
    let high = [1209.0, 1336, 1477, 1633]
    let pad = Array("123A456B789C*0#D")
    return keys.flatMap { key -> [Int16] in
      guard let position = pad.firstIndex(of: key) else { return [] }
      let one = tone(low[position / 4], seconds: seconds, amplitude: 5000)
      let two = tone(high[position % 4], seconds: seconds, amplitude: 5000)
      return zip(one, two).map { $0 + $1 } + silence(seconds)
    }
  }

  /// Low noise as of wind and traffic.
  static func brownNoise(seconds: Double) -> [Int16] {
    var level = 0.0
    return noise(seconds: seconds, amplitude: 3000, seed: 5).map { sample in
      level = 0.98 * level + Double(sample) / 4
      return Int16(max(-32768, min(32767, level)))
    }
  }

  static func noise(seconds: Double, amplitude: Int = 2000, seed: UInt64 = 1) -> [Int16] {
    var random = SplitMix(state: seed)
    return (0..<Int(seconds * 16_000)).map { _ in
      Int16(Int.random(in: -amplitude...amplitude, using: &random))
    }
  }
}

/// Random numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
