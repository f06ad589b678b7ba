package import Voicemail

/// The MTA's answer for one recipient.
package struct RecipientReply: Sendable, Equatable {
  /// Of the recipient (`LeasedJob.positions`).
  package var position: Int
  package var delivered: Bool
  /// Refused in every way there is: nobody asks again until an administrator says so.
  package var isFinal = false
  /// Code and text as the MTA said it.
  package var reply: String

  package init(position: Int, delivered: Bool, reply: String) {
    self.position = position
    self.delivered = delivered
    self.reply = reply
  }
}

/// What a delivery attempt means for the message's remaining recipients.
package enum DeliveryOutcome: Sendable, Equatable {
  /// All recipients have it.
  case done
  /// Again at that time.
  case deferred(untilMS: Int64, reason: String)
  /// Only the administrator can help.
  case held(reason: String)
  /// Of a reply: it will not be sent.
  case givenUp(reason: String)
}

extension JobStore {
  /// The message as received, for a holder whose enhanced form was refused.
  package func original(of lease: Lease) throws(SpoolError) -> [UInt8] {
    try commits.perform { connection throws(SpoolError) in
      try connection.content(of: lease.id, form: .original).bytes
    }
  }

  /// Holds what has waited for the MTA since before that moment, while it cannot even be tried; the ids.
  package func holdExpired(receivedBeforeMS: Int64, reason: String, nowMS: Int64)
    throws(SpoolError) -> [String]
  {
    try commits.perform { connection throws(SpoolError) in
      let ids = try connection.query(
        """
        UPDATE message SET state = 'held', reason = ?
        WHERE stage = 'delivery' AND state IN ('ready', 'deferred') AND form <> 'reply'
          AND received_ms < ?
        RETURNING id
        """, .text(reason), .integer(receivedBeforeMS)
      ) { $0.text(0) ?? "" }
      for id in ids { try connection.event(id, nowMS, "held: \(reason)") }
      return ids
    }
  }

  /// Records recipients that have the message while others are still to get it: whatever comes, none of them
  /// is sent to again. False when the lease was lost.
  package func noteAccepted(
    _ lease: Lease, replies: [RecipientReply], newQueueID: String?, nowMS: Int64
  ) throws(SpoolError) -> Bool {
    try commits.perform { connection throws(SpoolError) in
      guard try connection.holds(lease) else { return false }
      try connection.note(lease.id, replies, newQueueID)
      try connection.event(
        lease.id, nowMS,
        "accepted for \(replies.count) recipients as \(newQueueID ?? "(no queue id in the reply)")")
      return true
    }
  }

  /// Records the MTA's answers. Content is erased in the transaction that records the last recipient's 2xx.
  ///
  /// `form`: what goes out from now on, when an attempt has changed it. `story`: what happened on the way. What it came
  /// to: `done` only if every recipient has the message, whatever the caller says; nil when the lease was lost.
  /// `replyID`: a free id, for the reply to those who have the message while others are still to get it.
  @discardableResult
  package func finishDelivery(
    _ lease: Lease, replies: [RecipientReply], newQueueID: String?, deliveryMS: Int64,
    outcome: DeliveryOutcome, form: DeliveryForm? = nil, story: [String] = [],
    replyID: String? = nil, nowMS: Int64
  ) throws(SpoolError) -> DeliveryOutcome? {
    try commits.perform { connection throws(SpoolError) in
      guard try connection.holds(lease) else { return nil }
      try connection.note(lease.id, replies, newQueueID)
      let outcome = try connection.verified(outcome, of: lease.id, nowMS: nowMS)
      // First: what went out is counted when the state changes.
      if let form {
        try connection.run(
          "UPDATE message SET form = ? WHERE id = ?", .text(form.rawValue), .text(lease.id))
      }
      let end: String
      switch outcome {
      case .done where try connection.replyFollows(lease.id):
        let id = newQueueID ?? "(no queue id in the reply)"
        for line in story + ["delivered as \(id); the transcript follows as a reply"] {
          try connection.event(lease.id, nowMS, line)
        }
        try connection.beginReply(lease.id, nowMS: nowMS)
        return outcome
      case .givenUp(let reason):
        for line in story { try connection.event(lease.id, nowMS, line) }
        try connection.endWithoutReply(lease.id, reason, nowMS: nowMS)
        return outcome
      case .done:
        _ = try connection.finish(
          lease, "state = 'delivered', finished_ms = ?, reason = NULL, delivery_ms = ?",
          .integer(nowMS), .integer(deliveryMS))
        end = "delivered as \(newQueueID ?? "(no queue id in the reply)")"
      case .deferred(let untilMS, let reason):
        _ = try connection.finish(
          lease, "state = 'deferred', due_ms = ?, reason = ?", .integer(untilMS), .text(reason))
        end = "delivery deferred: \(reason)"
      case .held(let reason):
        _ = try connection.finish(lease, "state = 'held', reason = ?", .text(reason))
        end = "held: \(reason)"
      }
      if outcome != .done, let replyID, try connection.replyFollows(lease.id) {
        try connection.beginPartialReply(replyID, to: lease.id, nowMS: nowMS)
      }
      if outcome == .done {
        try connection.run("DELETE FROM content WHERE message_id = ?", .text(lease.id))
        connection.hasErased = true
      }
      for line in story + [end] { try connection.event(lease.id, nowMS, line) }
      return outcome
    }
  }
}

extension Connection {
  /// When those that nobody has answered for are asked again.
  private static let doubtMS: Int64 = 60_000

  /// What an attempt came to by what the spool knows of each recipient.
  fileprivate func verified(_ outcome: DeliveryOutcome, of id: String, nowMS: Int64)
    throws(SpoolError) -> DeliveryOutcome
  {
    guard outcome == .done else { return outcome }
    let without = try query(
      "SELECT refused, reply FROM recipient WHERE message_id = ? AND delivered = 0 ORDER BY refused",
      .text(id)
    ) { (isRefused: $0.integer(0) == 1, reply: $0.text(1)) }
    guard let first = without.first else { return .done }
    guard first.isRefused else {
      return .deferred(
        untilMS: nowMS + Self.doubtMS, reason: "not every recipient has an answer of the MTA")
    }
    let why = "refused for \(without.count) of its recipients: \(first.reply ?? "no reply")"
    return try form(of: id) == .reply ? .givenUp(reason: why) : .held(reason: why)
  }

  fileprivate func replyFollows(_ id: String) throws(SpoolError) -> Bool {
    try !query("SELECT 1 FROM message WHERE id = ? AND reply = 'always'", .text(id)) { _ in true }
      .isEmpty
  }

  /// One message may become several of the MTA's: all their queue ids are kept.
  fileprivate func note(_ id: String, _ replies: [RecipientReply], _ newQueueID: String?)
    throws(SpoolError)
  {
    for reply in replies {
      try run(
        """
        UPDATE recipient SET delivered = ?, refused = ?, reply = ?
        WHERE message_id = ? AND position = ? AND delivered = 0
        """, .integer(reply.delivered ? 1 : 0), .integer(reply.isFinal ? 1 : 0),
        .text(reply.reply), .text(id), .integer(reply.position))
    }
    guard let newQueueID else { return }
    try run(
      "UPDATE message SET new_queue_id = coalesce(new_queue_id || ', ', '') || ? WHERE id = ?",
      .text(newQueueID), .text(id))
  }
}
