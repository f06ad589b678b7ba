import Audio
import Foundation
import TestSupport
import Testing
import Voicemail

/// One prompt, 8 s of speech, in every coding a telephone system sends.
@Suite struct Decoding {
  static let prompt = "queue-periodic-announce"

  struct Case: Sendable, CustomTestStringConvertible {
    var file: String
    var sox: [String] = []
    var type = "audio/x-wav"
    var codec: String
    var container: String
    var rate = 8000
    var channels = 1
    /// How like the original it must sound, 1 being the same.
    var likeness = 0.95

    var testDescription: String { "\(codec) in \(file)" }
  }

  static let cases: [Case] = [
    Case(file: "a.wav", codec: "PCM 16 bit", container: "WAV", likeness: 0.9999),
    Case(file: "wav49.wav", sox: ["-e", "gsm-full-rate"], codec: "GSM 6.10", container: "WAV"),
    Case(file: "u.wav", sox: ["-e", "u-law"], codec: "u-law", container: "WAV", likeness: 0.99),
    Case(file: "a.wav", sox: ["-e", "a-law"], codec: "A-law", container: "WAV", likeness: 0.99),
    Case(file: "ima.wav", sox: ["-e", "ima-adpcm"], codec: "IMA ADPCM", container: "WAV"),
    Case(file: "ms.wav", sox: ["-e", "ms-adpcm"], codec: "MS ADPCM", container: "WAV"),
    Case(file: "8.wav", sox: ["-b", "8"], codec: "PCM 8 bit", container: "WAV"),
    Case(
      file: "44.wav", sox: ["-r", "44100"], codec: "PCM 16 bit", container: "WAV", rate: 44100,
      likeness: 0.999),
    Case(
      file: "2.wav", sox: ["-c", "2"], codec: "PCM 16 bit", container: "WAV", channels: 2,
      likeness: 0.999),
    Case(
      file: "16.wav", sox: ["-r", "16000"], codec: "PCM 16 bit", container: "WAV", rate: 16000,
      likeness: 0.999),
    Case(
      file: "float.wav", sox: ["-e", "floating-point", "-b", "32"], codec: "float 32 bit",
      container: "WAV", likeness: 0.999),
    Case(
      file: "v.au", sox: ["-e", "u-law"], type: "audio/basic", codec: "u-law", container: "AU",
      likeness: 0.99),
    Case(file: "v.aiff", type: "audio/aiff", codec: "PCM 16 bit", container: "AIFF"),
    Case(file: "v.flac", type: "audio/flac", codec: "PCM 16 bit", container: "FLAC"),
    Case(file: "v.ogg", type: "audio/ogg", codec: "Vorbis", container: "Ogg", likeness: 0.9),
    Case(file: "v.gsm", type: "audio/x-gsm", codec: "GSM 6.10", container: "raw"),
    Case(file: "v.gsm", type: "application/octet-stream", codec: "GSM 6.10", container: "raw"),
    Case(file: "v.ul", type: "audio/x-ulaw", codec: "u-law", container: "raw"),
    Case(file: "v.al", type: "audio/x-alaw", codec: "A-law", container: "raw"),
    Case(file: "v.sln", type: "audio/x-sln", codec: "PCM 16 bit", container: "raw"),
  ]

  @Test(arguments: cases)
  func `a recording sounds the same in every coding`(_ coding: Case) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file(coding.file)
    let original = try Sounds.prompt(Self.prompt)
    try Sounds.sox([Sounds.path(Self.prompt)] + coding.sox + [path])

    let file = try Sounds.bytes(path)
    let decoder = SoundFileDecoder()
    let recording = try decoder.decode(file, contentType: coding.type, filename: coding.file)

    #expect(recording.facts.codec == coding.codec)
    #expect(recording.facts.container == coding.container)
    #expect(recording.facts.sampleRateHz == coding.rate)
    #expect(recording.facts.channels == coding.channels)
    #expect(recording.facts.bytes == file.count)
    let seconds = Double(Sounds.samples(ofWAV: original).count) / 8000
    #expect(abs(recording.durationSeconds - seconds) < 0.1)
    #expect(abs(recording.facts.durationSeconds - recording.durationSeconds) < 0.001)
    let plain = try decoder.decode(original, contentType: "", filename: nil)
    #expect(likeness(recording.samples, plain.samples) > coding.likeness)

    let facts = try decoder.facts(file, contentType: coding.type, filename: coding.file)
    #expect(facts.codec == coding.codec)
    #expect(abs(facts.durationSeconds - seconds) < 0.1)
  }

  @Test func `an MP3 is read`() throws {
    // Debian's sox writes no MP3. By hand: 80 silent frames of MPEG 1 layer 3, 32 kbit/s.
    let frame: [UInt8] = [0xFF, 0xFB, 0x10, 0xC4] + [UInt8](repeating: 0, count: 100)
    let file = [UInt8]((0..<80).map { _ in frame }.joined())
    let recording = try SoundFileDecoder().decode(file, contentType: "audio/mpeg", filename: nil)
    #expect(recording.facts.codec == "MP3")
    #expect(recording.facts.container == "MPEG")
    #expect(recording.durationSeconds > 1.5)
    #expect(recording.speechSeconds == 0)
    let misnamed = try SoundFileDecoder().decode(
      file, contentType: "audio/basic", filename: "msg0001.wav")
    #expect(misnamed.facts.codec == "MP3")
  }

  @Test func `the bytes decide, not the name or the type`() throws {
    let recording = try SoundFileDecoder().decode(
      try Sounds.prompt("vm-goodbye"), contentType: "audio/x-gsm", filename: "msg0001.gsm")
    #expect(recording.facts.codec == "PCM 16 bit")
  }

  @Test func `a recording longer than allowed gives its first part`() throws {
    let wav = Sounds.wav(Sounds.tone(440, seconds: 10), rate: 16_000)
    let recording = try SoundFileDecoder(maxSeconds: 3).decode(
      wav, contentType: "", filename: nil)
    #expect(recording.samples.count == 3 * 16_000)
    #expect(recording.facts.durationSeconds == 10)
  }

  @Test func `a file larger than allowed is refused with both numbers`() throws {
    let error = #expect(throws: StepFailure.self) {
      try SoundFileDecoder(maxFileBytes: 1000).decode(
        Sounds.wav(Sounds.silence(1)), contentType: "", filename: nil)
    }
    #expect(error == .permanent("a recording of 32044 bytes; the limit is 1000"))
  }

  /// The correlation of two recordings at the best of the shifts a codec may cause.
  private func likeness(_ a: [Int16], _ b: [Int16]) -> Double {
    (-40...40).map { shift -> Double in
      let count = min(a.count, b.count) - 40
      var (ab, aa, bb) = (0.0, 1.0, 1.0)
      for position in stride(from: 40, to: count, by: 7) {
        let (x, y) = (Double(a[position + shift]), Double(b[position]))
        ab += x * y
        aa += x * x
        bb += y * y
      }
      return ab / (aa * bb).squareRoot()
    }.max() ?? 0
  }
}
