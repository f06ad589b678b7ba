/// Formats that people send and libsndfile does not read, by their first bytes, so that the
/// administrator reads what came instead of "format not recognised".
func foreignFormat(_ file: [UInt8]) -> String? {
  if file.starts(with: "#!AMR-WB".utf8) { return "AMR-WB" }
  if file.starts(with: "#!AMR".utf8) { return "AMR" }
  if file.dropFirst(4).starts(with: "ftyp".utf8) { return "MP4 or 3GP" }
  if file.starts(with: [0x30, 0x26, 0xB2, 0x75]) { return "Windows Media" }
  if file.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) { return "WebM" }
  if file.starts(with: "OggS".utf8), file.dropFirst(28).starts(with: "Speex".utf8) {
    return "Speex"
  }
  if file.starts(with: [0xFF, 0xF1]) || file.starts(with: [0xFF, 0xF9]) { return "AAC" }
  return foreignWAV(file) ?? (looksLikeText(file) ? "text" : nil)
}

/// Codings that telephone systems put into a WAV and libsndfile does not know (the format tags of
/// RFC 2361).
private func foreignWAV(_ file: [UInt8]) -> String? {
  guard file.starts(with: "RIFF".utf8), file.count >= 22,
    file.dropFirst(8).starts(with: "WAVEfmt ".utf8)
  else { return nil }
  let tag = Int(file[20]) | Int(file[21]) << 8
  let names = [
    0x22: "TrueSpeech", 0x40: "G.721", 0x42: "G.723.1", 0x45: "G.726", 0x55: "MP3",
    0x64: "G.726", 0x65: "G.722", 0x83: "G.729", 0x161: "Windows Media",
  ]
  guard let name = names[tag] else { return nil }
  return "WAV with \(name)"
}
