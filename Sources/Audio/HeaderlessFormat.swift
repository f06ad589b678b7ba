/// The coding of a file without a header, guessed from what the sender calls it.
///
/// Asterisk's `format=gsm`, `ulaw`, `alaw` and `sln` write bare samples. Where the bytes name a
/// format, they win. (`audio/basic` says nothing: it is sent for AU, which has a header, and for
/// WAV.)
func headerlessFormat(_ file: [UInt8], contentType: String, filename: String?) -> SoundFormat? {
  guard !looksLikeText(file) else { return nil }
  let type = contentType.lowercased().prefix { $0 != ";" && $0 != " " }
  let dot = filename?.lastIndex(of: ".")
  let ending = dot.flatMap { dot in filename.map { $0[dot...].dropFirst().lowercased() } } ?? ""
  switch (type, ending) {
  case ("audio/x-gsm", _), ("audio/gsm", _), (_, "gsm"):
    return isFullRateGSM(file) ? .rawGSM : nil
  case ("audio/x-ulaw", _), ("audio/pcmu", _), (_, "ulaw"), (_, "ul"), (_, "pcm"): return .rawMuLaw
  case ("audio/x-alaw", _), ("audio/pcma", _), (_, "alaw"), (_, "al"): return .rawALaw
  case ("audio/x-sln", _), (_, "sln"), (_, "raw"): return .rawLinear
  default: return nil
  }
}

/// Frames of 33 bytes, each beginning with the nibble 0xD (RFC 3551, section 4.5.8.1). A cut last
/// frame is no objection.
func isFullRateGSM(_ file: [UInt8]) -> Bool {
  guard file.count >= 33 else { return false }
  return stride(from: 0, to: file.count, by: 33).allSatisfy { file[$0] >> 4 == 0xD }
}

/// Bare samples have no mark to know them by, but a page of text is none: it has no byte outside
/// ASCII, and its control characters are those of text.
func looksLikeText(_ file: [UInt8]) -> Bool {
  file.prefix(4096).allSatisfy { (0x20..<0x7F).contains($0) || (0x09...0x0D).contains($0) }
}
