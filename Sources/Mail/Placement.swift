import Voicemail

/// Where in a message the enhancement goes; indices are those of `ParsedMessage.nodes`.
enum Placement: Equatable {
  /// The only body text is plain: it becomes an alternative of plain and HTML.
  case plain(Int)
  /// The only body text is HTML: likewise.
  case html(Int)
  /// Both stand in one alternative: each is rewritten in place.
  case both(plain: Int, html: Int)
  /// A multipart without body text gets a new first child.
  case firstChild(of: Int)
  /// The root is a single file: it becomes the second child of a new multipart/mixed.
  case wrapped

  static func find(in nodes: [MIMENode]) throws(StepFailure) -> Placement {
    guard let root = nodes.first else {
      throw .permanent("mail: enhance: GMime finds no header section")
    }
    guard !root.isAmbiguous else {
      throw .permanent("mail: enhance: the message has several Content-Types that differ")
    }
    let placement = try find(in: nodes, root: root)
    for index in placement.edited { try refuseSealed(nodes, index) }
    return placement
  }

  private static func find(in nodes: [MIMENode], root: MIMENode) throws(StepFailure) -> Placement {
    if let body = nodes.firstIndex(where: {
      $0.isBodyText("text/plain") || $0.isBodyText("text/html")
    }) {
      let isPlain = nodes[body].isBodyText("text/plain")
      guard let sibling = sibling(of: body, type: isPlain ? "text/html" : "text/plain", in: nodes)
      else { return isPlain ? .plain(body) : .html(body) }
      return isPlain ? .both(plain: body, html: sibling) : .both(plain: sibling, html: body)
    }
    switch root.kind {
    case .multipart: return .firstChild(of: 0)
    case .leaf: return .wrapped
    case .message:
      throw .permanent("mail: enhance: the message is nothing but an attached \(root.contentType)")
    }
  }

  // The other form of the text stands anywhere in the same multipart/alternative, as in
  // alternative(plain, related(html, image)).
  private static func sibling(of body: Int, type: String, in nodes: [MIMENode]) -> Int? {
    guard
      let alternative = ancestors(of: body, in: nodes).first(where: {
        nodes[$0].contentType == "multipart/alternative"
      })
    else { return nil }
    return nodes.indices.first {
      nodes[$0].isBodyText(type) && ancestors(of: $0, in: nodes).contains(alternative)
    }
  }

  private static func ancestors(of index: Int, in nodes: [MIMENode]) -> [Int] {
    Array(sequence(first: index) { nodes[$0].parent }.dropFirst())
  }

  private var edited: [Int] {
    switch self {
    case .plain(let index), .html(let index), .firstChild(let index): [index]
    case .wrapped: [0]
    case .both(let plain, let html): [plain, html]
    }
  }

  // A changed byte inside would break the signature, and nothing inside can be read.
  private static func refuseSealed(_ nodes: [MIMENode], _ index: Int) throws(StepFailure) {
    let sealed = [
      "multipart/signed", "multipart/encrypted", "application/pkcs7-mime",
      "application/x-pkcs7-mime",
    ]
    for index in [index] + ancestors(of: index, in: nodes)
    where sealed.contains(nodes[index].contentType) {
      throw .permanent("mail: enhance: the text would go into \(nodes[index].contentType)")
    }
  }
}
