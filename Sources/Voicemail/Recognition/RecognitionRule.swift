/// Tells the voicemail notifications of one kind of PBX from other mail.
///
/// A rule looks for evidence only. Whether the client is trusted, whether a trap speaks against it and
/// which parts are recordings is the same for all rules and decided in `Recognition`.
package protocol RecognitionRule: Sendable {
  /// Short and stable: `asterisk`.
  var name: String { get }
  /// What the message says for this rule; nil when it says nothing.
  func match(_ message: MessageFacts, _ envelope: Envelope) -> RuleMatch?
}

/// The evidence a rule found.
package struct RuleMatch: Sendable, Equatable {
  /// Where the evidence stands. A mail program keeps a part's fields when a person forwards a
  /// recording, but not the header section of the message it came in.
  package enum Place: Sendable, Equatable {
    case headerSection
    case part
  }

  /// In words: `Asterisk message id`.
  package var evidence: String
  package var place: Place
  package var caller: Caller
  package var mailbox: String?

  package init(
    evidence: String, place: Place, caller: Caller = Caller(), mailbox: String? = nil
  ) {
    self.evidence = evidence
    self.place = place
    self.caller = caller
    self.mailbox = mailbox
  }
}
