import Voicemail

/// The edits that put text and HTML into a message's body, for each `Placement`.
struct BodyEdits {
  let message: [UInt8]
  let enhancement: Enhancement
  let newline: String
  let boundary: String
  /// All boundaries of the message.
  let boundaries: [String]

  /// Between the block and the text the PBX wrote.
  private static let separator = "\n" + String(repeating: "-", count: 62) + "\n"

  func edits(_ placement: Placement, in parsed: borrowing ParsedMessage) throws(StepFailure)
    -> [Edit]
  {
    let nodes = parsed.nodes
    switch placement {
    case .plain(let index):
      let text = originalText(index, in: parsed)
      return try replace(
        index, in: nodes, plain: plainEntity(text), html: newDocument(originalText: text))
    case .html(let index):
      let html = HTMLInsertion.insert(enhancement.html, into: originalText(index, in: parsed))
      return try replace(
        index, in: nodes, plain: entity("text/plain", enhancement.text),
        html: entity("text/html", html))
    case .both(let plain, let html):
      let document = HTMLInsertion.insert(enhancement.html, into: originalText(html, in: parsed))
      return try rewrite(plain, in: nodes, as: plainEntity(originalText(plain, in: parsed)))
        + rewrite(html, in: nodes, as: entity("text/html", document))
    case .firstChild(let index): return try insertChild(of: index, in: nodes)
    case .wrapped: return try wrap(nodes)
    }
  }

  // MARK: one edit for each kind of place

  /// The leaf becomes multipart/alternative; its fields other than those of its encoding stay.
  private func replace(
    _ index: Int, in nodes: [MIMENode], plain: TextEntity, html: TextEntity
  ) throws(StepFailure) -> [Edit] {
    let region = try PartRegion(of: index, in: nodes, message: message)
    let fields = "Content-Type: \(containerType("alternative"))\(newline)"
    // The line end behind a part's content belongs to the delimiter there; at the end is none.
    let lineEnd = region.content.upperBound == message.count ? Array(newline.utf8) : []
    return fieldEdits(region, new: fields, isRoot: nodes[index].parent == nil)
      + [contentEdit(region, alternative(plain, html) + lineEnd)]
  }

  private func rewrite(_ index: Int, in nodes: [MIMENode], as new: TextEntity)
    throws(StepFailure) -> [Edit]
  {
    let region = try PartRegion(of: index, in: nodes, message: message)
    let fields =
      "Content-Type: \(new.contentType)\(newline)"
      + "Content-Transfer-Encoding: \(new.transferEncoding)\(newline)"
    return fieldEdits(region, new: fields, isRoot: nodes[index].parent == nil)
      + [contentEdit(region, new.content)]
  }

  /// The new part goes before the multipart's first delimiter line, which is written once more.
  private func insertChild(of index: Int, in nodes: [MIMENode]) throws(StepFailure) -> [Edit] {
    guard let first = nodes[index].children.first else {
      throw .permanent("mail: enhance: \(nodes[index].contentType) without parts")
    }
    let delimiter = try PartRegion.delimiterLine(before: first, in: nodes, message: message)
    let line = message[delimiter].prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
    let end = Array(newline.utf8)
    let new = Array(line) + end + emptyAlternative() + end
    return [Edit(range: delimiter.lowerBound..<delimiter.lowerBound, replacement: new)]
  }

