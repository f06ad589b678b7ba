package import Voicemail

/// Writes the reply that carries a transcript to a message which is in its mailbox already.
package enum ReplyWriter {
  /// How a reply's header section begins, for `ReplyHead` to fill.
  package static func head(to original: [UInt8]) -> ReplyHead {
    let section = HeaderSection(original)
    var written: [String: String] = [:]
    for field in section.fields where written[field.name.lowercased()] == nil {
      let text = HeaderText.unfolded(original[field.value])
      guard text.utf8.count <= 4_000,
        text.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 })
      else { continue }
      let words = text.split { $0 == " " || $0 == "\t" }
      // RFC 5322, 2.1.1: a line has at most 998 bytes, and can be folded at blanks alone.
      guard words.allSatisfy({ $0.utf8.count <= 900 }) else { continue }
      written[field.name.lowercased()] = words.joined(separator: " ")
    }
    return ReplyHead(
      original: GMimeReader().readHeaders(original),
      written: { [written] in written[$0.lowercased()] })
  }

  /// The whole message, CRLF line ends: `head`, then the enhancement's own fields, and its two texts.
  static func write(_ head: [HeaderField], _ enhancement: Enhancement, boundary: String)
    throws(StepFailure) -> [UInt8]
  {
    var message: [UInt8] = []
    for field in head + enhancement.headers + [HeaderField("MIME-Version", "1.0")] {
      message += try FoldedHeader.bytes(field, newline: "\r\n")
    }
    let body = BodyEdits(
      message: [], enhancement: enhancement, newline: "\r\n", boundary: boundary, boundaries: [])
    message += body.emptyAlternative() + Array("\r\n".utf8)
    try check(message, head, enhancement)
    return message
  }

  /// Read again: its fields are those it was to have, and it has the two texts and nothing else.
  private static func check(
    _ message: [UInt8], _ head: [HeaderField], _ enhancement: Enhancement
  ) throws(StepFailure) {
    let names = (head + enhancement.headers).map(\.name)
    try ParsedMessage.parse(message) { parsed throws(StepFailure) in
      let read = parsed.nodes.first?.headers.map(\.name) ?? []
      guard Array(read.prefix(names.count)) == names else {
        throw .permanent("self-check: the reply's header fields are not those wanted")
      }
      guard parsed.leaves.map({ parsed.nodes[$0].contentType }) == ["text/plain", "text/html"]
      else { throw .permanent("self-check: the reply has other parts than its two texts") }
      for leaf in parsed.leaves {
        let text = LeafText(content: parsed.content(ofNode: leaf), node: parsed.nodes[leaf])
        guard text.carries(enhancement) else {
          throw .permanent("self-check: the reply does not carry its text")
        }
      }
    }
  }
}
