package import Voicemail

extension JobStore {
  /// Leases the message that has waited longest for a transcript; nil when none is due.
  package func leaseForTranscription(holder: String, nowMS: Int64) throws(SpoolError)
    -> LeasedJob?
  {
    try lease(for: .transcription, holder: holder, nowMS: nowMS)
  }

  /// Leases the message whose delivery is most overdue; nil when none is due.
  package func leaseForDelivery(holder: String, nowMS: Int64) throws(SpoolError) -> LeasedJob? {
    try lease(for: .delivery, holder: holder, nowMS: nowMS)
  }

  private func lease(for stage: JobStage, holder: String, nowMS: Int64) throws(SpoolError)
    -> LeasedJob?
  {
    // Told of a failure, the holder takes another; nobody would work on this one.
    let undo: CommitQueue.Change = { connection throws(SpoolError) in
      try connection.takeBack(from: holder, nowMS: nowMS)
    }
    let found = try commits.perform(undo: undo) { connection throws(SpoolError) in
      try connection.lease(for: stage, holder: holder, nowMS: nowMS)
    }
    for failure in found.unreadable { notify(failure) }
    return found.job
  }

  /// When the next message falls due for that stage; nil when nothing waits or the stage is paused.
  package func nextDueMS(delivery: Bool) throws(SpoolError) -> Int64? {
    let stage = delivery ? JobStage.delivery : .transcription
    return try commits.perform { connection throws(SpoolError) in
      guard try !connection.isPaused(stage) else { return nil }
      return try connection.query(
        Connection.firstDue, .text(stage.rawValue)
      ) { $0.integer(0) }.first
    }
  }

  /// The next deadline of those that wait without a transcript; nil when there are none.
  package func nextDeadlineMS() throws(SpoolError) -> Int64? {
    try commits.perform { connection throws(SpoolError) in
      try connection.query(
        Connection.nextDeadline
      ) { $0.integer(0) }.first
    }
  }
}

extension Connection {
  // Word for word what the partial indexes of schema.sql say, else SQLite does not use them.
  static let isWaiting = "state IN ('waiting', 'ready', 'deferred')"
  static let isUntranscribed = "stage = 'transcription' AND state IN ('waiting', 'deferred')"

  static let deadlineFrom = "coalesce(deadline_from_ms, received_ms)"
  /// A deadline counts from now at the latest, whatever the clock said at reception. Takes now, twice.
  static let noLaterDeadline =
    "deadline_from_ms = iif(\(deadlineFrom) > ?, ?, deadline_from_ms)"
  static let deadline = "\(deadlineFrom) + allowed_ms"
  // Left to itself SQLite enters another index, and reads all that are deferred.
  static let nextDeadline = """
    SELECT \(deadline) FROM message INDEXED BY message_untranscribed WHERE \(isUntranscribed)
    ORDER BY \(deadline) LIMIT 1
    """
  static let farAhead = """
    SELECT id FROM message INDEXED BY message_due
    WHERE stage IN ('transcription', 'delivery') AND \(isWaiting) AND due_ms > ?
    """
  /// Of those that are never put off.
  static let ahead = """
    SELECT id FROM message INDEXED BY message_due
    WHERE stage IN ('transcription', 'delivery') AND \(isWaiting) AND due_ms > ?
      AND state <> 'deferred'
    """
  static let firstDue = """
    SELECT due_ms FROM message INDEXED BY message_due WHERE stage = ? AND \(isWaiting)
    ORDER BY due_ms LIMIT 1
    """

  fileprivate struct Found: Sendable {
    var job: LeasedJob?
    var unreadable: [SpoolNotice] = []
  }

  /// One statement chooses and marks the message, so that two holders never get the same one.
  fileprivate func lease(for stage: JobStage, holder: String, nowMS: Int64) throws(SpoolError)
    -> Found
  {
    guard try !isPaused(stage) else { return Found() }
    var unreadable: [SpoolNotice] = []
    while let found = try mark(stage, holder: holder, nowMS: nowMS) {
      do throws(SpoolError) {
        let found = stage == .delivery ? try fallingBack(found, nowMS) : found
        let job = try job(found, reading: stage == .transcription ? .original : found.form)
        try event(found.id, nowMS, "\(stage.rawValue), attempt \(found.attempt): \(holder)")
        return Found(job: job, unreadable: unreadable)
      } catch {
        guard error.isUnreadable else { throw error }
        // A message that cannot be read must not stand before all others for ever.
        try run(
          "UPDATE message SET state = 'failed', lease_holder = NULL, reason = ? WHERE id = ?",
          .text(error.sentence), .text(found.id))
        try event(found.id, nowMS, "failed: \(error.sentence)")
        unreadable.append(.unreadable(id: found.id, reason: error.sentence))
      }
    }
    return Found(unreadable: unreadable)
  }

  static let nextDue = """
    SELECT id FROM message INDEXED BY message_due
    WHERE stage = ? AND \(isWaiting) AND due_ms <= ?
    ORDER BY due_ms LIMIT 1
    """

