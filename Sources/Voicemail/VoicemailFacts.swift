/// Who called, as the PBX tells it. Never taken from the transcript.
package struct Caller: Sendable, Codable, Equatable {
  /// As sent: digits, `+44...`, an extension; nil when withheld.
  package var number: String?
  package var name: String?

  package init(number: String? = nil, name: String? = nil) {
    self.number = number
    self.name = name
  }
}

/// What a recognised voicemail notification says about the call.
package struct VoicemailFacts: Sendable, Codable, Equatable {
  /// Name of the rule that recognised it.
  package var rule: String
  /// What decided, in words.
  package var reason: String
  package var caller: Caller
  package var mailbox: String?
  /// The recordings' length as the PBX says it.
  package var statedSeconds: Int?
  package var isUrgent: Bool
  /// `MessageFacts.parts` indices of the recordings, in order.
  package var audioParts: [Int]

  package init(
    rule: String, reason: String, caller: Caller = Caller(), mailbox: String? = nil,
    statedSeconds: Int? = nil, isUrgent: Bool = false, audioParts: [Int] = []
  ) {
    self.rule = rule
    self.reason = reason
    self.caller = caller
    self.mailbox = mailbox
    self.statedSeconds = statedSeconds
    self.isUrgent = isUrgent
    self.audioParts = audioParts
  }
}

/// The answer of recognition: a voicemail with its facts, or ordinary mail with the reason.
package enum Verdict: Sendable, Equatable {
  case voicemail(VoicemailFacts)
  case pass(reason: String)
}
