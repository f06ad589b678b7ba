/// Takes the dot-stuffing off a message's content and finds its end (RFC 5321, 4.5.2).
///
/// Only CRLF ends a line here. A dot between bare LFs, bare CRs or a mixture of them is content and
/// ends nothing: a server that took it for the end would execute what follows as commands (SMTP
/// smuggling). Such bytes are not refused either, because the MTA in front has accepted the message
/// already and would have to bounce it; `WireEncoder` turns them into CRLF before the next server
/// sees them, and stuffs a dot that comes to stand at the beginning of a line by that.
struct ContentDecoder {
  private enum State {
    case lineStart
    case text
    /// A CR was the last byte.
    case carriageReturn
    /// A dot at the beginning of a line, held back.
    case dot
    /// And a CR behind it, held back too.
    case dotCarriageReturn
  }

  private var state = State.lineStart
  /// The final dot has come; what follows it is no content.
  private(set) var isAtEnd = false

  /// Appends content; returns the index behind the last byte that was read.
  mutating func decode(_ bytes: [UInt8], from start: Int, into output: inout [UInt8]) -> Int {
    var index = start
    while index < bytes.count, !isAtEnd {
      take(bytes[index], into: &output)
      index += 1
    }
    return index
  }

  private mutating func take(_ byte: UInt8, into output: inout [UInt8]) {
    switch (state, byte) {
    case (.lineStart, 0x2E):
      state = .dot
      return
    case (.dot, 0x0D):
      state = .dotCarriageReturn
      return
    case (.dotCarriageReturn, 0x0A):
      isAtEnd = true
      return
    case (.dotCarriageReturn, _):
      // No end after all: the dot was stuffing, the CR is content.
      output.append(0x0D)
      state = byte == 0x0D ? .carriageReturn : .text
    case (.carriageReturn, 0x0A): state = .lineStart
    case (_, 0x0D): state = .carriageReturn
    default: state = .text
    }
    output.append(byte)
  }
}
