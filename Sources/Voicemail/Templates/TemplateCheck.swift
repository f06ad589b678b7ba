/// Which of a mail's templates it is.
package enum TemplateKind: String, Sendable, CaseIterable {
  case text
  case html
  case subject

  /// Name of its file in a directory of templates.
  package var filename: String { "\(rawValue).mustache" }
}

/// Finds in a template what would go wrong in every mail.
package enum TemplateCheck {
  /// The template, unless it names a value that does not exist, or puts one into HTML as it is.
  package static func parse(_ source: String, as kind: TemplateKind) throws(TemplateError)
    -> Template
  {
    let template = try Template(source)
    try check(template.nodes, kind)
    return template
  }

  private static func check(_ nodes: [Template.Node], _ kind: TemplateKind) throws(TemplateError) {
    for node in nodes {
      switch node {
      case .text: break
      case .value(let name, let isEscaped):
        try check(name)
        guard isEscaped || kind != .html else {
          throw TemplateError(
            line: name.line,
            problem: "{{{\(shown(name))}}}: no value is HTML; write {{\(shown(name))}}")
        }
      case .section(let name, let inner, _):
        try check(name)
        try check(inner, kind)
      }
    }
  }

  private static func check(_ name: Template.Name) throws(TemplateError) {
    for component in name.components where !TemplateNames.all.contains(component) {
      throw TemplateError(line: name.line, problem: "there is no value '\(component)'")
    }
  }

  private static func shown(_ name: Template.Name) -> String {
    (name.isLocal ? "." : "") + name.components.joined(separator: ".")
  }
}