  private struct Marked {
    var id: String
    var token: Int64
    var receivedMS: Int64
    var deadlineFromMS: Int64
    var sizeBytes: Int64
    var sender: String
    var senderParameters: String?
    var client: String?
    var messageID: String?
    var voicemail: String?
    var policy: String?
    var allowedMS: Int64
    var attempt: Int
    var form: DeliveryForm
    var engine: String?
  }

  private func mark(_ stage: JobStage, holder: String, nowMS: Int64) throws(SpoolError)
    -> Marked?
  {
    let isDelivery = stage == .delivery
    let state = isDelivery ? JobState.delivering : .transcribing
    let attempts = isDelivery ? "delivery_attempts" : "worker_attempts"
    return try query(
      """
      UPDATE message SET state = '\(state.rawValue)', lease_token = lease_token + 1,
        lease_holder = ?, \(attempts) = \(attempts) + 1
      WHERE id = (\(Self.nextDue))
      RETURNING id, lease_token, received_ms, sender, sender_parameters, client, message_id,
        voicemail, \(attempts), form, size_bytes, \(Self.deadlineFrom), policy, allowed_ms,
        engine
      """, .text(holder), .text(stage.rawValue), .integer(nowMS)
    ) { row in
      Marked(
        id: row.text(0) ?? "", token: row.integer(1), receivedMS: row.integer(2),
        deadlineFromMS: row.integer(11), sizeBytes: row.integer(10), sender: row.text(3) ?? "",
        senderParameters: row.text(4),
        client: row.text(5), messageID: row.text(6), voicemail: row.text(7), policy: row.text(12),
        allowedMS: row.integer(13),
        attempt: Int(row.integer(8)), form: DeliveryForm(rawValue: row.text(9) ?? "") ?? .original,
        engine: row.text(14))
    }.first
  }

  static let fallsBack =
    "its enhanced form cannot be read whole any more; the original goes out"

  /// An enhanced form that is not whole is given up for the original.
  private func fallingBack(_ found: Marked, _ nowMS: Int64) throws(SpoolError) -> Marked {
    guard found.form == .enhanced,
      try !ContentChunks.areWhole(chunks(of: found.id, form: .enhanced))
    else { return found }
    var found = found
    found.form = .original
    try run("UPDATE message SET form = 'original' WHERE id = ?", .text(found.id))
    try event(found.id, nowMS, Self.fallsBack)
    return found
  }

  private func job(_ found: Marked, reading form: DeliveryForm) throws(SpoolError) -> LeasedJob {
    let (content, isWhole) = try content(of: found.id, form: form)
    guard form == .original ? content.count == found.sizeBytes : isWhole else {
      throw SpoolError(
        code: SpoolError.unreadable,
        "spool: message \(found.id): \(content.count) bytes of its \(form.rawValue) form are there, "
          + "of \(found.sizeBytes) received")
    }
    let waiting = try waitingRecipients(of: found.id)
    return LeasedJob(
      lease: Lease(id: found.id, token: found.token), receivedMS: found.receivedMS,
      deadlineFromMS: found.deadlineFromMS, allowedMS: found.allowedMS,
      envelope: Envelope(
        sender: found.sender,
        senderParameters: try JSONColumn.decode(
          [String].self, found.senderParameters, of: found.id),
        recipients: waiting.map(\.recipient)),
      positions: waiting.map(\.position),
      client: try JSONColumn.decode(ClientFacts.self, found.client, of: found.id),
      messageID: found.messageID,
      voicemail: try JSONColumn.decode(VoicemailFacts.self, found.voicemail, of: found.id),
      policy: try JSONColumn.policy(found.policy, of: found.id),
      attempt: found.attempt, engine: found.engine, form: found.form, content: content)
  }

  private func waitingRecipients(of id: String) throws(SpoolError) -> [(
    position: Int, recipient: Recipient
  )] {
    let rows = try query(
      """
      SELECT address, parameters, position FROM recipient
      WHERE message_id = ? AND delivered = 0 AND refused = 0
      ORDER BY position
      """, .text(id)
    ) { (address: $0.text(0) ?? "", parameters: $0.text(1), position: Int($0.integer(2))) }
    var recipients: [(position: Int, recipient: Recipient)] = []
    for row in rows {
      let parameters = try JSONColumn.decode([String].self, row.parameters, of: id)
      recipients.append(
        (row.position, Recipient(address: row.address, parameters: parameters)))
    }
    return recipients
  }

  /// Changes a leased message if the lease still holds; false for a late holder.
  func finish(_ lease: Lease, _ assignments: String, _ values: SQLValue...) throws(SpoolError)
    -> Bool
  {
    guard try holds(lease) else { return false }
    try change(lease.id, assignments + ", lease_holder = NULL", values)
    return true
  }

  func holds(_ lease: Lease) throws(SpoolError) -> Bool {
    try !query(
      "SELECT 1 FROM message WHERE id = ? AND lease_token = ? AND lease_holder IS NOT NULL",
      .text(lease.id), .integer(lease.token)
    ) { _ in true }.isEmpty
  }

  private func change(_ id: String, _ assignments: String, _ values: [SQLValue])
    throws(SpoolError)
  {
    try run("UPDATE message SET \(assignments) WHERE id = ?", list: values + [.text(id)])
  }
}
