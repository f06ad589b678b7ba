/// The evidence a rule found.
package struct RuleMatch: Sendable, Equatable {
  /// Where the evidence stands. A mail program keeps subject, text and parts when a person forwards a
  /// recording, but not the other fields of the message it came in.
  package enum Place: Sendable, Equatable {
    case headerSection
    /// In parts, the text or the subject: what a forwarded message still has.
    case content
  }

  /// The lines of the rule that hold: `header Message-ID`.
  package var evidence: String
  package var place: Place
  package var caller: Caller
  package var mailbox: String?
  /// As the PBX says it; the recording may be longer or shorter.
  package var statedSeconds: Int?
  package var isUrgent: Bool
  /// When the call was, as the PBX writes it.
  package var time: String?
  package var isPrivate = false
  /// Whether the phone system has transcribed it already.
  package var hasTranscript = false
  /// By fact (`CallFacts.names`) the line of the rule that gave it: `header Subject`.
  package var origins: [String: String] = [:]

  package init(
    evidence: String, place: Place, caller: Caller = Caller(), mailbox: String? = nil,
    statedSeconds: Int? = nil, isUrgent: Bool = false, time: String? = nil,
    origins: [String: String] = [:]
  ) {
    self.evidence = evidence
    self.place = place
    self.caller = caller
    self.mailbox = mailbox
    self.statedSeconds = statedSeconds
    self.isUrgent = isUrgent
    self.time = time
    self.origins = origins
  }
}
