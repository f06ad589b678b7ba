/// What became of a transaction that ran to its end.
package struct DeliveryResult: Sendable, Equatable {
  /// One result per recipient, in the order of the submission.
  package var recipients: [RecipientResult]
  /// The reply to the final dot, always 2xx; nil when no recipient was accepted and nothing was sent.
  package var reply: SMTPReply?
  /// The queue id that the MTA gave the message, when its reply names one.
  package var queueID: String?
  /// What was left out or refused on the way without harm, one line each, for the log.
  package var remarks: [String]

  /// Every recipient was accepted and the message is the MTA's now.
  package var isComplete: Bool {
    reply != nil && recipients.allSatisfy { $0.outcome == .accepted }
  }
}

/// What the MTA said of one recipient.
package struct RecipientResult: Sendable, Equatable {
  package enum Outcome: String, Sendable {
    /// 2xx to RCPT and, since a result exists, 2xx to the final dot.
    case accepted
    /// 4xx: this recipient is to be tried again.
    case refusedForNow
    /// More recipients than the listener takes at once: in another transaction, now.
    case leftOver
    /// 5xx, or an address that cannot be sent.
    case refused
  }

  package var address: String
  package var outcome: Outcome
  package var reply: SMTPReply

  init(address: String, reply: SMTPReply) {
    self.address = address
    self.reply = reply
    outcome =
      switch reply.code / 100 {
      case 2: .accepted
      case 5: .refused
      default: .refusedForNow
      }
  }

  /// One that was not offered.
  init(leftOver address: String, _ reason: String) {
    self.address = address
    outcome = .leftOver
    reply = SMTPReply(code: 452, lines: ["4.5.3 \(reason)"])
  }

  /// Among recipients that were accepted, "too many" speaks of their number, not of this one.
  func besideAccepted() -> RecipientResult {
    var result = self
    if outcome != .accepted, reply.saysTooManyRecipients { result.outcome = .leftOver }
    return result
  }
}
