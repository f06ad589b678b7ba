/// What several subjects have in common, as an expression with groups for what varies.
///
/// Words that stand in all of them in the same order are its frame; between them stands what the phone system filled in.
struct SubjectTemplate: Equatable {
  let expression: String
  /// Words of the frame with a letter in them.
  let frameWords: Int

  /// nil when no word is common to all. `callers`: names that are known not to be words of the frame.
  init?(_ subjects: [String], callers: [String] = []) {
    let lines = subjects.map(Self.words)
    guard let first = lines.first, !first.isEmpty else { return nil }
    var frame = subjects.count == 1 ? Self.fixedWords(first) : first
    for line in lines.dropFirst() { frame = Self.common(frame, line) }
    // A number that happens to be the same in all is no word of the frame.
    let names = Set(callers.flatMap { $0.split(separator: " ").map(String.init) })
    frame = frame.filter {
      $0.contains(where: \.isLetter) && !$0.contains(where: \.isWholeNumber) && !names.contains($0)
        && !["am", "pm"].contains($0.lowercased())
    }
    frameWords = frame.count
    guard frameWords > 0 else { return nil }
    expression = Self.expression(frame, lines)
  }

  /// `MB:1001` is two: a label, and what it labels.
  private static func words(_ subject: String) -> [String] {
    SafeText.line(subject, limit: 300).split(separator: " ").flatMap { word -> [String] in
      guard let colon = word.firstIndex(of: ":"), colon > word.startIndex,
        word[..<colon].allSatisfy(\.isLetter), word.index(after: colon) < word.endIndex
      else { return [String(word)] }
      return [String(word[...colon]), String(word[word.index(after: colon)...])]
    }
  }

  /// Of a single subject what cannot be told from others is guessed: words without digits, but those between a word such as
  /// `from` and the next fixed word are a name.
  private static func fixedWords(_ words: [String]) -> [String] {
    let openers: Set<String> = ["from", "von", "de", "di", "van", "od", "by", "par"]
    let closers: Set<String> = ["to", "on", "at", "in", "for", "an", "am", "um", "für", "à", "le"]
    var result: [String] = []
    var isName = false
    for word in words {
      if closers.contains(word.lowercased()) || word.hasSuffix(":") { isName = false }
      if !isName { result.append(word) }
      if openers.contains(word.lowercased()) { isName = true }
    }
    return result
  }

  /// The longest common sequence of words.
  private static func common(_ left: [String], _ right: [String]) -> [String] {
    let (left, right) = (Array(left.prefix(60)), Array(right.prefix(60)))
    var lengths = Array(
      repeating: Array(repeating: 0, count: right.count + 1), count: left.count + 1)
    for i in left.indices.reversed() {
      for j in right.indices.reversed() {
        lengths[i][j] =
          left[i] == right[j]
          ? lengths[i + 1][j + 1] + 1 : max(lengths[i + 1][j], lengths[i][j + 1])
      }
    }
    var (i, j) = (0, 0)
    var result: [String] = []
    while i < left.count, j < right.count {
      if left[i] == right[j] {
        result.append(left[i])
        (i, j) = (i + 1, j + 1)
      } else if lengths[i + 1][j] >= lengths[i][j + 1] {
        i += 1
      } else {
        j += 1
      }
    }
    return result
  }

  private static func expression(_ frame: [String], _ lines: [[String]]) -> String {
    let filled = lines.map { gaps(frame, $0) }
    var result = "^"
    var needsSpace = false
    var used: Set<String> = []
    for position in 0...frame.count {
      let variable = VariableText(
        filled.map { $0[position] }, after: position > 0 ? frame[position - 1] : "")
      if let text = variable.expression(&used) {
        switch (variable.isOptional, needsSpace) {
        case (true, true): result += "(?: \(text))?"
        case (true, false): result += "(?:\(text) )?"
        case (false, _):
          let space = position > 0 && frame[position - 1].hasSuffix(":") ? " ?" : " "
          result += (needsSpace ? space : "") + text
          needsSpace = true
        }
      }
      guard position < frame.count else { break }
      result += (needsSpace ? " " : "") + ExpressionText.escaped(frame[position])
      needsSpace = true
    }
    return result + "$"
  }

  /// What stands before, between and behind the words of the frame.
  private static func gaps(_ frame: [String], _ line: [String]) -> [String] {
    var result: [String] = []
    var gap: [String] = []
    var rest = frame[...]
    for word in line {
      if word == rest.first {
        rest = rest.dropFirst()
        result.append(gap.joined(separator: " "))
        gap = []
      } else {
        gap.append(word)
      }
    }
    return result + [gap.joined(separator: " ")]
  }
}
