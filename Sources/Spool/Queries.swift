package import Voicemail

/// Counts for `status`.
package struct SpoolStatistics: Sendable, Codable, Equatable {
  /// Messages per state; every state has its entry.
  package var messages: [String: Int]
  /// Age of the oldest message that is not delivered.
  package var oldestReceivedMS: Int64?
  /// Of those that go on by themselves: neither held nor failed.
  package var oldestMovingMS: Int64?
  package var deliveredLastHour: Int
  package var deliveredLastDay: Int
  /// Of the last day's, those whose transcript is `failed`, and those that went out as they came.
  package var withoutTranscriptLastDay: Int
  /// Seconds from reception to delivery: the median of the last day's latest 200, the day's longest.
  package var medianSeconds: Double?
  package var longestSeconds: Double?
  /// Of the file, without pages that wait to be used again.
  package var spoolBytes: Int64
  package var paused: [Pause]

  static let medianOf = 200

  /// Messages that are neither delivered nor deleted.
  package var openMessages: Int {
    JobState.allCases.filter(\.isOpen).map { messages[$0.rawValue] ?? 0 }.reduce(0, +)
  }
}

/// One message as `show` prints it: facts, never content.
package struct JobDetails: Sendable, Codable, Equatable {
  package struct RecipientDetails: Sendable, Codable, Equatable {
    package var address: String
    package var delivered: Bool
    package var reply: String?
  }
  package struct Event: Sendable, Codable, Equatable {
    package var atMS: Int64
    package var what: String
  }

  package var id: String
  package var state: JobState
  /// What it is in or waits for; of held and failed ones: where they were.
  package var stage: JobStage
  package var receivedMS: Int64
  package var dueMS: Int64
  package var finishedMS: Int64?
  package var form: DeliveryForm
  package var policy: Policy?
  package var sender: String
  package var recipients: [RecipientDetails]
  package var client: ClientFacts?
  package var newQueueID: String?
  package var messageID: String?
  package var sizeBytes: Int64
  package var voicemail: VoicemailFacts?
  package var result: ResultFacts?
  package var deliveryMS: Int64?
  package var workerAttempts: Int
  package var deliveryAttempts: Int
  package var leaseHolder: String?
  package var reason: String?
  package var heldBy: String?
  package var events: [Event]
  /// Those of policy, client, voicemail and result that cannot be read any more.
  package var damaged: [String]
}

extension JobStore {
  package func statistics(nowMS: Int64) throws(SpoolError) -> SpoolStatistics {
    try commits.perform { connection throws(SpoolError) in
      var messages = Dictionary(uniqueKeysWithValues: JobState.allCases.map { ($0.rawValue, 0) })
      let counts = try connection.query("SELECT state, messages FROM tally") {
        (state: $0.text(0) ?? "", count: Int($0.integer(1)))
      }
      for row in counts { messages[row.state] = row.count }
      var oldest: Int64?
      var oldestMoving: Int64?
      for state in JobState.allCases where state.isOpen {
        let first =
          try connection.query(
            "SELECT min(received_ms) FROM message WHERE state = ?", .text(state.rawValue)
          ) { $0.isNull(0) ? nil : $0.integer(0) }.first ?? nil
        oldest = [oldest, first].compactMap(\.self).min()
        guard ![.held, .failed].contains(state) else { continue }
        oldestMoving = [oldestMoving, first].compactMap(\.self).min()
      }
      let day = try connection.query(
        """
        SELECT minute, messages, without_transcript, longest_ms FROM delivered_in_minute
        WHERE minute > ?
        """, .integer((nowMS - 86_400_000) / 60_000)
      ) { row in
        (
          minute: row.integer(0), count: Int(row.integer(1)), without: Int(row.integer(2)),
          longest: row.integer(3)
        )
      }
      let hour = (nowMS - 3_600_000) / 60_000
      let seconds = try connection.query(
        """
        SELECT finished_ms - received_ms FROM message WHERE finished_ms > ? AND delivery_ms IS NOT NULL
        ORDER BY finished_ms DESC LIMIT \(SpoolStatistics.medianOf)
        """, .integer(nowMS - 86_400_000)
      ) { Double($0.integer(0)) / 1_000 }.sorted()
      return SpoolStatistics(
        messages: messages, oldestReceivedMS: oldest, oldestMovingMS: oldestMoving,
        deliveredLastHour: day.filter { $0.minute > hour }.map(\.count).reduce(0, +),
        deliveredLastDay: day.map(\.count).reduce(0, +),
        withoutTranscriptLastDay: day.map(\.without).reduce(0, +),
        medianSeconds: seconds.isEmpty ? nil : seconds[seconds.count / 2],
        longestSeconds: day.map(\.longest).max().map { Double($0) / 1_000 },
        spoolBytes: try connection.usedBytes(), paused: try connection.pauses())
    }
  }

