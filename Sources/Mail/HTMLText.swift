/// The words of an HTML document, for expressions to look at; never shown to anyone.
enum HTMLText {
  /// Tags gone, a line for each block and line break, the usual entities decoded.
  static func words(_ html: String) -> String {
    var text: [UInt8] = []
    var bytes = Array(html.utf8)[...]
    while let byte = bytes.first {
      if byte == UInt8(ascii: "<") {
        let tag = bytes.prefix { $0 != UInt8(ascii: ">") }
        bytes = bytes.dropFirst(tag.count + 1)
        if let name = hidden.first(where: { isName($0, of: tag.dropFirst()) }) {
          bytes = behind(name, bytes)
        }
        if isBreak(tag.dropFirst()) { text.append(UInt8(ascii: "\n")) }
      } else if byte == UInt8(ascii: "&"), let (character, length) = entity(bytes) {
        text.append(character)
        bytes = bytes.dropFirst(length)
      } else {
        text.append(byte)
        bytes = bytes.dropFirst()
      }
    }
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
    return lines.map { $0.split(separator: " ").joined(separator: " ") }.filter { !$0.isEmpty }
      .joined(separator: "\n")
  }

  /// What no reader sees.
  private static let hidden = ["style", "script", "title"]

  private static func isName(_ name: String, of tag: ArraySlice<UInt8>) -> Bool {
    String(decoding: tag.prefix(name.utf8.count + 1), as: UTF8.self).lowercased()
      .prefix { $0.isLetter } == name
  }

  /// What follows the element's end tag; nothing without one.
  private static func behind(_ name: String, _ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var rest = bytes
    while let open = rest.firstIndex(of: UInt8(ascii: "<")) {
      rest = rest[open...].dropFirst()
      guard rest.first == UInt8(ascii: "/"), isName(name, of: rest.dropFirst()) else { continue }
      return rest.drop { $0 != UInt8(ascii: ">") }.dropFirst()
    }
    return []
  }

  private static func isBreak(_ tag: ArraySlice<UInt8>) -> Bool {
    let name = String(decoding: tag.drop { $0 == UInt8(ascii: "/") }.prefix(10), as: UTF8.self)
      .lowercased().prefix { $0.isLetter || $0.isNumber }
    return ["br", "p", "div", "tr", "table", "li", "ul", "h1", "h2", "h3", "h4"].contains(name)
  }

  private static let entities: [(name: String, character: UInt8)] = [
    ("&amp;", UInt8(ascii: "&")), ("&lt;", UInt8(ascii: "<")), ("&gt;", UInt8(ascii: ">")),
    ("&quot;", UInt8(ascii: "\"")), ("&#39;", UInt8(ascii: "'")), ("&nbsp;", UInt8(ascii: " ")),
  ]

  private static func entity(_ bytes: ArraySlice<UInt8>) -> (UInt8, Int)? {
    for (name, character) in entities where bytes.starts(with: name.utf8) {
      return (character, name.utf8.count)
    }
    return nil
  }
}
