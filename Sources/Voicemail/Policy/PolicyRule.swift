/// A policy and for whom it is: the lines of a `[policy NAME]` section.
///
/// Conditions, all of which must hold: `recipient`, `sender`, `mailbox` (expressions) and `rule` (names, separated by
/// commas). Without any it is for everybody. The other keys are `Policy`'s values.
package struct PolicyRule: Sendable {
  package private(set) var policy: Policy
  /// Names of rules as written; empty: whichever.
  package private(set) var rules: [String] = []
  private var patterns: [(key: Condition, pattern: any TextPattern)] = []

  private enum Condition: String, CaseIterable { case recipient, sender, mailbox }

  /// Whether it is for everybody.
  package var isForAll: Bool { rules.isEmpty && patterns.isEmpty }

  /// `lines`: keys and values in the order of the file. `pattern` makes an expression, `milliseconds` reads a time.
  package init(
    name: String, lines: [(key: String, value: String)],
    milliseconds: (String) -> Int64?,
    pattern: (String) throws(InvalidRule) -> any TextPattern
  ) throws(InvalidRule) {
    policy = Policy(name: name)
    for (key, value) in lines {
      if let condition = Condition(rawValue: key) {
        do throws(InvalidRule) {
          patterns.append((condition, try pattern(value)))
        } catch {
          throw InvalidRule(key, error.sentence)
        }
      } else if key == "rule" {
        rules = Self.list(value)
        guard !rules.isEmpty else { throw InvalidRule(key, "names no rule") }
      } else {
        try PolicyValue.set(key, value, milliseconds, in: &policy)
      }
    }
    try PolicyValue.check(policy)
  }

  static func list(_ value: String) -> [String] {
    value.split(separator: ",").map { SafeText.line(String($0)) }.filter { !$0.isEmpty }
  }

  /// One condition and whether it holds, in the order of the file, `rule` last.
  package func steps(_ voicemail: VoicemailFacts, sender: String, recipient: String)
    -> [RuleTrial.Step]
  {
    var steps = patterns.map { condition in
      let text: String? =
        switch condition.key {
        case .recipient: recipient
        case .sender: sender
        case .mailbox: voicemail.mailbox
        }
      return RuleTrial.Step(
        key: condition.key.rawValue,
        holds: text.map { condition.pattern.captures(in: $0) != nil } ?? false)
    }
    if !rules.isEmpty {
      steps.append(.init(key: "rule", holds: rules.contains(voicemail.rule)))
    }
    return steps
  }
}
