/// The coding of a file without a header, guessed from what the sender calls it.
enum HeaderlessFormat: Equatable {
  /// Read by libsndfile as it is.
  case bare(SoundFormat, rateHz: Int32 = 8000)
  /// Read by libsndfile behind a header of ours.
  case g726
  /// Read by ffmpeg.
  case foreign(ForeignFormat)

  /// Asterisk's `format=gsm`, `ulaw`, `alaw`, `sln` and `g722` write bare samples; VPIM's audio/32KADPCM is
  /// G.726 (RFC 3802). Where the bytes name a format, they win. (`audio/basic` says nothing: it is
  /// sent for AU, which has a header, and for WAV.)
  init?(_ file: [UInt8], contentType: String, filename: String?) {
    guard !looksLikeText(file) else { return nil }
    let type = contentType.lowercased().prefix { $0 != ";" && $0 != " " }
    let dot = filename?.lastIndex(of: ".")
    let ending = dot.flatMap { dot in filename.map { $0[dot...].dropFirst().lowercased() } } ?? ""
    switch (type, ending) {
    case ("audio/x-gsm", _), ("audio/gsm", _), (_, "gsm"):
      guard isFullRateGSM(file) else { return nil }
      self = .bare(.rawGSM)
    case ("audio/x-ulaw", _), ("audio/pcmu", _), (_, "ulaw"), (_, "ul"), (_, "mulaw"), (_, "pcmu"),
      (_, "pcm"):
      self = .bare(.rawMuLaw)
    case ("audio/x-alaw", _), ("audio/pcma", _), (_, "alaw"), (_, "al"), (_, "pcma"):
      self = .bare(.rawALaw)
    case ("audio/x-sln", _), (_, "sln"), (_, "slin"), (_, "raw"): self = .bare(.rawLinear)
    case (_, "sln16"): self = .bare(.rawLinear, rateHz: 16_000)
    case ("audio/32kadpcm", _), ("audio/g726-32", _), (_, "g726"), (_, "g726-32"): self = .g726
    case ("audio/g722", _), ("audio/x-g722", _), (_, "g722"): self.init(foreign: "G.722")
    case ("audio/g723", _), ("audio/x-g723", _), (_, "g723"): self.init(foreign: "G.723.1")
    case ("audio/g729", _), ("audio/x-g729", _), (_, "g729"): self.init(foreign: "G.729")
    default: return nil
    }
  }

  private init?(foreign coding: String) {
    guard let format = ForeignFormat.headerless(coding) else { return nil }
    self = .foreign(format)
  }
}

/// Frames of 33 bytes, each beginning with the nibble 0xD (RFC 3551, section 4.5.8.1). A cut last
/// frame is no objection.
func isFullRateGSM(_ file: [UInt8]) -> Bool {
  guard file.count >= 33 else { return false }
  return stride(from: 0, to: file.count, by: 33).allSatisfy { file[$0] >> 4 == 0xD }
}

/// G.726 at 32 kbit/s behind the header of an AU file, where its coding has the number 23.
///
/// Both put the first sample into the low half of the byte (RFC 3802, section 2).
func g726InAU(_ samples: [UInt8]) -> [UInt8] {
  func number(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
  }
  let size = UInt32(clamping: samples.count)
  return Array(".snd".utf8) + number(24) + number(size) + number(23) + number(8000) + number(1)
    + samples
}
