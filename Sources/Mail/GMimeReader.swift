package import Voicemail

/// Reads MIME with GMime 3.2.
package struct GMimeReader: MessageReader {
  package init() { GMimeLibrary.start() }

  package func read(_ message: [UInt8]) throws(StepFailure) -> MessageFacts {
    try read(message, digestingParts: { _ in [] }).facts
  }

  /// The facts, and the SHA-256 of the contents of those leaves that `choose` names for them: transfer encoding removed,
  /// in one reading and without memory for the contents. `headers`: what `readHeaders` said of it, when it was asked.
  package func read(
    _ message: [UInt8], headers: MessageFacts? = nil,
    digestingParts choose: (MessageFacts) -> [Int]
  ) throws(StepFailure) -> (facts: MessageFacts, digests: [[UInt8]]) {
    var facts = headers ?? readHeaders(message)
    return try ParsedMessage.parse(message) { parsed in
      facts.parts = parsed.leaves.enumerated().map { Self.facts(parsed.nodes[$1], index: $0) }
      facts.text = Self.text(parsed, "text/plain") ?? Self.text(parsed, "text/html")
      if !RecordingParts.indices(in: facts.parts).isEmpty {
        let words = Self.text(parsed, "text/html")
        facts.otherText = words == facts.text ? nil : words
      }
      let digests = choose(facts).map { index in
        parsed.leaves.indices.contains(index) ? parsed.digest(ofNode: parsed.leaves[index]) : []
      }
      return (facts, digests)
    }
  }

  package func content(ofPart index: Int, in message: [UInt8]) throws(StepFailure) -> [UInt8] {
    try ParsedMessage.parse(message) { parsed throws(StepFailure) in
      guard parsed.leaves.indices.contains(index) else {
        throw .permanent("mail: content of part \(index): the message has \(parsed.leaves.count)")
      }
      return parsed.content(ofNode: parsed.leaves[index])
    }
  }

  /// How long the header section of a message is.
  package func headerBytes(_ message: [UInt8]) -> Int { HeaderSection(message).end }

  /// Facts of a header section alone, for a decision before the body is there; no parts.
  package func readHeaders(_ headerSection: [UInt8]) -> MessageFacts {
    let section = HeaderSection(headerSection)
    let types = section.fields.filter { $0.isNamed("content-type") }.map {
      Array(headerSection[$0.value])
    }
    return MessageFacts(
      headers: section.fields.map {
        HeaderField($0.name, HeaderText.decoded(headerSection[$0.value]))
      },
      contentType: types.lazy.compactMap { ContentTypeText.name($0) }.first ?? "text/plain")
  }

  /// A PBX's own text has a few lines; a part larger than this, as encoded, is no such text.
  private static let encodedTextLimitBytes = 256 << 10
  private static let textLimitBytes = 16 << 10

  /// The beginning of the first text of that type.
  private static func text(_ parsed: borrowing ParsedMessage, _ type: String) -> String? {
    for node in parsed.leaves where parsed.nodes[node].isBodyText(type) {
      let encoded = parsed.nodes[node].content?.count ?? 0
      guard (1...encodedTextLimitBytes).contains(encoded) else { continue }
      let text = Charset.text(parsed.content(ofNode: node), declared: parsed.nodes[node].charset)
      let lines = String(decoding: TextEntity.normalized(text), as: UTF8.self)
      let words = type == "text/html" ? HTMLText.words(lines) : lines
      return String(decoding: words.utf8.prefix(textLimitBytes), as: UTF8.self)
    }
    return nil
  }

  private static func facts(_ node: MIMENode, index: Int) -> PartFacts {
    let description = node.headers.first { $0.name.lowercased() == "content-description" }
    return PartFacts(
      index: index, contentType: node.contentType, disposition: node.disposition,
      dispositionParameters: node.dispositionParameters, filename: node.filename,
      description: description.map { HeaderText.decoded($0.value) }, isNested: node.isNested)
  }
}
