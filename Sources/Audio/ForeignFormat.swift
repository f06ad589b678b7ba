/// Formats that people send and libsndfile does not read; the ffmpeg program does.
struct ForeignFormat: Equatable {
  /// `AMR`, `WAV with G.729`: what the administrator reads.
  var name: String
  /// As `AudioFacts.container` shows it.
  var container: String
  /// How ffmpeg is told of a coding that has no header.
  var inputOptions: [String] = []
  /// Known by two bytes, which bare samples may begin with too.
  var isWeak = false

  /// By the first bytes; nil for what is not known.
  static func sniffed(_ file: [UInt8]) -> ForeignFormat? {
    if let wav = foreignWAV(file) { return wav }
    if file.dropFirst(4).starts(with: "ftyp".utf8) {
      return ForeignFormat(name: "MP4 or 3GP", container: "MP4")
    }
    if file.starts(with: "OggS".utf8), file.dropFirst(28).starts(with: "Speex".utf8) {
      return ForeignFormat(name: "Speex", container: "Ogg")
    }
    if file.starts(with: "RIFF".utf8), file.dropFirst(8).starts(with: "QLCM".utf8) {
      return ForeignFormat(name: "QCELP", container: "QCP")
    }
    return beginnings.first { file.starts(with: $0.bytes) }?.format
  }

  /// What libsndfile reads too, though not always as well.
  static func known(_ file: [UInt8]) -> ForeignFormat? {
    let isMPEG = file.count > 1 && file[0] == 0xFF && file[1] >= 0xE0
    if isMPEG || file.starts(with: "ID3".utf8) {
      return ForeignFormat(name: "MP3", container: "MPEG", inputOptions: ["-f", "mp3"])
    }
    let names = ["RIFF": "WAV", "fLaC": "FLAC", "OggS": "Ogg", "FORM": "AIFF", ".snd": "AU"]
    return names.first { file.starts(with: $0.key.utf8) }.map {
      ForeignFormat(name: $0.value, container: $0.value)
    }
  }

  /// By what the sender calls a file without a header; nil for what is not known.
  static func headerless(_ coding: String) -> ForeignFormat? {
    let demultiplexers = ["G.722": "g722", "G.723.1": "g723_1", "G.729": "g729"]
    return demultiplexers[coding].map {
      ForeignFormat(name: coding, container: "raw", inputOptions: ["-f", $0])
    }
  }

  private static let beginnings: [(bytes: [UInt8], format: ForeignFormat)] = [
    (Array("#!AMR-WB".utf8), .init(name: "AMR-WB", container: "AMR")),
    (Array("#!AMR".utf8), .init(name: "AMR", container: "AMR")),
    ([0x30, 0x26, 0xB2, 0x75], .init(name: "Windows Media", container: "ASF")),
    ([0x1A, 0x45, 0xDF, 0xA3], .init(name: "WebM", container: "WebM")),
    ([0xFF, 0xF1], .init(name: "AAC", container: "ADTS", isWeak: true)),
    ([0xFF, 0xF9], .init(name: "AAC", container: "ADTS", isWeak: true)),
    ([0x0B, 0x77], .init(name: "AC-3", container: "AC-3", isWeak: true)),
    (Array("wvpk".utf8), .init(name: "WavPack", container: "WavPack")),
    (Array(".RMF".utf8), .init(name: "RealMedia", container: "RealMedia")),
    (Array("caff".utf8), .init(name: "CAF", container: "CAF")),
  ]

  /// Codings that telephone systems put into a WAV and libsndfile does not know (the format tags of
  /// RFC 2361).
  private static func foreignWAV(_ file: [UInt8]) -> ForeignFormat? {
    guard file.starts(with: "RIFF".utf8), file.count >= 22,
      file.dropFirst(8).starts(with: "WAVEfmt ".utf8)
    else { return nil }
    let names = [
      0x22: "TrueSpeech", 0x40: "G.721", 0x42: "G.723.1", 0x45: "G.726", 0x55: "MP3",
      0x64: "G.726", 0x65: "G.722", 0x83: "G.729", 0xFF: "AAC", 0x161: "Windows Media",
    ]
    return names[Int(file[20]) | Int(file[21]) << 8].map {
      ForeignFormat(name: "WAV with \($0)", container: "WAV")
    }
  }
}

/// Bare samples have no mark to know them by, but a page of text is none: it has no byte outside
/// ASCII, and its control characters are those of text.
func looksLikeText(_ file: [UInt8]) -> Bool {
  file.prefix(4096).allSatisfy { (0x20..<0x7F).contains($0) || (0x09...0x0D).contains($0) }
}
