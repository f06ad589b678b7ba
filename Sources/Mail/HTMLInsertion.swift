/// Where a block goes into an existing HTML document: where its reader's eye falls first.
enum HTMLInsertion {
  static func insert(_ block: String, into document: String) -> String {
    let bytes = Array(document.utf8)
    let place = place(in: bytes)
    return String(decoding: bytes[..<place], as: UTF8.self) + block
      + String(decoding: bytes[place...], as: UTF8.self)
  }

  // Behind <body ...>, else </head>, <html ...>, the doctype, else at the very start. The document
  // may be any bytes of text; comments are skipped.
  private static func place(in bytes: [UInt8]) -> Int {
    var best = (rank: 0, end: 0)
    var position = 0
    var commentsEnd = true
    while position < bytes.count {
      guard bytes[position] == UInt8(ascii: "<") else {
        position += 1
        continue
      }
      // A comment without an end is none; there is no need to look for its end twice.
      if commentsEnd, matches(bytes, position, "<!--") {
        let end = commentEnd(bytes, position + 4)
        commentsEnd = end != nil
        position = end ?? position + 4
        continue
      }
      let rank = rank(bytes, position)
      if rank > best.rank, let end = tagEnd(bytes, position) {
        best = (rank, end)
        if rank == 4 { break }
      }
      position += 1
    }
    return best.end
  }

  private static func rank(_ bytes: [UInt8], _ position: Int) -> Int {
    let tags = [("<!doctype", 1), ("<html", 2), ("</head", 3), ("<body", 4)]
    for (tag, rank) in tags where matches(bytes, position, tag) {
      let next = position + tag.utf8.count
      // <bodyguard> is no body.
      guard next < bytes.count else { return 0 }
      let ends: [UInt8] = [0x20, 0x09, 0x0A, 0x0D, 0x0C, UInt8(ascii: ">"), UInt8(ascii: "/")]
      return ends.contains(bytes[next]) ? rank : 0
    }
    return 0
  }

  /// No real tag is longer; it bounds the search where quotes never close.
  private static let tagLimit = 8192

  // The ">" behind a tag, not one in a quoted attribute; nil when the tag has no end.
  private static func tagEnd(_ bytes: [UInt8], _ start: Int) -> Int? {
    var quote: UInt8?
    for position in start..<min(bytes.count, start + tagLimit) {
      let byte = bytes[position]
      if let open = quote {
        if byte == open { quote = nil }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else if byte == UInt8(ascii: ">") {
        return position + 1
      }
    }
    return nil
  }

  private static func commentEnd(_ bytes: [UInt8], _ start: Int) -> Int? {
    var position = start
    while position < bytes.count {
      if matches(bytes, position, "-->") { return position + 3 }
      position += 1
    }
    return nil
  }

  private static func matches(_ bytes: [UInt8], _ position: Int, _ lowercase: String) -> Bool {
    guard bytes.count - position >= lowercase.utf8.count else { return false }
    return zip(bytes[position...], lowercase.utf8).allSatisfy { byte, wanted in
      byte == wanted
        || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) && byte + 32 == wanted
    }
  }
}
