package import Voicemail

/// What happened to a message of late, in facts that name nobody.
package struct RecentMessage: Sendable, Codable, Equatable {
  package var id: String
  package var state: JobState
  package var receivedMS: Int64
  package var finishedMS: Int64?
  package var sizeBytes: Int64
  package var form: DeliveryForm
  package var result: ResultFacts?
  /// For those who have them logged too.
  package var recipients: [String]
}

/// Deliveries of a minute.
package struct DeliveredMinute: Sendable, Equatable {
  /// Since 1970.
  package var minute: Int64
  package var messages: Int
  package var withoutTranscript: Int
  package var longestMS: Int64
}

extension JobStore {
  /// The newest messages, the newest first.
  package func recent(limit: Int) throws(SpoolError) -> [RecentMessage] {
    try commits.perform { connection throws(SpoolError) in
      // Ids grow with time.
      var messages = try connection.query(
        """
        SELECT id, state, received_ms, finished_ms, size_bytes, form, result FROM message
        ORDER BY id DESC LIMIT ?
        """, .integer(Int64(limit))
      ) { row in
        RecentMessage(
          id: row.text(0) ?? "", state: JobState(rawValue: row.text(1) ?? "") ?? .held,
          receivedMS: row.integer(2), finishedMS: row.isNull(3) ? nil : row.integer(3),
          sizeBytes: row.integer(4), form: DeliveryForm(rawValue: row.text(5) ?? "") ?? .original,
          // A result that cannot be read is no reason to show nothing.
          result: row.isNull(6)
            ? nil
            : try? JSONColumn.decode(ResultFacts.self, row.text(6), of: row.text(0) ?? ""),
          recipients: [])
      }
      for index in messages.indices {
        messages[index].recipients = try connection.query(
          "SELECT address FROM recipient WHERE message_id = ? ORDER BY position LIMIT 5",
          .text(messages[index].id)
        ) { $0.text(0) ?? "" }
      }
      return messages
    }
  }

  /// The id of the message with that Message-ID, if it is among the newest.
  package func newest(withMessageID messageID: String) throws(SpoolError) -> String? {
    try commits.perform { connection throws(SpoolError) in
      // No index: of a million messages only the last ones are looked at.
      try connection.query(
        """
        SELECT id FROM (SELECT id, message_id FROM message ORDER BY id DESC LIMIT 1000)
        WHERE message_id = ? LIMIT 1
        """, .text(messageID)
      ) { $0.text(0) ?? "" }.first
    }
  }

  /// Those since then, oldest first; minutes without a delivery are left out.
  package func deliveredMinutes(sinceMS: Int64) throws(SpoolError) -> [DeliveredMinute] {
    try commits.perform { connection throws(SpoolError) in
      try connection.query(
        """
        SELECT minute, messages, without_transcript, longest_ms FROM delivered_in_minute
        WHERE minute >= ? ORDER BY minute
        """, .integer(sinceMS / 60_000)
      ) {
        DeliveredMinute(
          minute: $0.integer(0), messages: Int($0.integer(1)),
          withoutTranscript: Int($0.integer(2)),
          longestMS: $0.integer(3))
      }
    }
  }

  /// Bytes that are left on its disk for who is not root; nil when the disk does not say.
  package func freeBytes() throws(SpoolError) -> Int64? {
    try commits.perform { connection throws(SpoolError) in connection.freeBytes }
  }
}
