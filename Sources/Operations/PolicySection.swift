package import Voicemail

/// A `[policy NAME]` section of a configuration file and the policy it makes.
package struct PolicySection: Sendable, Equatable {
  /// As the file has it; what makes two equal.
  private var lines: [String]
  package let rule: PolicyRule
  /// Of the policy's directory, read; nil where it names none.
  package let templates: TemplateSources?

  package static func == (left: PolicySection, right: PolicySection) -> Bool {
    left.rule.policy == right.rule.policy && left.lines == right.lines
      && left.templates == right.templates
  }

  /// `sales` of `policy sales`; nil for any other section.
  static func name(ofSection section: String) -> String? {
    guard section.hasPrefix("policy ") else { return nil }
    return String(section.dropFirst(7)).trimmingSpaces
  }

  /// Those of earlier files, but for names that this one gives anew, and then this one's in its order; each wrong
  /// section is one line of the error. `rules`: the administrator's, besides those built in.
  static func read(
    _ file: SettingsFile, over earlier: [PolicySection], rules: [RuleSection], engines: EngineNames
  ) throws(SettingsError) -> [PolicySection] {
    let anew = Set(file.order.compactMap { name(ofSection: $0.section) })
    let names = (rules.map(\.rule) + BuiltInRules.all).map(\.name)
    var policies = earlier.filter { !anew.contains($0.rule.policy.name) }
    var errors: [String] = []
    for (section, keys) in file.order {
      guard let name = name(ofSection: section) else { continue }
      let lines = keys.map { (key: $0, value: (file.values[section]?[$0] ?? "").trimmingSpaces) }
      do throws(InvalidRule) {
        guard RuleSection.isName(name) else {
          throw InvalidRule(nil, "a policy's name has letters, digits and dashes, at most 40")
        }
        let rule = try PolicyRule(
          name: name, lines: lines,
          milliseconds: { Settings.milliseconds(of: $0).map(Int64.init) }
        ) { text throws(InvalidRule) in try RegularExpression(text) }
        try check(rule, names, policies.last)
        if let names = rule.policy.engines, let complaint = engines.complaint(about: names) {
          throw InvalidRule("engines", complaint)
        }
        policies.append(
          PolicySection(
            lines: lines.map { "\($0)=\($1)" }, rule: rule,
            templates: try templates(rule.policy)))
      } catch {
        let place = file.place(section: section, key: error.key)
        let key = error.key.map { " " + SettingsFile.shown($0) } ?? ""
        errors.append("\(place): [\(SettingsFile.shown(section))]\(key): \(error.sentence)")
      }
    }
    guard errors.isEmpty else { throw SettingsError(lines: errors) }
    return policies
  }

  private static func templates(_ policy: Policy) throws(InvalidRule) -> TemplateSources? {
    guard let directory = policy.template else { return nil }
    do throws(SettingsError) {
      return try TemplateDirectory.load(directory)
    } catch {
      throw InvalidRule("template", error.lines.joined(separator: "; "))
    }
  }

  private static func check(_ rule: PolicyRule, _ rules: [String], _ before: PolicySection?)
    throws(InvalidRule)
  {
    if let wrong = rule.rules.first(where: { !rules.contains($0) }) {
      throw InvalidRule(
        "rule",
        "no such rule as \(SettingsFile.shown(wrong)); known are "
          + rules.joined(separator: ", "))
    }
    if let before, before.rule.isForAll {
      throw InvalidRule(
        nil,
        "is never asked, as [policy \(before.rule.policy.name)] before it is for all; that one "
          + "must stand last")
    }
  }
}
