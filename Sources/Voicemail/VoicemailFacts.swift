/// Who called, as the PBX tells it. Never taken from the transcript.
package struct Caller: Sendable, Codable, Equatable {
  /// As sent: digits, `+44...`, an extension; nil when withheld.
  package var number: String?
  /// The number in international form, `+4930123456`; nil when it is none or `[recognition] country` is not told.
  package var e164: String?
  package var name: String?

  package init(number: String? = nil, e164: String? = nil, name: String? = nil) {
    self.number = number
    self.e164 = e164
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
  /// When the call was, as the PBX writes it in its own words; nil: the Date field tells.
  package var time: String?
  /// The recordings' length as the PBX says it; `LengthDifference` compares it with their own.
  package var statedSeconds: Int?
  package var isUrgent: Bool
  /// `MessageFacts.parts` indices of the recordings, in order.
  package var audioParts: [Int]
  /// Which of the caller's messages to this mailbox it is today; nil: not counted.
  package var callsToday: Int?
  /// Why its body must not be changed, such as a signature; nil: nothing speaks against it.
  package var protection: String?
  /// What marks it as private, in words; nil: nothing does.
  package var privacy: String?

  package init(
    rule: String, reason: String, caller: Caller = Caller(), mailbox: String? = nil,
    time: String? = nil, statedSeconds: Int? = nil, isUrgent: Bool = false, audioParts: [Int] = []
  ) {
    self.rule = rule
    self.reason = reason
    self.caller = caller
    self.mailbox = mailbox
    self.time = time
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
