/// A WAV whose recorder never came back to write the sizes, with the sizes set right; nil for any
/// other file.
///
/// A recorder that streams leaves 0 (or the largest number, which libsndfile understands by itself)
/// in the size of the `data` chunk. libsndfile repairs only one such case, a RIFF size of 8.
func streamedWAV(_ file: [UInt8]) -> [UInt8]? {
  guard file.starts(with: "RIFF".utf8), file.dropFirst(8).starts(with: "WAVE".utf8) else {
    return nil
  }
  guard let data = emptyDataChunk(file), let rest = UInt32(exactly: file.count - data - 8),
    rest > 0, !isChunkName(file[(data + 8)...].prefix(4))
  else { return nil }
  var repaired = file
  write(rest, to: &repaired, at: data + 4)
  write(UInt32(clamping: file.count - 8), to: &repaired, at: 4)
  return repaired
}

/// The bytes of sound that the header of a WAV, AU or AIFF announces and those that are there, where it has fewer.
func missingSound(_ file: [UInt8]) -> (there: Int, announced: Int)? {
  guard let (start, size) = announcedSound(file) else { return nil }
  let there = max(0, file.count - start)
  // From 0x7FFFFFFF or so on: whoever wrote it did not know.
  guard size > there, size < 0x7FFF_0000 else { return nil }
  return (there, size)
}

/// Where the sound begins, and how many bytes of it the header tells of.
private func announcedSound(_ file: [UInt8]) -> (start: Int, size: Int)? {
  if file.starts(with: "RIFF".utf8) {
    return chunk("data", in: file).map { ($0.position + 8, $0.size) }
  }
  if file.starts(with: "FORM".utf8), file.dropFirst(8).starts(with: "AIF".utf8) {
    return chunk("SSND", in: file, isBigEndian: true).map { ($0.position + 8, $0.size) }
  }
  guard file.starts(with: ".snd".utf8), file.count >= 12 else { return nil }
  let number = { (position: Int) in
    file[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
  }
  return (number(4), number(8))
}

private func emptyDataChunk(_ file: [UInt8]) -> Int? {
  guard let (position, size) = chunk("data", in: file), size == 0 else { return nil }
  return position
}

/// Where the chunk of that name begins, behind the chunks before it, and its size as it says.
private func chunk(_ name: String, in file: [UInt8], isBigEndian: Bool = false) -> (
  position: Int, size: Int
)? {
  var position = 12
  while position + 8 <= file.count {
    let size = (0..<4).reduce(0) {
      $0 | Int(file[position + 4 + $1]) << (8 * (isBigEndian ? 3 - $1 : $1))
    }
    guard !file[position...].starts(with: name.utf8) else { return (position, size) }
    // Chunks begin at even positions. Sizes are below 2^32: no overflow, and each step goes on.
    position += 8 + size + size % 2
  }
  return nil
}

/// Chunks that may follow an empty `data` chunk, which then is empty indeed.
private func isChunkName(_ bytes: ArraySlice<UInt8>) -> Bool {
  ["LIST", "fact", "cue ", "id3 ", "ID3 ", "bext", "JUNK", "PAD "].contains {
    bytes.elementsEqual($0.utf8)
  }
}

private func write(_ value: UInt32, to file: inout [UInt8], at position: Int) {
  for byte in 0..<4 { file[position + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
}
