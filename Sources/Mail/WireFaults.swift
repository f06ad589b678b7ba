/// What a message has that not every transport takes, by kind and count. An enhancement may leave there what it finds,
/// and add nothing: readers such as GMime forgive these, relays do not.
struct WireFaults {
  private var eightBit = 0
  private var nul = 0
  private var bareReturns = 0
  /// LF alone where the message's lines end with CRLF, CRLF where they end with LF.
  private var foreignLineEnds = 0
  private var overlongLines = 0

  /// RFC 5321, 4.5.3.1.6, without CRLF.
  private static let lineLimit = 998

  init(_ message: [UInt8]) {
    let hasCRLF = message.firstIndex(of: 0x0A).map { $0 > 0 && message[$0 - 1] == 0x0D } ?? true
    var lineStart = 0
    var afterReturn = false
    for (place, byte) in message.enumerated() {
      // Nearly all of a message; recordings make it long.
      if (0x20..<0x80).contains(byte), !afterReturn { continue }
      if byte == 0x0A {
        if afterReturn != hasCRLF { foreignLineEnds += 1 }
        if place - lineStart - (afterReturn ? 1 : 0) > Self.lineLimit { overlongLines += 1 }
        lineStart = place + 1
      } else {
        if afterReturn { bareReturns += 1 }
        if byte >= 0x80 { eightBit += 1 } else if byte == 0 { nul += 1 }
      }
      afterReturn = byte == 0x0D
    }
    if afterReturn { bareReturns += 1 }
    if message.count - lineStart > Self.lineLimit { overlongLines += 1 }
  }

  /// What there is more of than in the other message; nil when nothing.
  func addition(to other: WireFaults) -> String? {
    let counts = [
      ("bytes beyond ASCII", eightBit, other.eightBit), ("NUL bytes", nul, other.nul),
      ("bare CR", bareReturns, other.bareReturns),
      ("line ends of another kind", foreignLineEnds, other.foreignLineEnds),
      ("lines over \(Self.lineLimit) bytes", overlongLines, other.overlongLines),
    ]
    return counts.first { $0.1 > $0.2 }?.0
  }
}
