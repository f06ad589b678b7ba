import Audio
import Foundation
import TestSupport
import Testing
import Voicemail

/// What strangers send: an error in one line, or what there is; never a trap, never an endless run.
@Suite struct BrokenRecordings {
  let decoder = SoundFileDecoder()

  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    var type = "audio/x-wav"
    var filename = "msg0001.wav"
    var sentence: String

    var testDescription: String { name }
  }

  static let header = Array(Sounds.wav([]))

  static let unreadable: [Case] = [
    Case(name: "no bytes", bytes: [], sentence: "the recording is empty"),
    Case(
      name: "one byte", bytes: [0x52],
      sentence: "not a recording we can read: "),
    Case(name: "a header alone", bytes: header, sentence: "the recording is empty"),
    Case(name: "half a header", bytes: Array(header[..<20]), sentence: "not a recording"),
    Case(
      name: "text", bytes: Array("<html>Please log in</html>".utf8), sentence: "not a recording"),
    Case(
      name: "text called .ulaw", bytes: Array("<html>Please log in</html>".utf8),
      type: "audio/x-ulaw", filename: "x.ulaw", sentence: "(it looks like text)"),
    Case(
      name: "noise called .gsm",
      bytes: Sounds.noise(seconds: 0.1).map { UInt8(truncatingIfNeeded: $0) },
      type: "audio/x-gsm", filename: "x.gsm", sentence: "not a recording we can read"),
    Case(
      name: "AMR without frames", bytes: Array("#!AMR\n".utf8), type: "audio/amr",
      filename: "x.amr",
      sentence: "a recording in AMR: ffmpeg finds no sound"),
    Case(
      name: "nine channels", bytes: patched(22, [9, 0]), sentence: "9 channels; we read 1 to 8"),
    Case(
      name: "no channels", bytes: patched(22, [0, 0]), sentence: ""),
    Case(
      name: "two billion samples per second", bytes: patched(24, [0xFF, 0xFF, 0xFF, 0x7F]),
      sentence: "samples per second; we read 1 to 384000"),
    Case(name: "no samples per second", bytes: patched(24, [0, 0, 0, 0]), sentence: ""),
    Case(
      name: "an unknown coding", bytes: patched(20, [0x99, 0]),
      sentence: "not a recording we can read"
    ),
  ]

  /// A second of tone with some bytes of the header changed.
  static func patched(_ offset: Int, _ bytes: [UInt8]) -> [UInt8] {
    var wav = Sounds.wav(Sounds.tone(440, seconds: 1))
    wav.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    return wav
  }

  @Test(arguments: unreadable)
  func `what is no recording fails for good, in one line`(_ broken: Case) throws {
    let error = #expect(throws: StepFailure.self) {
      _ = try decoder.decode(broken.bytes, contentType: broken.type, filename: broken.filename)
    }
    #expect(error?.kind == .permanent)
    let sentence = error?.sentence ?? ""
    #expect(broken.sentence.isEmpty || sentence.contains(broken.sentence))
    #expect(!sentence.contains("\n") && sentence.count < 240)
    #expect(!sentence.contains("log in"))
  }

  @Test(
    arguments: [[0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F]] as [[UInt8]])
  func `sizes that a streaming recorder left wrong do not matter`(_ size: [UInt8]) throws {
    var wav = Sounds.wav(Sounds.tone(440, seconds: 2))
    wav.replaceSubrange(40..<44, with: size)
    for whole in [[0, 0, 0, 0], size, Array(wav[4..<8])] {
      wav.replaceSubrange(4..<8, with: whole)
      let recording = try decoder.decode(wav, contentType: "", filename: nil)
      #expect(recording.durationSeconds == 2)
      let facts = try decoder.facts(wav, contentType: "", filename: nil)
      #expect(facts.durationSeconds == 2)
    }
  }

  @Test func `a recording cut in the middle gives its first half`() throws {
    let directory = try TemporaryDirectory()
    for ending in ["gsm.wav", "wav", "flac", "ogg", "au"] {
      let path = directory.file("whole.\(ending)")
      let coding = ending == "gsm.wav" ? ["-e", "gsm-full-rate"] : []
      try Sounds.sox([Sounds.path("queue-periodic-announce")] + coding + [path])
      let file = try Sounds.bytes(path)
      let whole = try decoder.decode(file, contentType: "", filename: nil)
      let half = try decoder.decode(
        Array(file[..<(file.count / 2)]), contentType: "", filename: nil)
      #expect(half.durationSeconds > whole.durationSeconds * 0.3, "\(ending)")
      #expect(half.durationSeconds < whole.durationSeconds * 0.7, "\(ending)")
      #expect(half.facts.durationSeconds == half.durationSeconds)
    }
  }

  @Test func `samples that are no numbers are silence`() throws {
    var wav = Sounds.wav([])
    wav[20] = 3  // IEEE float
    wav.replaceSubrange(28..<36, with: [0x00, 0xFA, 0, 0, 4, 0, 32, 0])
    let values: [Float] = [.nan, .infinity, -.infinity, 1e30, -1e30, .leastNonzeroMagnitude]
    for value in (0..<4000).map({ values[$0 % values.count] }) {
      withUnsafeBytes(of: value.bitPattern.littleEndian) { wav += $0 }
    }
    wav.replaceSubrange(40..<44, with: [0x80, 0x3E, 0, 0])
    for rate: [UInt8] in [[0x80, 0x3E, 0, 0], [0x40, 0x1F, 0, 0]] {
      wav.replaceSubrange(24..<28, with: rate)
      let recording = try decoder.decode(wav, contentType: "", filename: nil)
      #expect(recording.facts.codec == "float 32 bit")
      #expect(recording.samples.count > 3900)
    }
  }

  @Test(arguments: [1, 2, 100, 384_000])
  func `the strangest sampling rates are converted within the limit`(_ rate: Int) throws {
    let wav = Sounds.wav([Int16](repeating: 1000, count: 4000), rate: rate)
    let recording = try SoundFileDecoder(maxSeconds: 20).decode(
      wav, contentType: "", filename: nil)
    let expected = min(20.0, 4000 / Double(rate))
    #expect(abs(recording.durationSeconds - expected) < 0.01)
  }

  /// Seeded, so that a failure comes again; each round is a few milliseconds.
  @Test(arguments: 0..<8)
  func `mutated headers never trap`(_ seed: Int) throws {
    var random = SplitMix(state: UInt64(seed))
    let directory = try TemporaryDirectory()
    let ending = ["wav", "wav", "flac", "ogg", "au", "aiff", "gsm", "wav"][seed]
    let path = directory.file("a.\(ending)")
    let coding = [[], ["-e", "gsm-full-rate"], [], [], [], [], [], ["-e", "ima-adpcm"]][seed]
    try Sounds.sox([Sounds.path("vm-goodbye")] + coding + [path])
    let original = try Sounds.bytes(path)
    let limited = SoundFileDecoder(maxSeconds: 2)
    var readable = 0
    for _ in 0..<60 {
      var file = original
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let position = Int.random(in: 0..<min(file.count, 96), using: &random)
        file[position] =
          [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &random)]
          .randomElement(using: &random) ?? 0
      }
      if Bool.random(using: &random) {
        file = Array(file[..<Int.random(in: 0...file.count, using: &random)])
      }
      do throws(StepFailure) {
        let recording = try limited.decode(file, contentType: "", filename: "a.\(ending)")
        #expect(!recording.samples.isEmpty)
        #expect(recording.samples.count <= 2 * 16_000)
        #expect(recording.facts.durationSeconds.isFinite)
        readable += 1
      } catch {
        #expect(error.kind == .permanent)
        #expect(!error.sentence.contains("\n"))
      }
    }
    #expect(readable > 0)
  }

  /// Nine formats damaged in five ways, decoded by libsndfile or by ffmpeg.
  @Test(arguments: ["wav", "gsm.wav", "flac", "ogg", "au", "aiff", "mp3", "m4a", "amr"])
  func `what is left of a damaged recording is used, or one line says that nothing is`(
    _ ending: String
  ) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.\(ending)")
    let prompt = Sounds.path("vm-goodbye")
    switch ending {
    case "mp3", "m4a": try Sounds.ffmpeg(["-i", prompt, path])
    case "amr": try Sounds.sox([prompt, "-t", "amr-nb", path])
    case "gsm.wav": try Sounds.sox([prompt, "-e", "gsm-full-rate", path])
    default: try Sounds.sox([prompt, path])
    }
    let file = try Sounds.bytes(path)
    var random = SplitMix(state: 40)
    let noise = (0..<4000).map { _ in UInt8.random(in: 0...255, using: &random) }
    let damaged = [
      Array(file.prefix(20)),
      Array(file.prefix(64)) + [UInt8](repeating: 0, count: 4000),
      Array(file.prefix(64)) + noise,
      [0, 0, 0, 0] + file.dropFirst(4),
      [UInt8]([[UInt8]](repeating: Array(file.prefix(48)), count: 500).joined()),
    ]
    let limited = SoundFileDecoder(maxSeconds: 2)
    for bytes in damaged {
      do throws(StepFailure) {
        let recording = try limited.decode(bytes, contentType: "", filename: "a.\(ending)")
        #expect((1...2 * 16_000).contains(recording.samples.count))
        #expect(recording.facts.durationSeconds.isFinite)
      } catch {
        #expect(error.kind == .permanent)
        #expect(!error.sentence.contains("\n") && error.sentence.count < 240)
      }
    }
  }
}
