package import Voicemail

/// Which messages `list` shows.
package struct ListFilter: Sendable {
  /// Empty: all that are still in the spool.
  package var states: [JobState]
  /// Part of an address, in any case of letters.
  package var recipient: String?
  package var receivedBeforeMS: Int64?

  package init(states: [JobState] = [], recipient: String? = nil, receivedBeforeMS: Int64? = nil) {
    self.states = states
    self.recipient = recipient
    self.receivedBeforeMS = receivedBeforeMS
  }

  /// A page of the messages behind that id. The `+` keeps SQLite from entering the index of states, which would read
  /// and sort all of a state for each page.
  func query(after id: String, limit: Int) -> (sql: String, values: [SQLValue]) {
    var conditions = ["id > ?"]
    var values: [SQLValue] = [.text(id)]
    // As the partial index has it.
    if states.allSatisfy(\.isOpen) { conditions.append("state NOT IN ('delivered', 'deleted')") }
    if !states.isEmpty {
      conditions.append("+state IN (\(states.map { _ in "?" }.joined(separator: ", ")))")
      values += states.map { .text($0.rawValue) }
    }
    if let recipient {
      conditions.append(
        """
        EXISTS (SELECT 1 FROM recipient
          WHERE message_id = message.id AND instr(lower(address), ?) > 0)
        """)
      values.append(.text(recipient.lowercased()))
    }
    if let receivedBeforeMS {
      conditions.append("received_ms < ?")
      values.append(.integer(receivedBeforeMS))
    }
    values.append(.integer(limit))
    let sql = """
      SELECT id, state, received_ms, due_ms, size_bytes, form, sender, queue_id, new_queue_id,
        delivery_attempts, reason, held_by, policy
      FROM message WHERE \(conditions.joined(separator: " AND ")) ORDER BY id LIMIT ?
      """
    return (sql, values)
  }
}

/// One message as `list` prints it.
package struct JobSummary: Sendable, Codable, Equatable {
  package struct Recipient: Sendable, Codable, Equatable {
    package var address: String
    package var delivered: Bool
  }

  package var id: String
  package var state: JobState
  package var receivedMS: Int64
  package var dueMS: Int64
  package var sizeBytes: Int64
  package var form: DeliveryForm
  /// The name of its policy, and how that has it travel; nil: it cannot be read.
  package var policy: String?
  package var mode: Policy.Mode?
  package var sender: String
  package var recipients: [Recipient]
  package var queueID: String?
  package var newQueueID: String?
  package var deliveryAttempts: Int
  package var reason: String?
  package var heldBy: String?

  /// Absent values are written as null, so that every line has the same keys.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(id, forKey: .id)
    try values.encode(state, forKey: .state)
    try values.encode(receivedMS, forKey: .receivedMS)
    try values.encode(dueMS, forKey: .dueMS)
    try values.encode(sizeBytes, forKey: .sizeBytes)
    try values.encode(form, forKey: .form)
    try values.encode(policy, forKey: .policy)
    try values.encode(mode, forKey: .mode)
    try values.encode(sender, forKey: .sender)
    try values.encode(recipients, forKey: .recipients)
    try values.encode(queueID, forKey: .queueID)
    try values.encode(newQueueID, forKey: .newQueueID)
    try values.encode(deliveryAttempts, forKey: .deliveryAttempts)
    try values.encode(reason, forKey: .reason)
    try values.encode(heldBy, forKey: .heldBy)
  }
}

extension JobStore {
  /// The messages behind that id, oldest first, no more than `limit`.
  package func list(_ filter: ListFilter, after id: String, limit: Int) throws(SpoolError)
    -> [JobSummary]
  {
    let (sql, values) = filter.query(after: id, limit: limit)
    return try commits.perform { [values] connection throws(SpoolError) in
      var jobs = try connection.query(sql, list: values) { row in
        let policy = try? JSONColumn.policy(row.text(12), of: row.text(0) ?? "")
        return JobSummary(
          id: row.text(0) ?? "", state: JobState(rawValue: row.text(1) ?? "") ?? .held,
          receivedMS: row.integer(2), dueMS: row.integer(3), sizeBytes: row.integer(4),
          form: DeliveryForm(rawValue: row.text(5) ?? "") ?? .original,
          policy: policy?.name, mode: policy?.mode, sender: row.text(6) ?? "",
          recipients: [], queueID: row.text(7), newQueueID: row.text(8),
          deliveryAttempts: Int(row.integer(9)), reason: row.text(10), heldBy: row.text(11))
      }
      for index in jobs.indices {
        jobs[index].recipients = try connection.query(
          "SELECT address, delivered FROM recipient WHERE message_id = ? ORDER BY position",
          .text(jobs[index].id)
        ) { JobSummary.Recipient(address: $0.text(0) ?? "", delivered: $0.integer(1) == 1) }
      }
      return jobs
    }
  }
}
