/// Lines such as `Length: 0:17` that the samples' texts share, as expressions for the facts behind them.
enum LabelledLine {
  /// By fact, for labels that stand in every text.
  static func finds(_ texts: [String]) -> [(fact: String, expression: String)] {
    guard let first = texts.first else { return [] }
    var result: [(fact: String, expression: String)] = []
    for (label, _) in lines(first) {
      let values = texts.compactMap { text in lines(text).first { $0.label == label }?.value }
      guard values.count == texts.count, let (fact, pattern) = meaning(label, values),
        !result.contains(where: { $0.fact == fact })
      else { continue }
      result.append((fact, "^\\W*\(ExpressionText.escaped(label)):\\s*\"?\(pattern)"))
    }
    return result
  }

  private static func lines(_ text: String) -> [(label: String, value: String)] {
    text.split(separator: "\n").prefix(200).compactMap { line in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let label = SafeText.line(String(line[..<colon].drop { !$0.isLetter }), limit: 60)
      let value = SafeText.line(String(line[colon...].dropFirst()), limit: 200)
      return (2...40).contains(label.count) && !value.isEmpty ? (label, value) : nil
    }
  }

  private static func meaning(_ label: String, _ values: [String]) -> (String, String)? {
    let words = Set(label.lowercased().split { !$0.isLetter }.map(String.init))
    let bare = values.map { $0.filter { $0 != "\"" } }
    if !words.isDisjoint(with: VariableText.lengthLabels),
      bare.allSatisfy({ CallFacts.seconds($0) != nil })
    {
      return ("duration", "(?<duration>\\d[\\d:]*)")
    }
    if !words.isDisjoint(with: VariableText.mailboxLabels),
      bare.allSatisfy({ $0.first?.isWholeNumber ?? false })
    {
      return ("mailbox", "(?<mailbox>\\d+)")
    }
    if !words.isDisjoint(with: VariableText.callerLabels) {
      if bare.allSatisfy({ CallerText.isNumber($0) }) {
        return ("number", "(?<number>\\+?\\d[\\d ().-]*\\d)")
      }
      if bare.contains(where: { $0.contains(where: \.isWholeNumber) }) {
        return ("caller", "(?<name>[^\\n<(\\d\"]*?)\"?\\s*[<(]?(?<number>\\+?\\d[\\d ().-]*\\d)")
      }
      return ("name", "(?<name>[^\\n\"]+)")
    }
    if !words.isDisjoint(with: VariableText.nameLabels) { return ("name", "(?<name>[^\\n\"]+)") }
    if !words.isDisjoint(with: VariableText.timeLabels) { return ("time", "(?<time>[^\\n\"]+)") }
    return nil
  }
}
