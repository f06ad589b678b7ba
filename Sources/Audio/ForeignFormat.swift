/// Formats that people send and libsndfile does not read, by their first bytes, so that the
/// administrator reads what came instead of "format not recognised".
func foreignFormat(_ file: [UInt8]) -> String? {
  if file.starts(with: "#!AMR-WB".utf8) { return "AMR-WB" }
  if file.starts(with: "#!AMR".utf8) { return "AMR" }
  if file.dropFirst(4).starts(with: "ftyp".utf8) { return "MP4 or 3GP" }
  if file.starts(with: [0x30, 0x26, 0xB2, 0x75]) { return "Windows Media" }
  if file.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) { return "WebM" }
  if file.starts(with: "OggS".utf8) { return "Ogg with a coding that is not Opus, Vorbis or FLAC" }
  guard file.starts(with: "RIFF".utf8), file.count >= 22,
    file.dropFirst(8).starts(with: "WAVEfmt ".utf8)
  else { return looksLikeText(file) ? "text" : nil }
  return "WAV with the coding 0x\(String(Int(file[20]) | Int(file[21]) << 8, radix: 16))"
}
