package import Voicemail

/// A `[rule NAME]` section of a configuration file and the rule it makes.
package struct RuleSection: Sendable, Equatable {
  /// As the file has it; what makes two equal.
  private var lines: [String]
  package let rule: ProfileRule

  package static func == (left: RuleSection, right: RuleSection) -> Bool {
    left.rule.name == right.rule.name && left.lines == right.lines
  }

  /// `asterisk` of `rule asterisk`; nil for any other section.
  static func name(ofSection section: String) -> String? {
    guard section.hasPrefix("rule ") else { return nil }
    return String(section.dropFirst(5)).trimmingSpaces
  }

  /// Those of earlier files, but for names that this one gives anew, and then this one's in its order; each wrong
  /// line is one line of the error.
  static func read(_ file: SettingsFile, over earlier: [RuleSection] = []) throws(SettingsError)
    -> [RuleSection]
  {
    var rules: [RuleSection] = []
    var errors: [String] = []
    for (section, keys) in file.order {
      guard let name = name(ofSection: section) else { continue }
      let lines = keys.map { (key: $0, value: file.values[section]?[$0] ?? "") }
      do throws(InvalidRule) {
        guard isName(name) else {
          throw InvalidRule(nil, "a rule's name has letters, digits and dashes, at most 40")
        }
        let rule = try ProfileRule(name: name, lines: lines) { text throws(InvalidRule) in
          try RegularExpression(text)
        }
        rules.append(RuleSection(lines: lines.map { "\($0)=\($1)" }, rule: rule))
      } catch {
        let place = file.place(section: section, key: error.key)
        let key = error.key.map { " " + SettingsFile.shown($0) } ?? ""
        errors.append("\(place): [\(SettingsFile.shown(section))]\(key): \(error.sentence)")
      }
    }
    guard errors.isEmpty else { throw SettingsError(lines: errors) }
    let names = Set(rules.map(\.rule.name))
    return earlier.filter { !names.contains($0.rule.name) } + rules
  }

  /// Of a rule, a policy or an engine.
  static func isName(_ name: String) -> Bool {
    (1...40).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (97...122).contains(byte | 0x20) || byte == UInt8(ascii: "-")
      }
  }
}
