/// A header field as its reader sees it.
package struct HeaderField: Sendable, Codable, Equatable {
  package var name: String
  /// Unfolded, RFC 2047 words decoded, surrounding white space removed.
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// One leaf of the MIME tree (RFC 2046): a part that holds content rather than other parts.
package struct PartFacts: Sendable, Codable, Equatable {
  /// Position among the leaves, in order of appearance, from 0.
  package var index: Int
  /// Lower case, without parameters: `audio/x-wav`.
  package var contentType: String
  /// Lower case; nil when the part has none: `attachment`, `inline`.
  package var disposition: String?
  /// Parameters of Content-Disposition, names in lower case: `voice` is the one of RFC 3801.
  package var dispositionParameters: [String: String]
  /// From Content-Disposition or Content-Type, decoded.
  package var filename: String?
  /// Content-Description, decoded.
  package var description: String?
  /// Whether the part stands inside an attached message (message/rfc822).
  package var isNested: Bool

  package init(
    index: Int, contentType: String, disposition: String? = nil,
    dispositionParameters: [String: String] = [:], filename: String? = nil,
    description: String? = nil, isNested: Bool = false
  ) {
    self.index = index
    self.contentType = contentType
    self.disposition = disposition
    self.dispositionParameters = dispositionParameters
    self.filename = filename
    self.description = description
    self.isNested = isNested
  }
}

/// What a message's header section and MIME structure say, without its content.
package struct MessageFacts: Sendable, Codable, Equatable {
  /// All top-level header fields in order.
  package var headers: [HeaderField]
  /// Top-level media type, lower case: `multipart/mixed`; `text/plain` when there is none.
  package var contentType: String
  /// The leaves; empty while only the header section is known.
  package var parts: [PartFacts]
  /// The beginning of the first text part, decoded, LF line ends, HTML without its tags; nil when there is none or
  /// it is not read yet.
  package var text: String?
  /// The words of the HTML form where `text` is the plain one and a recording is attached: some phone systems write
  /// more into it.
  package var otherText: String?

  package init(
    headers: [HeaderField], contentType: String, parts: [PartFacts] = [], text: String? = nil,
    otherText: String? = nil
  ) {
    self.headers = headers
    self.contentType = contentType
    self.parts = parts
    self.text = text
    self.otherText = otherText
  }

  /// The first field of that name, compared without case; nil when there is none.
  package func header(_ name: String) -> String? {
    headers.first { ASCIIText.isSame($0.name, name) }?.value
  }

  /// How often a field of that name occurs.
  package func count(of name: String) -> Int {
    headers.count { ASCIIText.isSame($0.name, name) }
  }
}
