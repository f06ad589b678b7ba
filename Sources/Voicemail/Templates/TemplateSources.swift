/// The administrator's own templates; nil: the built-in one.
package struct TemplateSources: Sendable, Codable, Equatable {
  package var text: String?
  package var html: String?
  package var subject: String?

  package init(text: String? = nil, html: String? = nil, subject: String? = nil) {
    self.text = text
    self.html = html
    self.subject = subject
  }

  package subscript(_ kind: TemplateKind) -> String? {
    get {
      switch kind {
      case .text: text
      case .html: html
      case .subject: subject
      }
    }
    set {
      switch kind {
      case .text: text = newValue
      case .html: html = newValue
      case .subject: subject = newValue
      }
    }
  }

  /// The templates that come with the program.
  package static let builtIn = TemplateSources(
    text: builtInText, html: builtInHTML, subject: builtInSubject)

  /// A template of this kind with those values filled in. One of the administrator's that fails,
  /// such as by its length, makes way for the built-in one: the mail goes out.
  func render(_ kind: TemplateKind, _ values: TemplateValue) -> String {
    let escape = kind == .html ? HTMLEscape.escape : { $0 }
    for source in [self[kind], Self.builtIn[kind]].compactMap(\.self) {
      if let template = try? Template(source), let text = template.render(values, escape: escape) {
        return text
      }
    }
    return ""
  }
}
