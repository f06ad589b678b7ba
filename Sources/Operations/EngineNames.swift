internal import Voicemail

/// The names by which a configuration may ask for engines: those of its sections, and types that need none.
struct EngineNames {
  private let sections: [String]

  init(_ sections: [EngineConfiguration]) { self.sections = sections.map(\.name) }

  /// Why a list cannot be used, of its first wrong name; nil where it can.
  func complaint(about names: [String]) -> String? {
    let known =
      sections + Self.types.filter { !sections.contains($0) && EngineSection.implied($0) != nil }
    guard !names.isEmpty else {
      return "names no engine; known are " + known.joined(separator: ", ")
    }
    guard let wrong = names.first(where: { !known.contains($0) }) else { return nil }
    let shown = SettingsFile.shown(wrong)
    if Self.types.contains(wrong) { return "\(shown) needs a section [engine \(shown)]" }
    let hint = UnknownNames.suggestion(for: wrong, among: known)
    let more = hint.hasSuffix("?") ? "" : ", and the names of sections [engine NAME]"
    return "no engine '\(shown)'" + hint + more
  }

  private static let types = EngineConfiguration.Kind.allCases.map(\.rawValue)
}
