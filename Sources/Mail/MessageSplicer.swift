package import Voicemail

/// Puts an enhancement into a message by splicing bytes: what is not replaced stays as it is.
///
/// GMime says where parts stand (`PartRegion` checks it), `Placement` which of them change, and
/// `SelfCheck` reads the outcome again before anyone gets it.
package struct MessageSplicer: MessageEnhancer {
  private let randomness: @Sendable () -> UInt64

  /// `randomness` makes boundaries; any source will do, the outcome is compared with the message.
  package init(
    randomness: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) }
  ) {
    GMimeLibrary.start()
    self.randomness = randomness
  }

  package func enhance(_ message: [UInt8], with enhancement: Enhancement) throws(StepFailure)
    -> [UInt8]
  {
    let output = try splice(message, enhancement)
    try SelfCheck(enhancement).compare(message, with: output)
    return output
  }

  package func reply(head: [HeaderField], with enhancement: Enhancement)
    throws(StepFailure) -> [UInt8]
  {
    try ReplyWriter.write(head, enhancement, boundary: freshBoundary(in: []))
  }

  private func splice(_ message: [UInt8], _ enhancement: Enhancement) throws(StepFailure)
    -> [UInt8]
  {
    let edits = try ParsedMessage.parse(message) { parsed throws(StepFailure) in
      let placement = try Placement.find(in: parsed.nodes)
      let body = try BodyEdits(
        message: message, enhancement: enhancement, newline: Self.newline(of: message),
        boundary: freshBoundary(in: message),
        boundaries: parsed.nodes.compactMap(\.boundary))
      return try headerEdits(message, enhancement) + body.edits(placement, in: parsed)
    }
    return try Edit.apply(edits, to: message)
  }

  private func headerEdits(_ message: [UInt8], _ enhancement: Enhancement) throws(StepFailure)
    -> [Edit]
  {
    let section = HeaderSection(message)
    let newline = Self.newline(of: message)
    var added: [UInt8] = []
    for field in enhancement.headers { added += try FoldedHeader.bytes(field, newline: newline) }
    var edits = [Edit(range: section.start..<section.start, replacement: added)]
    let removed = Set(enhancement.removedHeaders.map { $0.lowercased() })
    for field in section.fields where removed.contains(field.name.lowercased()) {
      edits.append(Edit(range: field.range, replacement: []))
    }
    return edits
  }

  // As the first line ends; a message of one unended line gets what SMTP uses.
  private static func newline(of message: [UInt8]) -> String {
    guard let end = message.firstIndex(of: UInt8(ascii: "\n")) else { return "\r\n" }
    return end > 0 && message[end - 1] == UInt8(ascii: "\r") ? "\r\n" : "\n"
  }

  // "=_" can stand neither in quoted-printable nor in base64 (RFC 2045 section 6.7, note at its end).
  private func freshBoundary(in message: [UInt8]) throws(StepFailure) -> String {
    for _ in 0..<8 {
      let digits = [randomness(), randomness()].map { String($0, radix: 16) }.joined(separator: "-")
      if !Self.contains(message, Array(digits.utf8)) { return "=_voicemail-\(digits)" }
    }
    throw .permanent("mail: enhance: no boundary found in 8 attempts that is not in the message")
  }

  private static func contains(_ message: [UInt8], _ wanted: [UInt8]) -> Bool {
    guard let first = wanted.first else { return true }
    var rest = message[...]
    while let start = rest.firstIndex(of: first) {
      if message[start...].starts(with: wanted) { return true }
      rest = message[(start + 1)...]
    }
    return false
  }
}
