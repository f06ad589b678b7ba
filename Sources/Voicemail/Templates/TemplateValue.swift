/// What a template can name.
package indirect enum TemplateValue: Sendable, Equatable {
  case text(String)
  case flag(Bool)
  case list([TemplateValue])
  case object([String: TemplateValue])

  /// What a section on it is rendered for: one context for each.
  var contexts: [TemplateValue] {
    switch self {
    case .list(let values): values
    // An empty text is nothing: `{{#caller}}` is for those who have one.
    case .text(let text): text.isEmpty ? [] : [self]
    case .flag(let isSet): isSet ? [self] : []
    case .object: [self]
    }
  }

  var text: String {
    if case .text(let text) = self { text } else { "" }
  }

  subscript(_ name: String) -> TemplateValue? {
    if case .object(let values) = self { values[name] } else { nil }
  }
}
