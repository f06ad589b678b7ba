/// Finds the end of a header section in bytes that come in pieces, looking at each once.
struct HeaderEnd {
  private var searched = 0

  /// The index behind the empty line.
  mutating func find(in bytes: [UInt8]) -> Int? {
    var index = searched
    while index + 3 < bytes.count {
      if bytes[index] == 0x0D, bytes[index + 1] == 0x0A, bytes[index + 2] == 0x0D,
        bytes[index + 3] == 0x0A
      {
        return index + 4
      }
      index += 1
    }
    searched = index
    return nil
  }
}
