/// All policies, in the order they are asked: for each recipient the first whose conditions hold.
package struct Policies: Sendable {
  package var rules: [PolicyRule]

  package init(rules: [PolicyRule] = []) { self.rules = rules }

  /// How a policy was found, for an administrator who asks why.
  package struct Choice: Sendable, Equatable {
    package var recipient: String
    package var policy: Policy
    /// The conditions that hold, or why there are none.
    package var reason: String

    package init(recipient: String, policy: Policy, reason: String) {
      (self.recipient, self.policy, self.reason) = (recipient, policy, reason)
    }
  }

  /// Whether mail that must not be changed is of interest to any.
  package var wantSignedMail: Bool { rules.contains { $0.policy.mode.leavesBodyAlone } }
  package var wantPrivateMail: Bool {
    wantSignedMail || rules.contains(where: \.policy.takesPrivate)
  }

  /// The policy for one recipient, whose address may be empty when it is not known.
  package func choice(_ voicemail: VoicemailFacts, sender: String, recipient: String) -> Choice {
    for rule in rules {
      let steps = rule.steps(voicemail, sender: sender, recipient: recipient)
      guard steps.allSatisfy(\.holds) else { continue }
      let reason = steps.isEmpty ? "for all" : steps.map(\.key).joined(separator: ", ")
      return Choice(recipient: recipient, policy: rule.policy, reason: reason)
    }
    return Choice(
      recipient: recipient, policy: .builtIn,
      reason: rules.isEmpty ? "there is no [policy ...] section" : "no [policy ...] section matches"
    )
  }

  /// The recipients by policy, in the order in which they come up; without recipients one group.
  package func groups(_ voicemail: VoicemailFacts, _ envelope: Envelope)
    -> [(policy: Policy, recipients: [Recipient])]
  {
    guard !rules.isEmpty, !envelope.recipients.isEmpty else {
      let only = choice(voicemail, sender: envelope.sender, recipient: "")
      return [(only.policy, envelope.recipients)]
    }
    var groups: [(policy: Policy, recipients: [Recipient])] = []
    for recipient in envelope.recipients {
      let policy = choice(
        voicemail, sender: envelope.sender, recipient: recipient.address
      ).policy
      if let index = groups.firstIndex(where: { $0.policy == policy }) {
        groups[index].recipients.append(recipient)
      } else {
        groups.append((policy, [recipient]))
      }
    }
    return groups
  }
}
