package import Voicemail

/// The MTA's answer for one recipient.
package struct RecipientReply: Sendable, Equatable {
  package var address: String
  package var delivered: Bool
  /// Code and text as the MTA said it.
  package var reply: String

  package init(address: String, delivered: Bool, reply: String) {
    self.address = address
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
  /// The enhanced message was refused: the original goes out at once.
  case fallBack(reason: String)
  /// Only the administrator can help.
  case held(reason: String)
}

extension JobStore {
  /// Records the MTA's answers. Content is erased in the transaction that records the last recipient's 2xx.
  @discardableResult
  package func finishDelivery(
    _ lease: Lease, replies: [RecipientReply], newQueueID: String?, deliveryMS: Int64,
    outcome: DeliveryOutcome, nowMS: Int64
  ) throws(SpoolError) -> Bool {
    try commits.perform { connection throws(SpoolError) in
      let held: Bool
      let story: String
      switch outcome {
      case .done:
        held = try connection.finish(
          lease, "state = 'delivered', finished_ms = ?, reason = NULL, delivery_ms = ?",
          .integer(nowMS), .integer(deliveryMS))
        story = "delivered as \(newQueueID ?? "(no queue id in the reply)")"
      case .deferred(let untilMS, let reason):
        held = try connection.finish(
          lease, "state = 'deferred', due_ms = ?, reason = ?", .integer(untilMS), .text(reason))
        story = "delivery deferred: \(reason)"
      case .fallBack(let reason):
        held = try connection.finish(
          lease, "state = 'ready', form = 'original', due_ms = ?, reason = ?", .integer(nowMS),
          .text(reason))
        story = "enhanced message refused, the original goes out: \(reason)"
      case .held(let reason):
        held = try connection.finish(lease, "state = 'held', reason = ?", .text(reason))
        story = "held: \(reason)"
      }
      guard held else { return false }
      for reply in replies {
        try connection.run(
          """
          UPDATE recipient SET delivered = ?, reply = ?
          WHERE message_id = ? AND address = ? AND delivered = 0
          """, .integer(reply.delivered ? 1 : 0), .text(reply.reply), .text(lease.id),
          .text(reply.address))
      }
      if let newQueueID {
        try connection.run(
          "UPDATE message SET new_queue_id = ? WHERE id = ?", .text(newQueueID), .text(lease.id))
      }
      if outcome == .done {
        try connection.run("DELETE FROM content WHERE message_id = ?", .text(lease.id))
        connection.hasErased = true
      }
      try connection.event(lease.id, nowMS, story)
      return true
    }
  }
}
