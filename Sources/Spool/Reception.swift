package import Voicemail

extension JobStore {
  /// Takes a voicemail over. When this returns, it is on disk and the MTA may be told.
  package func accept(_ job: NewJob) throws(SpoolError) {
    try commits.perform { connection throws(SpoolError) in
      try connection.run(
        """
        INSERT INTO message (id, state, received_ms, due_ms, sender, sender_parameters, client,
          queue_id, message_id, voicemail, size_bytes)
        VALUES (?, 'waiting', ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        .text(job.id), .integer(job.receivedMS), .integer(job.receivedMS),
        .text(job.envelope.sender), try JSONColumn.encode(job.envelope.senderParameters),
        try JSONColumn.encode(job.client), .optional(job.client.queueID),
        .optional(job.messageID), try JSONColumn.encode(job.voicemail),
        .integer(job.content.count))
      for (position, recipient) in job.envelope.recipients.enumerated() {
        try connection.run(
          "INSERT INTO recipient (message_id, position, address, parameters) VALUES (?, ?, ?, ?)",
          .text(job.id), .integer(position), .text(recipient.address),
          try JSONColumn.encode(recipient.parameters))
      }
      try connection.store(job.content, of: job.id, as: .original)
      try connection.event(
        job.id, job.receivedMS, "received by rule \(job.voicemail.rule): \(job.voicemail.reason)")
    }
  }
}
