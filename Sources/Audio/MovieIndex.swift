/// An MP4 or 3GP file whose index stands behind the sound, with the index put in front; nil for any
/// other file.
///
/// Recorders write the index (`moov`) last, when they know it. What reads the file from a pipe needs
/// it first. The index holds the sound's places in the file (`stco`, `co64`: ISO/IEC 14496-12, 8.7.5), and
/// these move by its length.
func movieWithIndexFirst(_ file: [UInt8]) -> [UInt8]? {
  let boxes = Box.list(in: file[...])
  guard boxes.first?.kind == "ftyp", let index = boxes.first(where: { $0.kind == "moov" }),
    let sound = boxes.first(where: { $0.kind == "mdat" }),
    sound.whole.lowerBound < index.whole.lowerBound
  else { return nil }
  var moved = Array(file[index.whole])
  guard move(&moved, Box.list(in: moved[...]), by: index.whole.count, depth: 0) else { return nil }
  let start = boxes[0].whole.upperBound
  return Array(file[..<start]) + moved + Array(file[start..<index.whole.lowerBound])
    + Array(file[index.whole.upperBound...])
}

/// A box: its length, its kind, and what is in it.
private struct Box {
  var kind: String
  var whole: Range<Int>
  var content: Range<Int>

  /// The boxes one after the other; the list ends where the bytes make no sense.
  static func list(in bytes: ArraySlice<UInt8>) -> [Box] {
    var boxes: [Box] = []
    var position = bytes.startIndex
    while bytes.endIndex - position >= 8, boxes.count < 1_000 {
      var header = 8
      var size = number(bytes, at: position, bytes: 4)
      if size == 1, bytes.endIndex - position >= 16 {
        size = number(bytes, at: position + 8, bytes: 8)
        header = 16
      } else if size == 0 {
        size = bytes.endIndex - position
      }
      guard size >= header, size <= bytes.endIndex - position else { break }
      boxes.append(
        Box(
          kind: String(decoding: bytes[position + 4..<position + 8], as: UTF8.self),
          whole: position..<position + size, content: position + header..<position + size))
      position += size
    }
    return boxes
  }
}

/// Adds to all places below `boxes`; false when a table is damaged.
private func move(_ index: inout [UInt8], _ boxes: [Box], by length: Int, depth: Int) -> Bool {
  guard depth < 6 else { return false }
  for box in boxes {
    switch box.kind {
    case "moov", "trak", "mdia", "minf", "stbl":
      guard move(&index, Box.list(in: index[box.content]), by: length, depth: depth + 1) else {
        return false
      }
    case "stco", "co64":
      let width = box.kind == "stco" ? 4 : 8
      guard box.content.count >= 8 else { return false }
      let table = box.content.lowerBound + 8
      let count = number(index[...], at: table - 4, bytes: 4)
      guard count <= (box.content.upperBound - table) / width else { return false }
      for entry in 0..<count {
        let place = table + entry * width
        let (sum, overflow) = number(index[...], at: place, bytes: width)
          .addingReportingOverflow(length)
        guard !overflow, width == 8 || sum < 1 << 32 else { return false }
        for byte in 0..<width {
          index[place + byte] = UInt8(truncatingIfNeeded: sum >> (8 * (width - 1 - byte)))
        }
      }
    default: break
    }
  }
  return true
}

/// Big-endian; what has no room in an `Int` is the largest one.
private func number(_ bytes: ArraySlice<UInt8>, at position: Int, bytes count: Int) -> Int {
  let value = bytes[position..<position + count].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  return Int(clamping: value)
}