  /// The root's Content fields move verbatim to a child of a new multipart/mixed, its content too.
  private func wrap(_ nodes: [MIMENode]) throws(StepFailure) -> [Edit] {
    let region = try PartRegion(of: 0, in: nodes, message: message)
    // Neither is the beginning of the other: RFC 2046 lets readers compare beginnings only.
    let outer = "=_outer" + boundary.dropFirst()
    let moved = region.headers.fields.filter(Self.belongsToContent)
    var edits = moved.map { Edit(range: $0.range, replacement: []) }
    var fields = "Content-Type: multipart/mixed; boundary=\"\(outer)\"\(newline)"
    if !region.headers.contains("mime-version") { fields = "MIME-Version: 1.0\(newline)" + fields }
    edits.append(insertion(fields, at: region, before: moved.first))

    var opening = Array("--\(outer)\(newline)".utf8) + emptyAlternative()
    opening += "\(newline)--\(outer)\(newline)".utf8
    for field in moved { opening += message[field.range] }
    opening += newline.utf8
    let start = region.content.lowerBound
    edits.append(Edit(range: start..<start, replacement: emptyLine(region) + opening))
    let closing = Array("\(newline)--\(outer)--\(newline)".utf8)
    edits.append(Edit(range: message.count..<message.count, replacement: closing))
    return edits
  }

  // MARK: header fields

  /// Content-Class (Exchange) and Content-Identifier (X.400) describe the message, not its content.
  private static func belongsToContent(_ field: HeaderSection.Field) -> Bool {
    field.name.lowercased().hasPrefix("content-") && !field.isNamed("content-class")
      && !field.isNamed("content-identifier")
  }

  /// Takes out what described the old encoding and puts the new fields where the type stood.
  private func fieldEdits(_ region: PartRegion, new: String, isRoot: Bool) -> [Edit] {
    let stale = ["content-type", "content-transfer-encoding", "content-md5"]
    let removed = region.headers.fields.filter { stale.contains($0.name.lowercased()) }
    let version = isRoot && !region.headers.contains("mime-version")
    return removed.map { Edit(range: $0.range, replacement: []) } + [
      insertion(
        version ? "MIME-Version: 1.0\(newline)\(new)" : new, at: region,
        before: removed.first { $0.isNamed("content-type") })
    ]
  }

  private func insertion(
    _ fields: String, at region: PartRegion, before field: HeaderSection.Field?
  ) -> Edit {
    let place = field?.range.lowerBound ?? region.headers.end
    return Edit(range: place..<place, replacement: Array(fields.utf8))
  }

  // MARK: content

  private func contentEdit(_ region: PartRegion, _ content: [UInt8]) -> Edit {
    Edit(range: region.content, replacement: emptyLine(region) + content)
  }

  /// A header section that ran to the end of the message needs its empty line.
  private func emptyLine(_ region: PartRegion) -> [UInt8] {
    region.headers.hasEmptyLine ? [] : Array(newline.utf8)
  }

  private func containerType(_ subtype: String) -> String {
    "multipart/\(subtype); boundary=\"\(boundary)\""
  }

  private func alternative(_ plain: TextEntity, _ html: TextEntity) -> [UInt8] {
    var content: [UInt8] = []
    for part in [plain, html] {
      content += "--\(boundary)\(newline)".utf8
      content += part.entity(newline: newline)
      content += newline.utf8
    }
    return content + Array("--\(boundary)--".utf8)
  }

  /// The enhancement's two texts, as a part of its own.
  func emptyAlternative() -> [UInt8] {
    let field = "Content-Type: \(containerType("alternative"))\(newline)\(newline)"
    return Array(field.utf8)
      + alternative(entity("text/plain", enhancement.text), newDocument(originalText: ""))
  }

  private func originalText(_ index: Int, in parsed: borrowing ParsedMessage) -> String {
    Charset.text(parsed.content(ofNode: index), declared: parsed.nodes[index].charset)
  }

  private func plainEntity(_ original: String) -> TextEntity {
    entity("text/plain", enhancement.text + Self.separator + original)
  }

  private func newDocument(originalText: String) -> TextEntity {
    entity(
      "text/html",
      HTMLDocument.make(
        block: enhancement.html, originalText: originalText, language: enhancement.language))
  }

  private func entity(_ type: String, _ text: String) -> TextEntity {
    TextEntity(type: type, text: text, newline: newline, boundaries: boundaries + [boundary])
  }
}
