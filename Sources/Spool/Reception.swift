package import Voicemail

extension JobStore {
  /// How long a voicemail is remembered after reception.
  static let memoryMS: Int64 = 14 * 86_400_000

  /// Takes a voicemail over. When this returns true, it is on disk and the MTA may be told; false:
  /// it has been taken over before, and nothing is changed.
  ///
  /// After an error the MTA may be told that we do not have it.
  @discardableResult
  package func accept(_ job: NewJob, within limits: SpoolLimits = .init()) throws(SpoolError)
    -> Bool
  {
    let undo: CommitQueue.Change = {
      [id = job.id, fingerprint = job.fingerprint] connection
        throws(SpoolError) in
      try connection.run("DELETE FROM message WHERE id = ?", .text(id))
      guard let fingerprint else { return }
      try connection.run("DELETE FROM seen WHERE fingerprint = ?", .blob(fingerprint[...]))
    }
    // Before the transaction, which others wait for.
    let senderParameters = try JSONColumn.encode(job.envelope.senderParameters)
    let client = try JSONColumn.encode(job.client)
    let voicemail = try JSONColumn.encode(job.voicemail)
    var recipients: [(address: String, parameters: SQLValue)] = []
    for recipient in job.envelope.recipients {
      recipients.append((recipient.address, try JSONColumn.encode(recipient.parameters)))
    }
    Failpoint.pass("reception before begin")
    return try commits.perform(undo: undo) { [recipients] connection throws(SpoolError) in
      if let trouble = connection.noReception { throw trouble }
      try connection.requireRoom(for: job.content.count, limits)
      guard try connection.remember(job, forMS: Self.memoryMS) else { return false }
      try connection.run(
        """
        INSERT INTO message (id, state, received_ms, due_ms, sender, sender_parameters, client,
          queue_id, message_id, voicemail, size_bytes)
        VALUES (?, 'waiting', ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        .text(job.id), .integer(job.receivedMS), .integer(job.receivedMS),
        .text(job.envelope.sender), senderParameters, client, .optional(job.client.queueID),
        .optional(job.messageID), voicemail,
        .integer(job.content.count))
      for (position, recipient) in recipients.enumerated() {
        try connection.run(
          "INSERT INTO recipient (message_id, position, address, parameters) VALUES (?, ?, ?, ?)",
          .text(job.id), .integer(position), .text(recipient.address),
          recipient.parameters)
      }
      try connection.store(job.content, of: job.id, as: .original)
      Failpoint.pass("reception after content")
      try connection.event(
        job.id, job.receivedMS, "received by rule \(job.voicemail.rule): \(job.voicemail.reason)")
      return true
    }
  }
}

extension Connection {
  /// False when the message is remembered already.
  fileprivate func remember(_ job: NewJob, forMS span: Int64) throws(SpoolError) -> Bool {
    guard let fingerprint = job.fingerprint else { return true }
    return try run(
      """
      INSERT INTO seen (fingerprint, at_ms) VALUES (?, ?)
      ON CONFLICT (fingerprint) DO UPDATE SET at_ms = excluded.at_ms WHERE at_ms < ?
      """, .blob(fingerprint[...]), .integer(job.receivedMS), .integer(job.receivedMS - span)) == 1
  }
}
