/// The evidence a rule found.
package struct RuleMatch: Sendable, Equatable {
  /// Where the evidence stands. A mail program keeps a part's fields when a person forwards a
  /// recording, but not the header section of the message it came in.
  package enum Place: Sendable, Equatable {
    case headerSection
    case part
  }

  /// The lines of the rule that hold: `header Message-ID`.
  package var evidence: String
  package var place: Place
  package var caller: Caller
  package var mailbox: String?
  /// As the PBX says it; the recording may be longer or shorter.
  package var statedSeconds: Int?
  package var isUrgent: Bool

  package init(
    evidence: String, place: Place, caller: Caller = Caller(), mailbox: String? = nil,
    statedSeconds: Int? = nil, isUrgent: Bool = false
  ) {
    self.evidence = evidence
    self.place = place
    self.caller = caller
    self.mailbox = mailbox
    self.statedSeconds = statedSeconds
    self.isUrgent = isUrgent
  }
}
