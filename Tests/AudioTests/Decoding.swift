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
    /// Encoded by ffmpeg instead, with these options.
    var ffmpeg: [String]?
    var type = "audio/x-wav"
    var codec: String
    var container: String
    var rate = 8000
    var channels = 1
    /// How like the original it must sound, 1 being the same.
    var likeness = 0.95
    /// By how many samples of 16 kHz the coder may put it off.
    var delay = 40

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
    // Extensible: sox writes its header from 24 bit on.
    Case(file: "24.wav", sox: ["-b", "24"], codec: "PCM 24 bit", container: "WAV"),
    Case(file: "32.wav", sox: ["-b", "32"], codec: "PCM 32 bit", container: "WAV"),
    Case(
      file: "double.wav", sox: ["-e", "floating-point", "-b", "64"], codec: "float 64 bit",
      container: "WAV", likeness: 0.999),
    Case(
      file: "lin.au", sox: ["-b", "16"], type: "audio/basic", codec: "PCM 16 bit", container: "AU"),
    Case(
      file: "v.opus", ffmpeg: ["-c:a", "libopus", "-b:a", "24k"], type: "audio/ogg", codec: "Opus",
      container: "Ogg", likeness: 0.9, delay: 6000),
    Case(
      file: "v.mp3", ffmpeg: ["-c:a", "libmp3lame", "-b:a", "32k"], type: "audio/mpeg",
      codec: "MP3",
      container: "MPEG", likeness: 0.8, delay: 6000),
    Case(
      file: "v.g726", ffmpeg: ["-c:a", "g726le", "-code_size", "4", "-f", "g726le"],
      type: "audio/32KADPCM", codec: "G.726", container: "raw"),
    Case(file: "v.slin", sox: ["-t", "sln"], type: "", codec: "PCM 16 bit", container: "raw"),
    Case(
      file: "v.sln16", sox: ["-t", "raw", "-r", "16000"], type: "", codec: "PCM 16 bit",
      container: "raw", rate: 16000, likeness: 0.999),
    // From here on the ffmpeg program decodes.
    Case(
      file: "v.g722", ffmpeg: ["-ar", "16000", "-c:a", "g722", "-f", "g722"], type: "audio/G722",
      codec: "G.722", container: "raw", rate: 16000),
    Case(
      file: "v.amr", sox: ["-t", "amr-nb", "-C", "7"], type: "audio/amr", codec: "AMR",
      container: "AMR",
      likeness: 0.7, delay: 400),
    Case(
      file: "v.m4a", ffmpeg: ["-c:a", "aac"], type: "audio/mp4", codec: "AAC", container: "MP4",
      likeness: 0.9, delay: 6000),
    Case(
      file: "fast.m4a", ffmpeg: ["-c:a", "aac", "-movflags", "+faststart"], type: "audio/x-m4a",
      codec: "AAC", container: "MP4", likeness: 0.9, delay: 6000),
    Case(
      file: "v.aac", ffmpeg: ["-c:a", "aac"], type: "audio/aac", codec: "AAC", container: "ADTS",
      likeness: 0.9, delay: 6000),
    Case(
      file: "v.wma", ffmpeg: ["-ar", "16000", "-c:a", "wmav2", "-b:a", "32k"],
      type: "audio/x-ms-wma",
      codec: "WMA", container: "ASF", rate: 16000, likeness: 0.9, delay: 6000),
    Case(
      file: "v.spx", ffmpeg: ["-c:a", "libspeex", "-f", "ogg"], type: "audio/ogg", codec: "Speex",
      container: "Ogg", likeness: 0.8, delay: 6000),
    Case(
      file: "g726.wav", ffmpeg: ["-c:a", "g726"], codec: "G.726", container: "WAV"),
    Case(
      file: "g723.wav", ffmpeg: ["-c:a", "g723_1", "-b:a", "6300"], codec: "G.723.1",
      container: "WAV",
      likeness: 0.6, delay: 6000),
    Case(
      file: "mp3.wav", ffmpeg: ["-c:a", "libmp3lame", "-b:a", "32k"], codec: "MP3",
      container: "WAV",
      likeness: 0.8, delay: 6000),
    Case(
      file: "v.webm", ffmpeg: ["-c:a", "libopus"], type: "audio/webm", codec: "Opus",
      container: "WebM", rate: 48000, likeness: 0.9, delay: 6000),
  ]

  @Test(arguments: cases)
  func `a recording sounds the same in every coding`(_ coding: Case) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file(coding.file)
    let original = try Sounds.prompt(Self.prompt)
    if let options = coding.ffmpeg {
      try Sounds.ffmpeg(["-i", Sounds.path(Self.prompt)] + options + [path])
    } else {
      try Sounds.sox([Sounds.path(Self.prompt)] + coding.sox + [path])
    }

    let file = try Sounds.bytes(path)
    let decoder = SoundFileDecoder()
    let recording = try decoder.decode(file, contentType: coding.type, filename: coding.file)

    #expect(recording.facts.codec == coding.codec)
    #expect(recording.facts.container == coding.container)
    #expect(recording.facts.sampleRateHz == coding.rate)
    #expect(recording.facts.channels == coding.channels)
    #expect(recording.facts.bytes == file.count)
    #expect(recording.facts.isCutOff == nil)
    #expect(recording.facts.usedSeconds == nil)
    let seconds = Double(Sounds.samples(ofWAV: original).count) / 8000
    #expect(abs(recording.durationSeconds - seconds) < 0.3)
    #expect(abs(recording.facts.durationSeconds - recording.durationSeconds) < 0.001)
    let plain = try decoder.decode(original, contentType: "", filename: nil)
    #expect(
      likeness(recording.samples, plain.samples, within: coding.delay) > coding.likeness)

    let facts = try decoder.facts(file, contentType: coding.type, filename: coding.file)
    #expect(facts.codec == coding.codec)
    #expect(abs(facts.durationSeconds - seconds) < 0.3)
  }

  @Test func `an MP3 is known whatever it is called`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("v.mp3")
    try Sounds.ffmpeg(["-i", Sounds.path("vm-goodbye"), path])
    let misnamed = try SoundFileDecoder().decode(
      try Sounds.bytes(path), contentType: "audio/basic", filename: "msg0001.wav")
    #expect(misnamed.facts.codec == "MP3")
  }

  @Test func `what needs ffmpeg is named where there is none`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("v.amr")
    try Sounds.sox([Sounds.path("vm-goodbye"), "-t", "amr-nb", path])
    let error = #expect(throws: StepFailure.self) {
      try SoundFileDecoder(program: nil).decode(
        try Sounds.bytes(path), contentType: "audio/amr", filename: "v.amr")
    }
    #expect(
      error
        == .permanent(
          "a recording in AMR, for which the ffmpeg program is needed; apt install ffmpeg"))
  }

  @Test func `ffmpeg opens neither files nor the network for a recording`() throws {
    let directory = try TemporaryDirectory()
    let prompt = Sounds.path("vm-goodbye")
    let lists = [
      "ffconcat version 1.0\nfile '\(prompt)'\n",
      "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://\(prompt)\n#EXT-X-ENDLIST\n",
      "#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1:9/a.wav\n",
    ]
    for list in lists {
      // Behind the mark of an ID3 tag of no length, so that ffmpeg is asked.
      let file = [0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 0] + Array(list.utf8)
      #expect(throws: StepFailure.self) {
        _ = try SoundFileDecoder().decode(file, contentType: "audio/mpeg", filename: "x.mp3")
      }
      let path = directory.file("list")
      try Data(list.utf8).write(to: URL(fileURLWithPath: path))
    }
  }

  @Test func `a program that hangs, writes without end or dies is one failed recording`() throws {
    let directory = try TemporaryDirectory()
    let amr = Array("#!AMR\n".utf8) + [UInt8](repeating: 0x3C, count: 320)
    let cases = [
      ("kill -SEGV $$", "ffmpeg died of signal 11"),
      ("exit 1", "ffmpeg finds no sound in it that it can read"),
      ("exec head -c 100 /dev/zero", "ffmpeg finds no sound in it that it can read"),
    ]
    for (script, sentence) in cases {
      let path = directory.file("program")
      try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(fileURLWithPath: path))
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
      let error = #expect(throws: StepFailure.self) {
        _ = try SoundFileDecoder(program: path).decode(amr, contentType: "", filename: nil)
      }
      #expect(error == .permanent("a recording in AMR: \(sentence)"))
    }
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
    #expect(recording.facts.usedSeconds == 3)
    #expect(recording.facts.isCutOff == nil)
  }

  @Test func `a file larger than allowed is refused with both numbers`() throws {
    let error = #expect(throws: StepFailure.self) {
      try SoundFileDecoder(maxFileBytes: 1000).decode(
        Sounds.wav(Sounds.silence(1)), contentType: "", filename: nil)
    }
    #expect(error == .permanent("a recording of 32044 bytes; the limit is 1000"))
  }

  /// The correlation of two seconds of the recordings, at the best of the shifts that a codec may cause.
  private func likeness(_ a: [Int16], _ b: [Int16], within delay: Int) -> Double {
    func correlation(_ shift: Int) -> Double {
      var (ab, aa, bb) = (0.0, 1.0, 1.0)
      for position in stride(from: 16_000, to: 48_000, by: 17) {
        guard a.indices.contains(position + shift), b.indices.contains(position) else { return 0 }
        let (x, y) = (Double(a[position + shift]), Double(b[position]))
        ab += x * y
        aa += x * x
        bb += y * y
      }
      return ab / (aa * bb).squareRoot()
    }
    let coarse = stride(from: -delay, through: delay, by: delay > 1000 ? 5 : 1)
    let best = coarse.map { ($0, correlation($0)) }.max { $0.1 < $1.1 }?.0 ?? 0
    return (best - 2...best + 2).map(correlation).max() ?? 0
  }
}
