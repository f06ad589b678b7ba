package import Voicemail

/// Reads a message and its enhanced form again and compares them, so that no error of the splicer
/// reaches a mailbox.
///
/// It knows nothing of edits and placements; it sees two parsed messages and holds them against
/// these rules:
///
/// 1. The top-level fields are those of the enhancement, then the original's in their order with
///    their raw values. Where the root was a single part, its Content fields may differ.
/// 2. Every other multipart and attached message is there with the same raw fields, preamble and
///    epilogue; at most two multiparts are new.
/// 3. Every leaf is there in the same order and the same containers, its raw fields and decoded
///    bytes identical, but for at most one text/plain and one text/html. New leaves are exactly one
///    of each, carry the enhancement, and hold the text of the leaf they replace. One that replaces
///    none holds the enhancement and the replaced text, and nothing else, and has no fields but those
///    of its encoding.
/// 4. It has no more than the original of what transports refuse or change (`WireFaults`).
package struct SelfCheck {
  private let enhancement: Enhancement

  package init(_ enhancement: Enhancement) {
    GMimeLibrary.start()
    self.enhancement = enhancement
  }

  /// Throws `.permanent("self-check: ...")` on any difference that is not the enhancement's.
  package func compare(_ original: [UInt8], with output: [UInt8]) throws(StepFailure) {
    if let fault = WireFaults(output).addition(to: WireFaults(original)) {
      throw Self.failure("new \(fault)")
    }
    try ParsedMessage.parse(original) { before throws(StepFailure) in
      try ParsedMessage.parse(output) { after throws(StepFailure) in
        guard let root = before.nodes.first, let newRoot = after.nodes.first else {
          throw Self.failure("a message has no header section")
        }
        try compareTop(root, newRoot)
        try compareContainers(before, after)
        try compareLeaves(before, after)
      }
    }
  }

  // MARK: rule 1

  private func compareTop(_ before: MIMENode, _ after: MIMENode) throws(StepFailure) {
    for (field, expected) in zip(after.headers, enhancement.headers)
    where field.name != expected.name || Self.words(field.value) != Self.words(expected.value.utf8)
    {
      throw Self.failure("new header \(expected.name) is not at its place")
    }
    let removed = Set(enhancement.removedHeaders.map { $0.lowercased() })
    var kept = before.headers.filter { !removed.contains($0.name.lowercased()) }
    var rest = Array(after.headers.dropFirst(enhancement.headers.count))
    if before.kind != .multipart {
      guard ["multipart/alternative", "multipart/mixed"].contains(after.contentType),
        rest.count(where: { $0.name.lowercased() == "content-type" }) == 1
      else { throw Self.failure("the root became \(after.contentType)") }
      let isWrapped = after.contentType == "multipart/mixed"
      if !kept.contains(where: { $0.name.lowercased() == "mime-version" }) {
        rest.removeAll { $0.name.lowercased() == "mime-version" }
      }
      kept.removeAll { Self.mayChange($0, isWrapped) }
      rest.removeAll { Self.mayChange($0, isWrapped) }
    }
    try Self.compareFields(kept, rest, "top-level header")
  }

  // A wrapped part takes its Content fields along; rule 3 finds them there.
  private static func mayChange(_ field: MIMENode.RawHeader, _ isWrapped: Bool) -> Bool {
    isWrapped ? describesContent(field) : describesEncoding(field)
  }

  private static func describesEncoding(_ field: MIMENode.RawHeader) -> Bool {
    ["content-type", "content-transfer-encoding", "content-md5"].contains(field.name.lowercased())
  }

  private static func describesContent(_ field: MIMENode.RawHeader) -> Bool {
    let name = field.name.lowercased()
    return name.hasPrefix("content-") && name != "content-class" && name != "content-identifier"
  }

  private static func compareFields(
    _ before: [MIMENode.RawHeader], _ after: [MIMENode.RawHeader], _ what: String
  ) throws(StepFailure) {
    guard before.count == after.count else {
      throw failure("\(what): \(before.count) fields before, \(after.count) after")
    }
    for (one, other) in zip(before, after) where !isSameField(one, other) {
      throw failure("\(what) \(one.name) differs")
    }
  }

  // MARK: rule 2

  private func compareContainers(
    _ before: borrowing ParsedMessage, _ after: borrowing ParsedMessage
  ) throws(StepFailure) {
    let old = before.nodes.indices.filter { before.nodes[$0].kind != .leaf }
    let known = Set(before.nodes.compactMap(\.boundary))
    let new = after.nodes.indices.filter {
      after.nodes[$0].kind != .leaf && !Self.isNew(after.nodes[$0], known)
    }
    let added = after.nodes.count { Self.isNew($0, known) }
    guard old.count == new.count, added <= 2 else {
      throw Self.failure("\(old.count) containers before, \(new.count) and \(added) new after")
    }
    for (one, other) in zip(old, new) {
      guard before.surroundings(ofNode: one) == after.surroundings(ofNode: other),
        before.nodes[one].contentType == after.nodes[other].contentType,
        before.nodes[one].kind == after.nodes[other].kind
      else { throw Self.failure("container \(before.nodes[one].contentType) differs") }
      if before.nodes[one].parent == nil { continue }
      try Self.compareFields(
        before.nodes[one].headers, after.nodes[other].headers, "header of a container")
    }
  }

  private static func isNew(_ node: MIMENode, _ known: Set<String>) -> Bool {
    guard node.kind == .multipart, let boundary = node.boundary else { return false }
    return !known.contains(boundary)
  }

  // MARK: rule 3

  private func compareLeaves(
    _ before: borrowing ParsedMessage, _ after: borrowing ParsedMessage
  ) throws(StepFailure) {
    let known = Set(before.nodes.compactMap(\.boundary))
    var old = before.leaves[...]
    var newTypes: [String] = []
    var replacedText = ""
    for (position, leaf) in after.leaves.enumerated() {
      let node = after.nodes[leaf]
      if let next = old.first, Self.isSame(before, next, after, leaf, known) {
        old = old.dropFirst()
        continue
      }
      let text = LeafText(content: after.content(ofNode: leaf), node: node)
      guard node.isBodyText(node.contentType), text.carries(enhancement) else {
        throw Self.failure("leaf \(node.leafIndex ?? 0), \(node.contentType), differs")
      }
      newTypes.append(node.contentType)
      let following = after.leaves.dropFirst(position + 1).first
      // A new leaf may stand beside an old one of its type, which then follows as it was.
      guard let next = old.first, before.nodes[next].isBodyText(node.contentType),
        following.map({ !Self.isSame(before, next, after, $0, known) }) ?? true
      else {
        guard text.isNothingBut(enhancement, replacedText) else {
          throw Self.failure("new leaf, \(node.contentType), holds what is not the enhancement's")
        }
        guard node.headers.allSatisfy(Self.describesEncoding) else {
          throw Self.failure("new leaf, \(node.contentType), has a field of its own")
        }
        continue
      }
      let replaced = LeafText(content: before.content(ofNode: next), node: before.nodes[next])
      if text.holds(replaced, besides: enhancement) {
        try Self.compareOtherFields(before.nodes[next], leaf, in: after.nodes)
        old = old.dropFirst()
        if node.contentType == "text/plain" { replacedText = replaced.text }
      }
    }
    guard old.isEmpty else {
      throw Self.failure("\(old.count) leaves of the original are missing or changed")
    }
    guard newTypes.sorted() == ["text/html", "text/plain"] else {
      throw Self.failure("\(newTypes.count) new leaves, not one text/plain and one text/html")
    }
  }

  // Digests, as two copies of a recording would be most of a worker's memory. Without one, the bytes.
  private static func isSameContent(
    _ before: borrowing ParsedMessage, _ old: Int, _ after: borrowing ParsedMessage, _ new: Int
  ) -> Bool {
    let digest = before.digest(ofNode: old)
    guard !digest.isEmpty else {
      return before.content(ofNode: old) == after.content(ofNode: new)
    }
    return digest == after.digest(ofNode: new)
  }

  private static func isSame(
    _ before: borrowing ParsedMessage, _ old: Int, _ after: borrowing ParsedMessage, _ new: Int,
    _ known: Set<String>
  ) -> Bool {
    before.nodes[old].contentType == after.nodes[new].contentType
      && leafFields(before.nodes[old]).elementsEqual(leafFields(after.nodes[new]), by: isSameField)
      && isSameContent(before, old, after, new)
      && path(old, before.nodes, known) == path(new, after.nodes, known)
  }

  // A root's other fields belong to the message; rule 1 has them.
  private static func leafFields(_ node: MIMENode) -> [MIMENode.RawHeader] {
    node.parent == nil ? node.headers.filter(describesContent) : node.headers
  }

  // Bytes, not text: Swift takes composed and decomposed letters for equal. Offsets may differ.
  private static func isSameField(_ one: MIMENode.RawHeader, _ other: MIMENode.RawHeader) -> Bool {
    one.name.utf8.elementsEqual(other.name.utf8) && one.value == other.value
  }

  // What a replaced leaf said beyond its encoding stands on it, or on the alternative around it.
  private static func compareOtherFields(
    _ before: MIMENode, _ leaf: Int, in nodes: [MIMENode]
  ) throws(StepFailure) {
    guard before.parent != nil else { return }
    let wanted = before.headers.filter { !describesEncoding($0) }
    let around = nodes[leaf].parent.map { nodes[$0].headers } ?? []
    let own = nodes[leaf].headers.filter { !describesEncoding($0) }
    try compareFields(
      wanted, own.isEmpty ? around.filter { !describesEncoding($0) && !wanted.isEmpty } : own,
      "header of a replaced text")
  }

  // The containers around a leaf, outermost last, without new ones.
  private static func path(_ leaf: Int, _ nodes: [MIMENode], _ known: Set<String>) -> [String] {
    sequence(first: leaf) { nodes[$0].parent }.dropFirst()
      .filter { !isNew(nodes[$0], known) }
      .map { "\(nodes[$0].contentType) \(nodes[$0].boundary ?? "")" }
  }

  private static func words(_ value: some Sequence<UInt8>) -> [Substring] {
    HeaderText.unfolded(value).split { $0 == " " || $0 == "\t" }
  }

  private static func failure(_ difference: String) -> StepFailure {
    .permanent("self-check: \(difference)")
  }
}
