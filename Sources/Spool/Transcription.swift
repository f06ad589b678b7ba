package import Voicemail

/// What became of a transcription, without a word of its text: history and `show` keep it.
package struct ResultFacts: Sendable, Codable, Equatable {
  package var status: TranscriptStatus
  package var engine: String
  package var language: String
  package var confidence: Double
  package var audioSeconds: Double
  /// nil, and no recordings either, in what older programs have left.
  package var speechSeconds: Double?
  /// What the recordings are that could be read.
  package var recordings: [AudioFacts]?
  package var decodeMS: Int64
  package var recognizeMS: Int64
  package var enhanceMS: Int64

  package init(_ result: WorkResult) {
    status = result.status
    let best = result.parts.map(\.transcript).first { $0.status == result.status }
    engine = best?.engine ?? ""
    language = best?.language ?? ""
    confidence = best?.confidence ?? 0
    audioSeconds = result.parts.map(\.transcript.durationSeconds).reduce(0, +)
    speechSeconds = result.parts.map(\.transcript.speechSeconds).reduce(0, +)
    recordings = result.parts.compactMap(\.audio)
    decodeMS = result.decodeMS
    recognizeMS = result.recognizeMS
    enhanceMS = result.enhanceMS
  }
}

extension JobStore {
  /// Stores what a worker made: the enhanced message goes out, or the original when there is none; a reply goes out, or
  /// nothing when there is none.
  ///
  /// False when the lease was lost meanwhile; nothing is changed then.
  @discardableResult
  package func finishTranscription(
    _ lease: Lease, result: WorkResult, outgoing: [UInt8]?, nowMS: Int64
  ) throws(SpoolError) -> Bool {
    try commits.perform { connection throws(SpoolError) in
      let facts = ResultFacts(result)
      let isReply = try connection.form(of: lease.id) == .reply
      var story = "transcript \(facts.status.rawValue)"
      if !facts.engine.isEmpty { story += " by \(facts.engine)" }
      if isReply, outgoing == nil {
        guard try connection.holds(lease) else { return false }
        try connection.run(
          "UPDATE message SET result = ? WHERE id = ?", try JSONColumn.encode(facts),
          .text(lease.id))
        let why = result.refusal.map { "\(story); \($0)" } ?? story
        try connection.endWithoutReply(lease.id, why, nowMS: nowMS)
        for note in result.notes { try connection.event(lease.id, nowMS, note) }
        return true
      }
      if let outgoing { try connection.requireDisk(for: outgoing.count) }
      let form: DeliveryForm = outgoing == nil ? .original : isReply ? .reply : .enhanced
      let held = try connection.finish(
        lease,
        "state = 'ready', stage = 'delivery', reason = NULL, due_ms = ?, form = ?, result = ?",
        .integer(nowMS),
        .text(form.rawValue), try JSONColumn.encode(facts))
      guard held else { return false }
      if let outgoing { try connection.store(outgoing, of: lease.id, as: form) }
      if let refusal = result.refusal { story += "; the original goes out: \(refusal)" }
      try connection.event(lease.id, nowMS, story)
      for note in result.notes { try connection.event(lease.id, nowMS, note) }
      return true
    }
  }

  /// Takes a message back from a worker that died or could do nothing: at `retryMS` it is tried again; without
  /// that moment it goes out as it came.
  package func loseWorker(_ lease: Lease, why: String, retryMS: Int64?, nowMS: Int64)
    throws(SpoolError)
  {
    try commits.perform { connection throws(SpoolError) in
      guard let retryMS else {
        if try connection.form(of: lease.id) == .reply {
          guard try connection.holds(lease) else { return }
          return try connection.endWithoutReply(lease.id, why, nowMS: nowMS)
        }
        let held = try connection.finish(
          lease, "state = 'ready', stage = 'delivery', form = 'original', due_ms = ?",
          .integer(nowMS))
        if held { try connection.event(lease.id, nowMS, why + "; the original goes out") }
        return
      }
      let held = try connection.finish(
        lease, "state = 'deferred', due_ms = ?, reason = ?", .integer(retryMS), .text(why))
      if held { try connection.event(lease.id, nowMS, why + "; it waits for another worker") }
    }
  }

  /// Puts a message off for which there is no engine at this moment; the attempt does not count.
  package func postponeTranscription(_ lease: Lease, why: String, retryMS: Int64, nowMS: Int64)
    throws(SpoolError)
  {
    try commits.perform { connection throws(SpoolError) in
      let held = try connection.finish(
        lease,
        """
        state = 'deferred', worker_attempts = worker_attempts - 1, due_ms = ?, reason = ?,
          \(Connection.noLaterDeadline)
        """,
        .integer(retryMS), .text(why), .integer(nowMS), .integer(nowMS))
      if held { try connection.event(lease.id, nowMS, "no engine could be asked: \(why)") }
    }
  }

  /// Gives a message back untouched, at an orderly stop: the attempt does not count.
  package func giveBack(_ lease: Lease, nowMS: Int64) throws(SpoolError) {
    try commits.perform { connection throws(SpoolError) in
      let held = try connection.finish(
        lease, "state = 'waiting', worker_attempts = worker_attempts - 1, due_ms = ?",
        .integer(nowMS))
      if held { try connection.event(lease.id, nowMS, "given back: the daemon stops") }
    }
  }

