/// What becomes of a voicemail at reception, by the policies of its recipients.
///
/// Where nobody's message waits, the MTA keeps it: what is not taken over can be neither lost nor doubled nor changed.
/// Where some wait and others do not, all of it is taken over and divided, and each recipient stands in one part.
package enum ReceptionPlan: Sendable, Equatable {
  case pass(reason: String)
  /// The MTA keeps the message; the transcript follows in these replies.
  case passAndReply([Part])
  case take([Part])

  package struct Part: Sendable, Equatable {
    package var policy: Policy
    package var recipients: [Recipient]
    package var start: NewJob.Start
  }

  /// `canPass`: whether the message can go on from here as it is.
  package init(
    _ groups: [(policy: Policy, recipients: [Recipient])], _ voicemail: VoicemailFacts,
    canPass: Bool
  ) {
    var reasons: [String] = []
    let groups = groups.map { policy, recipients in
      var policy = policy
      if let objection = Self.objection(policy, voicemail) {
        policy.mode = .off
        reasons.append(objection)
      }
      return (policy: policy, recipients: recipients)
    }
    let doesWait = groups.contains { $0.policy.mode == .hold || $0.policy.mode == .headers }
    let doesReply = groups.contains { $0.policy.mode.repliesLater }
    if !doesWait, !doesReply {
      self = .pass(reason: reasons.first ?? "nobody wants it")
    } else if !doesWait, canPass {
      self = .passAndReply(
        groups.filter { $0.policy.mode.repliesLater }.map {
          Part(policy: $0.policy, recipients: $0.recipients, start: .reply)
        })
    } else {
      self = .take(
        groups.map { policy, recipients in
          let start: NewJob.Start =
            switch policy.mode {
            case .hold, .headers: .message
            case .originalFirst, .companion: .original(replyFollows: true)
            case .off: .original(replyFollows: false)
            }
          return Part(policy: policy, recipients: recipients, start: start)
        })
    }
  }

  /// Why the message passes as it is to those who have that policy; nil: it is taken over, or a reply follows.
  package static func objection(_ policy: Policy, _ voicemail: VoicemailFacts) -> String? {
    if policy.mode == .off { return "policy \(policy.name) is off" }
    guard !policy.mode.leavesBodyAlone else { return nil }
    return voicemail.protection ?? (policy.takesPrivate ? nil : voicemail.privacy)
  }
}
