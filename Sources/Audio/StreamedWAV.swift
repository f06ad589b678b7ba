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

/// What the sizes in a WAV's header say and its bytes do not hold.
func wavRemarks(_ file: [UInt8], wasRepaired: Bool) -> [String] {
  if wasRepaired { return ["its header says that it is empty, which it is not"] }
  guard file.starts(with: "RIFF".utf8), let (position, size) = dataChunk(file) else { return [] }
  let there = file.count - position - 8
  // From 0x7FFFFFFF or so on: whoever wrote it did not know.
  guard size > there, size < 0x7FFF_0000 else { return [] }
  return ["cut off: \(there) of \(size) bytes of sound are there"]
}

private func emptyDataChunk(_ file: [UInt8]) -> Int? {
  guard let (position, size) = dataChunk(file), size == 0 else { return nil }
  return position
}

/// Where the `data` chunk begins, behind the chunks before it, and its size as it says.
private func dataChunk(_ file: [UInt8]) -> (position: Int, size: Int)? {
  var position = 12
  while position + 8 <= file.count {
    let size = (0..<4).reduce(0) { $0 | Int(file[position + 4 + $1]) << (8 * $1) }
    guard !file[position...].starts(with: "data".utf8) else { return (position, size) }
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
