internal import Glibc
internal import Programs
internal import Voicemail

/// The ffmpeg program as a filter from what libsndfile does not read to WAV.
///
/// It is hostile to nobody but written for friends: it may speak to a pipe and to nothing else, take sound
/// in containers of sound, and no longer or more than the limits say.
struct ForeignDecoder {
  var path: String
  var maxSeconds: Int

  /// Where Debian and administrators put it; nil where it is not installed.
  static var installed: String? {
    ["/usr/bin/ffmpeg", "/usr/local/bin/ffmpeg"].first { path in
      unsafe access(path, X_OK) == 0
    }
  }

  /// Half an hour takes seconds.
  private static let secondsToDecode = 60
  private static let memoryBytes = 1 << 30
  /// Half an hour of 48 kHz in two channels.
  private static let mostOutputBytes = 400 << 20
  private static let containers =
    "aac,ac3,aiff,amr,asf,au,caf,eac3,flac,g722,g723_1,g729,matroska,mov,mp3,ogg,qcp,rm,wav,webm,wv"
  private static let codecs =
    "aac,aac_latm,ac3,adpcm_ms,alac,amrnb,amrwb,atrac3,cook,eac3,evrc,flac,g722,g723_1,g726,g729,gsm,"
    + "gsm_ms,ilbc,mp1float,mp2float,mp3float,opus,libopus,pcm_alaw,pcm_mulaw,pcm_s16be,pcm_s16le,"
    + "pcm_u8,qcelp,ralf,real_144,real_288,sipr,speex,libspeex,truespeech,vorbis,wavpack,wmalossless,"
    + "wmapro,wmav1,wmav2,wmavoice"

  /// A WAV of at most a second more than `maxSeconds`, the name of the coding, and how long all of it is where its
  /// header tells.
  ///
  /// A file that breaks off gives what it had; nothing at all is a permanent failure.
  func decode(_ file: [UInt8], _ format: ForeignFormat) throws(StepFailure)
    -> (wav: [UInt8], codec: String, seconds: Double?)
  {
    let options = [
      "-hide_banner", "-nostdin", "-nostats", "-loglevel", "info", "-threads", "1",
      "-protocol_whitelist", "pipe", "-format_whitelist", Self.containers, "-codec_whitelist",
      Self.codecs, "-max_streams", "8",
    ]
    let output = [
      "-i", "pipe:0", "-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-t",
      String(maxSeconds + 1), "-c:a", "pcm_s16le", "-fflags", "+bitexact", "-f", "wav", "pipe:1",
    ]
    let outcome = ProgramRun(
      path, options + format.inputOptions + output,
      environment: ["PATH=/usr/bin:/bin", "LC_ALL=C"],
      limits: .init(memoryBytes: Self.memoryBytes, cpuSeconds: Self.secondsToDecode),
      outputBytes: Self.mostOutputBytes
    ).run(movieWithIndexFirst(file) ?? file, before: .now + .seconds(Self.secondsToDecode))
    if case .notStarted(let why) = outcome.end {
      throw .transient("cannot start \(path): \(why)")
    }
    // A header without samples is 44 bytes, or 78 with ffmpeg's own name.
    guard outcome.output.count > 100 else {
      throw .permanent("a recording in \(format.name): \(Self.reason(outcome))")
    }
    return (
      outcome.output, Self.codec(outcome.complaint) ?? format.name,
      Self.seconds(outcome.complaint)
    )
  }

  private static func reason(_ outcome: ProgramRun.Outcome) -> String {
    switch outcome.end {
    case .notStarted(let why): "ffmpeg cannot be started: \(why)"
    case .exited: "ffmpeg finds no sound in it that it can read"
    case .signal(let number): "ffmpeg died of signal \(number)"
    case .timedOut: "ffmpeg needed more than \(secondsToDecode) s"
    case .wroteTooMuch: "ffmpeg wrote too much"
    }
  }

  /// From the line `Stream #0:0: Audio: amr_nb (samr / 0x726D6173), 8000 Hz`. Nothing else of what it says
  /// is used: titles and comments of the file are among it.
  private static func codec(_ complaint: [UInt8]) -> String? {
    for line in complaint.split(separator: 0x0A) {
      let words = line.split(separator: 0x20)
      guard words.first?.elementsEqual("Stream".utf8) == true,
        let audio = words.firstIndex(where: { $0.elementsEqual("Audio:".utf8) }),
        words.indices.contains(audio + 1)
      else { continue }
      let name = String(decoding: words[audio + 1].prefix { isNameByte($0) }, as: UTF8.self)
      return names[name] ?? (name.isEmpty ? nil : name)
    }
    return nil
  }

  /// From the line `  Duration: 00:01:02.50, start: 0.000000, bitrate: 13 kb/s`; nil for `N/A`.
  private static func seconds(_ complaint: [UInt8]) -> Double? {
    for line in complaint.split(separator: 0x0A) {
      let words = line.split(separator: 0x20)
      guard words.count > 1, words[0].elementsEqual("Duration:".utf8) else { continue }
      let parts = String(decoding: words[1].prefix { $0 != 0x2C }, as: UTF8.self)
        .split(separator: ":").map { Double($0) ?? .nan }
      let seconds = parts.count == 3 ? parts[0] * 3_600 + parts[1] * 60 + parts[2] : .nan
      return seconds.isFinite && seconds > 0 ? seconds : nil
    }
    return nil
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F
  }

  private static let names = [
    "amr_nb": "AMR", "amr_wb": "AMR-WB", "aac": "AAC", "wmav1": "WMA", "wmav2": "WMA",
    "wmapro": "WMA", "wmavoice": "WMA", "wmalossless": "WMA", "speex": "Speex",
    "adpcm_g722": "G.722", "adpcm_g726": "G.726", "g723_1": "G.723.1", "g729": "G.729",
    "truespeech": "TrueSpeech", "qcelp": "QCELP", "mp3": "MP3", "opus": "Opus",
    "vorbis": "Vorbis", "alac": "ALAC", "ac3": "AC-3", "wavpack": "WavPack",
  ]
}
