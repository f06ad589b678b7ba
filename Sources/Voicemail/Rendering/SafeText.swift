/// Makes text of strangers (caller names, file names, transcripts) fit to stand in a header, a line
/// of text or HTML.
///
/// Removed: control characters, which could end a header field; direction overrides and isolates,
/// which make a number read as another one (Unicode TR 36); invisible characters.
package enum SafeText {
  /// One line without surrounding white space, runs of white space made one space, at most `limit`
  /// characters long.
  package static func line(_ text: String, limit: Int = 500) -> String {
    var kept = String.UnicodeScalarView()
    var count = 0
    var spaceWaits = false
    var zeroWidths = 0
    for scalar in text.unicodeScalars {
      if isSpace(scalar) {
        spaceWaits = count > 0
        continue
      }
      guard !isHarmful(scalar) else { continue }
      // A tower of accents would cover the lines above it and make lines of any length in bytes.
      zeroWidths = TextColumns.width(of: scalar) == 0 ? zeroWidths + 1 : 0
      guard zeroWidths <= 4 else { continue }
      guard count < limit else {
        kept.append("…")
        break
      }
      if spaceWaits {
        kept.append(" ")
        count += 1
        spaceWaits = false
      }
      kept.append(scalar)
      count += 1
    }
    return String(kept)
  }

  /// Text that keeps its lines and tabs.
  package static func lines(_ text: String) -> String {
    var kept = String.UnicodeScalarView()
    var afterReturn = false
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\r": kept.append("\n")
      case "\n": if !afterReturn { kept.append("\n") }
      case "\t": kept.append("\t")
      default: if !isHarmful(scalar) { kept.append(scalar) }
      }
      afterReturn = scalar == "\r"
    }
    return String(kept)
  }

  /// Printable ASCII; every other character becomes `?`.
  package static func ascii(_ text: String, limit: Int = 500) -> String {
    var kept = String.UnicodeScalarView()
    for scalar in line(text, limit: limit).unicodeScalars.prefix(limit) {
      kept.append((0x20...0x7e).contains(scalar.value) ? scalar : "?")
    }
    return String(kept)
  }

  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20, 0x09...0x0d, 0x85: true
    case ..<0xa0: false
    default: scalar.properties.isWhitespace
    }
  }

  private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20...0x7e: return false
    case 0x200c, 0x200d: return false  // joiners: Persian, Hindi and emoji need them
    case 0x0600...0x0605, 0x06dd, 0x070f, 0x08e2: return false  // visible signs of class Cf
    default: break
    }
    return switch scalar.properties.generalCategory {
    case .control, .format, .privateUse, .surrogate, .lineSeparator, .paragraphSeparator: true
    default: scalar.properties.isNoncharacterCodePoint
    }
  }
}