  /// At the deadline a message whose transcript may be late goes out as it came; the transcript follows in a reply.
  package func postpone(_ lease: Lease, nowMS: Int64) throws(SpoolError) {
    try commits.perform { connection throws(SpoolError) in
      let held = try connection.finish(
        lease,
        "state = 'ready', stage = 'delivery', form = 'original', reply = 'always', due_ms = ?",
        .integer(nowMS))
      if held {
        try connection.event(
          lease.id, nowMS, "not transcribed before the deadline; the original goes out first")
      }
    }
  }

  /// Messages whose deadline was before that moment and that still wait for a worker go out as they came, replies not at
  /// all; some of them: a backlog is not one transaction. Asked again, the others follow.
  package func expireWaiting(deadlineBeforeMS: Int64, nowMS: Int64) throws(SpoolError) {
    try commits.perform { connection throws(SpoolError) in
      let why = "no worker was free before the transcription deadline"
      let late = try connection.query(Connection.late, .integer(deadlineBeforeMS)) {
        (id: $0.text(0) ?? "", isReply: $0.text(1) == DeliveryForm.reply.rawValue)
      }
      for (id, isReply) in late {
        guard !isReply else {
          try connection.endWithoutReply(id, why, nowMS: nowMS)
          continue
        }
        try connection.run(
          """
          UPDATE message SET state = 'ready', stage = 'delivery', form = 'original', due_ms = ?,
            reply = CASE reply WHEN 'late' THEN 'always' ELSE reply END
          WHERE id = ?
          """, .integer(nowMS), .text(id))
        try connection.event(id, nowMS, "\(why); the original goes out")
      }
    }
  }
}

extension Connection {
  static let late = """
    SELECT id, form FROM message INDEXED BY message_untranscribed
    WHERE \(isUntranscribed) AND \(deadline) < ? ORDER BY \(deadline) LIMIT 100
    """

  func form(of id: String) throws(SpoolError) -> DeliveryForm? {
    try query("SELECT form FROM message WHERE id = ?", .text(id)) {
      DeliveryForm(rawValue: $0.text(0) ?? "")
    }.first ?? nil
  }

  /// The message is in the mailbox, so that nothing is lost with a reply that cannot be: it ends as one that went out as
  /// it came.
  func endWithoutReply(_ id: String, _ why: String, nowMS: Int64) throws(SpoolError) {
    try run(
      """
      UPDATE message SET state = 'delivered', stage = 'delivery', form = 'original', reason = NULL,
        lease_holder = NULL, finished_ms = ?
      WHERE id = ?
      """, .integer(nowMS), .text(id))
    try run("DELETE FROM content WHERE message_id = ?", .text(id))
    hasErased = true
    try event(id, nowMS, "no reply is sent: \(why)")
  }

  /// The message is in the mailbox; now its transcript is made, and goes to the same recipients.
  func beginReply(_ id: String, nowMS: Int64) throws(SpoolError) {
    try run(
      """
      UPDATE message SET state = 'waiting', stage = 'transcription', form = 'reply', reply = 'never',
        lease_holder = NULL, reason = NULL, due_ms = ?, deadline_from_ms = ?, allowed_ms = ?,
        worker_attempts = 0, delivery_attempts = 0
      WHERE id = ?
      """, .integer(nowMS), .integer(nowMS), .integer(Policy.replyWithinMS), .text(id))
    try run(
      "UPDATE recipient SET delivered = 0, refused = 0, reply = NULL WHERE message_id = ?",
      .text(id))
    try run("DELETE FROM content WHERE message_id = ? AND form <> 'original'", .text(id))
    hasErased = true
  }

  /// The same for those who have the message while others are still to get it: the reply to them is one of its own.
  func beginPartialReply(_ replyID: String, to id: String, nowMS: Int64) throws(SpoolError) {
    let count =
      try query(
        "SELECT count(*) FROM recipient WHERE message_id = ? AND delivered = 1", .text(id)
      ) { $0.integer(0) }.first ?? 0
    let bytes =
      try query("SELECT size_bytes FROM message WHERE id = ?", .text(id)) { $0.integer(0) }.first
      ?? 0
    guard count > 0, try hasDisk(for: Int(bytes)) else { return }
    try run(
      """
      INSERT INTO message (id, state, stage, form, received_ms, due_ms, deadline_from_ms, allowed_ms,
        sender, sender_parameters, client, queue_id, new_queue_id, message_id, voicemail, policy,
        size_bytes)
      SELECT ?, 'waiting', 'transcription', 'reply', received_ms, ?, ?, ?, sender,
        sender_parameters, client, queue_id, new_queue_id, message_id, voicemail, policy, size_bytes
      FROM message WHERE id = ?
      """, .text(replyID), .integer(nowMS), .integer(nowMS), .integer(Policy.replyWithinMS),
      .text(id))
    try run(
      """
      INSERT INTO content (message_id, form, chunk, bytes)
      SELECT ?, form, chunk, bytes FROM content WHERE message_id = ? AND form = 'original'
      """, .text(replyID), .text(id))
    try run(
      """
      UPDATE recipient SET message_id = ?, delivered = 0, refused = 0, reply = NULL
      WHERE message_id = ? AND delivered = 1
      """, .text(replyID), .text(id))
    try event(
      id, nowMS, "\(count) of its recipients have it; \(replyID) is the reply to them")
    try event(
      replyID, nowMS, "its recipients have the message, as \(id); the transcript follows in a reply"
    )
  }

  private func hasDisk(for bytes: Int) throws(SpoolError) -> Bool {
    do throws(SpoolError) {
      try requireDisk(for: bytes)
      return true
    } catch {
      guard error.isFull else { throw error }
      return false
    }
  }
}
