/// A Mustache template: variables, escaped and not, sections, inverted sections, comments, other
/// delimiters, and lines of tags alone vanish, as the specification says (mustache.org). Partials,
/// lambdas, blocks and dynamic names are refused.
package struct Template: Sendable, Equatable {
  /// Bytes of a template.
  package static let maxBytes = 64 << 10
  /// Sections in sections.
  package static let maxDepth = 16
  /// Bytes that a rendered template may have, and steps it may take.
  package static let maxOutput = 4 << 20
  private static let maxSteps = 2_000_000

  /// A value by its dotted name; no components mean `.`, the context itself.
  struct Name: Sendable, Equatable {
    var components: [String]
    /// Whether it is looked for in the innermost context alone: `.name`.
    var isLocal = false
    /// Line of the tag, from 1.
    var line: Int
  }

  indirect enum Node: Sendable, Equatable {
    case text(String)
    case value(Name, isEscaped: Bool)
    case section(Name, [Node], isInverted: Bool)
  }

  let nodes: [Node]

  package init(_ source: String) throws(TemplateError) {
    var parser = try TemplateParser(source)
    nodes = try parser.parse()
  }

  /// nil when it would be longer than `maxOutput` or is never done. `escape` is for `{{name}}`, not for
  /// `{{{name}}}`.
  package func render(_ values: TemplateValue, escape: (String) -> String) -> String? {
    var run = Run(steps: Self.maxSteps)
    run.render(nodes, [values], escape)
    return run.isOver ? nil : run.output
  }

  private struct Run {
    var output = ""
    var steps: Int

    var isOver: Bool { steps <= 0 || output.utf8.count > Template.maxOutput }

    mutating func render(
      _ nodes: [Node], _ contexts: [TemplateValue], _ escape: (String) -> String
    ) {
      for node in nodes {
        steps -= 1
        guard !isOver else { return }
        switch node {
        case .text(let text): output += text
        case .value(let name, let isEscaped):
          let text = Self.find(name, contexts)?.text ?? ""
          output += isEscaped ? escape(text) : text
        case .section(let name, let inner, let isInverted):
          let found = Self.find(name, contexts)?.contexts ?? []
          if isInverted {
            if found.isEmpty { render(inner, contexts, escape) }
          } else {
            for context in found { render(inner, contexts + [context], escape) }
          }
        }
      }
    }

    /// The first component is looked for from the innermost context outwards, the others in what
    /// was found alone.
    private static func find(_ name: Name, _ contexts: [TemplateValue]) -> TemplateValue? {
      guard let first = name.components.first else { return contexts.last }
      var found: TemplateValue?
      for context in contexts.reversed() {
        found = context[first]
        if found != nil || name.isLocal { break }
      }
      for component in name.components.dropFirst() { found = found?[component] }
      return found
    }
  }
}
