import Voicemail

/// What the entries for messages share.
enum Fuzzing {
  static let client = ClientFacts(address: "127.0.0.1")
  static let envelope = Envelope(
    sender: "pbx@example.com", recipients: [Recipient(address: "ann@example.com")])

  /// Not safe, but any change of its input changes it.
  static let loopGuard = LoopGuard { bytes in
    var state: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return (0..<16).map { UInt8(truncatingIfNeeded: state >> ($0 % 8 * 8)) }
  }
}
