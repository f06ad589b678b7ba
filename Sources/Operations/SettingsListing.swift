/// Settings as a configuration file that gives the same ones again.
package struct SettingsListing {
  /// Which of them.
  package enum Choice: Sendable {
    /// Those in force.
    case all
    /// Those in force that are written somewhere, each below the place it comes from.
    case written
    /// The defaults.
    case defaults
  }

  private let sources: SettingsSources

  package init(_ sources: SettingsSources) { self.sources = sources }

  /// `explained`: each below what it is, what it may be, and its default.
  package func text(_ choice: Choice, explained: Bool) -> String {
    var text = ""
    var section = ""
    for key in SettingsTable.keys {
      let written = choice == .defaults ? nil : sources.written(key)
      if choice == .written, written == nil { continue }
      if key.section != section { text += (text.isEmpty ? "" : "\n") + "[\(key.section)]\n" }
      section = key.section
      if explained { text += "# \(key.sentence)\n# \(key.range)\n" }
      if choice == .written, let written { text += "# \(written.place)\n" }
      let value = (written?.text ?? key.standard).trimmingSpaces
      text += value.isEmpty ? "\(key.name) =\n" : "\(key.name) = \(value)\n"
    }
    return choice == .defaults ? text : text + ownSections(withPlaces: choice == .written)
  }

  /// Without the password that may stand in a proxy's address: this is shown to whoever helps.
  private func shown(_ value: String, of key: String) -> String {
    let value = value.trimmingSpaces
    guard key == "proxy", let at = value.lastIndex(of: "@") else { return value }
    let scheme = value.firstRange(of: "://").map { String(value[..<$0.upperBound]) } ?? ""
    return scheme + "[hidden]" + String(value[at...])
  }

  /// Sections that the administrator names, as files have them.
  private func ownSections(withPlaces: Bool) -> String {
    let known = Set(SettingsTable.keys.map(\.section))
    return sources.files.map { file in
      file.order.filter { !known.contains($0.section) }.map { section, keys in
        let place = withPlaces ? "# \(file.place(section: section, key: nil))\n" : ""
        return "\n\(place)[\(section)]\n"
          + keys.map { "\($0) = \(shown(file.values[section]?[$0] ?? "", of: $0))\n" }.joined()
      }.joined()
    }.joined()
  }
}

extension SettingKey {
  /// `Must be a whole number from 0 to 64; default: 0.`
  package var range: String {
    "Must be \(kind.expectation); default: \(standard.isEmpty ? "empty" : standard)."
  }
}