  /// The message with that id, or the only one whose id begins so; several matches are all named.
  package func find(_ prefix: String) throws(SpoolError) -> [String] {
    try commits.perform { connection throws(SpoolError) in
      // A prefix range rather than LIKE: no wildcard in the argument means anything.
      try connection.query(
        "SELECT id FROM message WHERE id >= ? AND id < ? ORDER BY id LIMIT 20", .text(prefix),
        .text(prefix + "\u{7f}")
      ) { $0.text(0) ?? "" }
    }
  }

  /// Which of its caller's messages since that moment this one is, from 1; nil: they are not counted.
  package func callNumber(of id: String, sinceMS: Int64) throws(SpoolError) -> Int? {
    try commits.perform { connection throws(SpoolError) in
      // Parts of a message divided by policy came at one moment.
      try connection.query(
        """
        SELECT count(DISTINCT other.received_ms) FROM message AS own
        JOIN message AS other ON other.caller = own.caller
          AND other.received_ms BETWEEN ? AND own.received_ms
        WHERE own.id = ? AND own.caller IS NOT NULL
        """, .integer(sinceMS), .text(id)
      ) { Int($0.integer(0)) }.first.flatMap { $0 > 0 ? $0 : nil }
    }
  }

  package func details(_ id: String) throws(SpoolError) -> JobDetails? {
    try commits.perform { connection throws(SpoolError) in
      let recipients = try connection.query(
        "SELECT address, delivered, reply FROM recipient WHERE message_id = ? ORDER BY position",
        .text(id)
      ) {
        JobDetails.RecipientDetails(
          address: $0.text(0) ?? "", delivered: $0.integer(1) == 1, reply: $0.text(2))
      }
      let events = try connection.query(
        "SELECT at_ms, what FROM event WHERE message_id = ? ORDER BY rowid", .text(id)
      ) { JobDetails.Event(atMS: $0.integer(0), what: $0.text(1) ?? "") }
      let rows = try connection.query(
        """
        SELECT state, received_ms, due_ms, finished_ms, form, sender, client, new_queue_id,
          message_id, size_bytes, voicemail, result, delivery_ms, worker_attempts,
          delivery_attempts, lease_holder, reason, held_by, stage, policy
        FROM message WHERE id = ?
        """, .text(id)
      ) { row in
        var damaged: [String] = []
        // A message that has failed for it must be seen, and can be deleted.
        func facts<T: Decodable>(_ type: T.Type, _ name: String, _ column: Int32) -> T? {
          let facts = try? JSONColumn.decode(type, row.text(column), of: id)
          if facts == nil { damaged.append(name) }
          return facts
        }
        let policy = row.isNull(19) ? Policy.builtIn : facts(Policy.self, "policy", 19)
        let client = facts(ClientFacts.self, "client", 6)
        let voicemail = facts(VoicemailFacts.self, "voicemail", 10)
        let result = row.isNull(11) ? nil : facts(ResultFacts.self, "result", 11)
        return JobDetails(
          id: id, state: JobState(rawValue: row.text(0) ?? "") ?? .held,
          stage: JobStage(rawValue: row.text(18) ?? "") ?? .delivery,
          receivedMS: row.integer(1), dueMS: row.integer(2),
          finishedMS: row.isNull(3) ? nil : row.integer(3),
          form: DeliveryForm(rawValue: row.text(4) ?? "") ?? .original, policy: policy,
          sender: row.text(5) ?? "", recipients: recipients, client: client,
          newQueueID: row.text(7), messageID: row.text(8), sizeBytes: row.integer(9),
          voicemail: voicemail, result: result,
          deliveryMS: row.isNull(12) ? nil : row.integer(12),
          workerAttempts: Int(row.integer(13)), deliveryAttempts: Int(row.integer(14)),
          leaseHolder: row.text(15), reason: row.text(16), heldBy: row.text(17), events: events,
          damaged: damaged)
      }
      return rows.first
    }
  }
}
