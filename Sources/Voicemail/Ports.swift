/// Reads MIME. Implemented by Mail on GMime.
package protocol MessageReader: Sendable {
  /// Facts of a whole message; any bytes give an answer, be it an empty header section.
  func read(_ message: [UInt8]) throws(StepFailure) -> MessageFacts
  /// The content of the leaf with that index, transfer encoding removed.
  func content(ofPart index: Int, in message: [UInt8]) throws(StepFailure) -> [UInt8]
}

/// Puts an enhancement into a message. Implemented by Mail.
package protocol MessageEnhancer: Sendable {
  /// The enhanced message, checked against the original: same headers but those of the enhancement,
  /// same parts in the same order, every attachment's decoded bytes identical.
  /// Throws `.permanent` when it cannot be done or the check finds a difference.
  func enhance(_ message: [UInt8], with enhancement: Enhancement) throws(StepFailure) -> [UInt8]
  /// A message of its own with the enhancement's texts, below that header section; checked likewise.
  func reply(head: [HeaderField], with enhancement: Enhancement) throws(StepFailure) -> [UInt8]
}

/// Decodes recordings. Implemented by Audio on libsndfile and libsoxr.
package protocol AudioDecoder: Sendable {
  /// What the file is, without decoding it whole. `contentType` and `filename` are hints only.
  func facts(_ file: [UInt8], contentType: String, filename: String?) throws(StepFailure)
    -> AudioFacts
  /// The whole recording as mono PCM, or one of its channels, counted from 0. Throws `.permanent` with a sentence for
  /// the administrator.
  func decode(_ file: [UInt8], contentType: String, filename: String?, channel: Int?)
    throws(StepFailure) -> Recording
}

extension AudioDecoder {
  /// All channels together.
  package func decode(_ file: [UInt8], contentType: String, filename: String?)
    throws(StepFailure) -> Recording
  {
    try decode(file, contentType: contentType, filename: filename, channel: nil)
  }
}
