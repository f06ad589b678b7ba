/// One entity of the MIME tree as Swift values: a leaf, a multipart or an attached message.
struct MIMENode {
  enum Kind: Equatable {
    case leaf
    case multipart
    /// message/rfc822 and its like, whose message GMime has parsed too.
    case message
  }

  /// A header field as it stands, bytes untouched but for NUL, where C strings end.
  struct RawHeader: Equatable {
    var name: String
    /// Everything between the colon and the end of the field's last line.
    var value: [UInt8]
    /// Where the field's name begins in the message.
    var offset: Int
  }

  var kind: Kind
  /// Index of the entity it stands in; nil for the root.
  var parent: Int?
  var children: [Int] = []
  /// Whether it stands inside an attached message.
  var isNested: Bool
  /// Position among the leaves; nil for other kinds.
  var leafIndex: Int?
  /// Lower case, without parameters.
  var contentType = "text/plain"
  var charset: String?
  var boundary: String?
  var disposition: String?
  var dispositionParameters: [String: String] = [:]
  var filename: String?
  /// In the order they stand; for the root of a message all fields of its header section.
  var headers: [RawHeader] = []
  /// Where GMime saw the encoded content of a leaf; nil when it saw none.
  var content: Range<Int>?

  /// Whether several Content-Type fields contradict each other; readers differ in which they believe.
  var isAmbiguous: Bool {
    let types = headers.filter { $0.name.lowercased() == "content-type" }
    return types.contains { $0.value != types.first?.value }
  }

  /// Whether it is text meant to be read in place rather than a file sent along.
  func isBodyText(_ type: String) -> Bool {
    kind == .leaf && !isNested && contentType == type && disposition != "attachment"
      && filename == nil && !isAmbiguous
  }
}
