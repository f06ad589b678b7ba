/// How a message looks on the wire, for content that comes in pieces.
///
/// 1. CR, LF and CRLF all become CRLF **before** dot-stuffing. Servers differ in what they take
///    for the end of a line; a line end that only they see would let a message end itself and
///    smuggle in a second one.
/// 2. A line that begins with a dot gets a second one (RFC 5321, 4.5.2).
/// 3. The last line has a CRLF; then follows the final dot.
struct WireEncoder {
  private var atLineStart = true
  /// The last piece ended with a CR: an LF at the beginning of the next belongs to it.
  private var endedWithCR = false

  /// Appends the piece's wire form.
  mutating func encode(_ piece: ArraySlice<UInt8>, into wire: inout [UInt8]) {
    for byte in piece {
      if byte == 0x0A, endedWithCR {
        endedWithCR = false
        continue
      }
      endedWithCR = byte == 0x0D
      if byte == 0x0D || byte == 0x0A {
        wire.append(0x0D)
        wire.append(0x0A)
        atLineStart = true
        continue
      }
      if atLineStart && byte == 0x2E { wire.append(0x2E) }
      wire.append(byte)
      atLineStart = false
    }
  }

  /// What ends the message.
  func end() -> [UInt8] {
    (atLineStart ? [] : [0x0D, 0x0A]) + WireContent.finalDot
  }
}

/// A whole message in its wire form, chunk by chunk.
struct WireContent: ~Copyable {
  static let finalDot: [UInt8] = [0x2E, 0x0D, 0x0A]
  static let chunkBytes = 32 * 1024

  private let message: [UInt8]
  private var next = 0
  private var encoder = WireEncoder()
  private var isFinished = false

  init(_ message: [UInt8]) { self.message = message }

  /// The next chunk, the last one with the final dot; nil when all have been given.
  mutating func nextChunk() -> [UInt8]? {
    if isFinished { return nil }
    var chunk: [UInt8] = []
    chunk.reserveCapacity(WireContent.chunkBytes + 1024)
    let end = min(next + WireContent.chunkBytes, message.count)
    encoder.encode(message[next..<end], into: &chunk)
    next = end
    if next == message.count {
      chunk += encoder.end()
      isFinished = true
    }
    return chunk
  }
}

/// What MAIL FROM says about the content.
struct ContentFacts: Equatable {
  /// The size as RFC 1870 counts it: with CRLF line ends, without dot-stuffing and final dot.
  private(set) var wireBytes = 0
  private(set) var hasEightBit = false

  init(_ message: [UInt8]) {
    var previous: UInt8 = 0x0A
    for byte in message {
      switch byte {
      case 0x0A where previous == 0x0D: break  // counted with its CR
      case 0x0D, 0x0A: wireBytes += 2
      default:
        wireBytes += 1
        if byte >= 0x80 { hasEightBit = true }
      }
      previous = byte
    }
    if previous != 0x0A && previous != 0x0D { wireBytes += 2 }
  }
}
