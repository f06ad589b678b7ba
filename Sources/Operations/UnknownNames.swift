/// Sections, keys and variables that mean nothing: a typing error must not pass for a setting.
enum UnknownNames {
  /// One line for each, with the nearest name that means something.
  static func complaints(_ sources: SettingsSources) -> [String] {
    sources.files.flatMap(complaints)
      + complaints(aboutVariables: sources.environment.keys.sorted())
  }

  private static func complaints(_ file: SettingsFile) -> [String] {
    let sections = Set(SettingsTable.keys.map(\.section))
    var errors: [String] = []
    for (section, keys) in file.values.sorted(by: { $0.key < $1.key })
    where !isOwn(section) {
      guard sections.contains(section) else {
        errors.append(
          "\(file.place(section: section, key: nil)): [\(SettingsFile.shown(section))]: no such section"
            + suggestion(for: section, among: sections.sorted()))
        continue
      }
      let known = SettingsTable.keys.filter { $0.section == section }.map(\.name)
      for key in keys.keys.sorted() where !known.contains(key) {
        errors.append(
          "\(file.place(section: section, key: key)): [\(section)] \(SettingsFile.shown(key)): no such key"
            + suggestion(for: key, among: known))
      }
    }
    return errors
  }

  /// Sections that the administrator names are checked where they are read.
  private static func isOwn(_ section: String) -> Bool {
    RuleSection.name(ofSection: section) != nil || PolicySection.name(ofSection: section) != nil
      || EngineSection.name(ofSection: section) != nil
  }

  /// Other programs name variables after this one (Kubernetes: VOICEMAIL_MILTER_SERVICE_HOST): only what looks
  /// like a setting must be one.
  private static func complaints(aboutVariables names: [String]) -> [String] {
    let known = SettingsTable.keys.map(\.variable)
    let sections = Set(
      SettingsTable.keys.map {
        SettingsSources.environmentPrefix + $0.section.uppercased() + "_"
      })
    return names.filter { !known.contains($0) }.compactMap { name in
      let isMeant =
        sections.contains { name.hasPrefix($0) } || known.contains { editDistance($0, name) <= 2 }
      guard isMeant else { return nil }
      return "environment \(SettingsFile.shown(name)): no such setting"
        + suggestion(for: name, among: known)
    }
  }

  /// `; did you mean WORD?`, or all that are known.
  static func suggestion(for word: String, among known: [String]) -> String {
    let nearest = known.map { (word: $0, distance: editDistance(word, $0)) }
      .min { $0.distance < $1.distance }
    guard let nearest, nearest.distance <= 1 + word.count / 3 else {
      return "; known are " + known.joined(separator: ", ")
    }
    return "; did you mean \(nearest.word)?"
  }
}

/// Levenshtein's distance, for suggestions only.
private func editDistance(_ first: String, _ second: String) -> Int {
  let first = Array(first.utf8.prefix(64))
  let second = Array(second.utf8.prefix(64))
  var row = Array(0...second.count)
  for (i, a) in first.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, b) in second.enumerated() {
      let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (a == b ? 0 : 1))
      diagonal = row[j + 1]
      row[j + 1] = next
    }
  }
  return row[second.count]
}
