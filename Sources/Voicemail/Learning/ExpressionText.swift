/// Writes text as a regular expression that means it.
enum ExpressionText {
  /// With characters that mean something escaped.
  static func escaped(_ text: some StringProtocol) -> String {
    var result = ""
    for character in text {
      if "\\^$.|?*+()[]{}".contains(character) {
        result += "\\\(character)"
      } else {
        result.append(character)
      }
    }
    return result
  }

  /// A text that all samples share, with what varies in a file name or version left open: runs of digits, and letters
  /// where they differ. nil when the samples are built differently.
  static func shape(of samples: [String]) -> String? {
    let runs = samples.map(runs)
    guard let first = runs.first, runs.allSatisfy({ $0.count == first.count }) else { return nil }
    var result = ""
    for index in first.indices {
      let texts = Set(runs.map { $0[index].lowercased() })
      let isDigits = runs.allSatisfy { $0[index].allSatisfy(\.isWholeNumber) }
      if runs.allSatisfy({ isIdentifier($0[index]) }) {
        result += "[0-9a-f-]{36}"
      } else if isDigits {
        result += "\\d+"
      } else if texts.count == 1, let only = texts.first {
        result += escaped(only)
      } else if runs.allSatisfy({ $0[index].allSatisfy { $0.isLetter } }) {
        result += "\\w+"
      } else {
        return nil
      }
    }
    return result
  }

  /// UUIDs, runs of digits, of letters, and single other characters.
  private static func runs(_ text: String) -> [Substring] {
    func kind(_ character: Character) -> Int {
      character.isWholeNumber ? 0 : character.isLetter ? 1 : 2
    }
    var result: [Substring] = []
    var rest = text[...]
    while let first = rest.first {
      let run =
        isIdentifier(rest.prefix(36))
        ? rest.prefix(36)
        : kind(first) == 2 ? rest.prefix(1) : rest.prefix { kind($0) == kind(first) }
      result.append(run)
      rest = rest.dropFirst(run.count)
    }
    return result
  }

  /// Whether it is a UUID.
  private static func isIdentifier(_ text: Substring) -> Bool {
    text.split(separator: "-", omittingEmptySubsequences: false).map(\.count) == [8, 4, 4, 4, 12]
      && text.allSatisfy { $0 == "-" || $0.isHexDigit }
  }
}
