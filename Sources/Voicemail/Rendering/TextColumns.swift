/// Lays text out in columns of a terminal or a plain-text mail reader.
enum TextColumns {
  /// RFC 5322, 2.1.1: lines of a message should have at most 78 characters.
  static let limit = 78

  /// Columns a character takes: 0 for marks on others, 2 for East Asian and emoji, else 1.
  static func width(of scalar: Unicode.Scalar) -> Int {
    let value = scalar.value
    if value < 0x300 { return 1 }
    switch value {
    case 0x1100...0x115f, 0x2329...0x232a, 0x2e80...0x303e, 0x3041...0xa4cf, 0xa960...0xa97f,
      0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6,
      0x1b000...0x1b2ff, 0x20000...0x3fffd:
      return 2
    case 0x200c, 0x200d, 0xfe00...0xfe0f: return 0
    default: break
    }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return 0
    default: return value >= 0x1f000 || scalar.properties.isEmojiPresentation ? 2 : 1
    }
  }

  static func width(of text: some StringProtocol) -> Int {
    text.unicodeScalars.reduce(0) { $0 + width(of: $1) }
  }

  /// Breaks `text` at its spaces into lines of at most `limit` columns; a word that is too long by
  /// itself is broken too. The first line begins with `first`, the others with `rest`.
  static func wrap(_ text: String, first: String = "", rest: String = "") -> [String] {
    var lines: [String] = []
    var line = first
    var column = width(of: first)
    let restColumn = width(of: rest)
    var isEmpty = true

    func breakLine() {
      lines.append(line)
      line = rest
      column = restColumn
      isEmpty = true
    }

    for word in text.split(separator: " ") {
      let needed = width(of: word)
      if !isEmpty {
        if column + 1 + needed > limit {
          breakLine()
        } else {
          line += " "
          column += 1
        }
      }
      if column + needed <= limit {
        line += word
        column += needed
        isEmpty = false
        continue
      }
      for scalar in word.unicodeScalars {
        let step = width(of: scalar)
        if column + step > limit, !isEmpty { breakLine() }
        line.unicodeScalars.append(scalar)
        column += step
        isEmpty = false
      }
    }
    if !isEmpty || lines.isEmpty { lines.append(line) }
    return lines
  }
}
