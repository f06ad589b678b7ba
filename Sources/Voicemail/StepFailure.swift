/// Why a step of a job did not succeed, and whether trying again can help.
///
/// Every adapter must decide between the two kinds; the scheduler knows no third.
package struct StepFailure: Error, Sendable, Equatable, Codable {
  package enum Kind: String, Sendable, Codable {
    /// The same step may succeed later: a busy engine, a full disk, an MTA that is away.
    case transient
    /// Trying again cannot help: a recording that is no recording, a refused message.
    case permanent
  }

  package var kind: Kind
  /// One line for the administrator: who, what was attempted, value, limit. No message content.
  package var sentence: String

  package init(_ kind: Kind, _ sentence: String) {
    self.kind = kind
    self.sentence = sentence
  }

  package static func transient(_ sentence: String) -> StepFailure { .init(.transient, sentence) }
  package static func permanent(_ sentence: String) -> StepFailure { .init(.permanent, sentence) }
}
