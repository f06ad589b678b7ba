/// What is wrong with a template, and where.
package struct TemplateError: Error, Sendable, Equatable {
  /// From 1.
  package var line: Int
  /// In words, without the line.
  package var problem: String

  package init(line: Int, problem: String) {
    self.line = line
    self.problem = problem
  }
}
