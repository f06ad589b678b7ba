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
    try accept([job], within: limits)
  }

  /// The same for one message whose recipients are treated differently: all of it or nothing.
  @discardableResult
  package func accept(_ jobs: [NewJob], within limits: SpoolLimits = .init()) throws(SpoolError)
    -> Bool
  {
    let undo: CommitQueue.Change = {
      [keys = jobs.map { ($0.id, $0.fingerprint) }] connection
        throws(SpoolError) in
      for (id, fingerprint) in keys {
        try connection.run("DELETE FROM message WHERE id = ?", .text(id))
        guard let fingerprint else { continue }
        try connection.run("DELETE FROM seen WHERE fingerprint = ?", .blob(fingerprint[...]))
      }
    }
    // Before the transaction, which others wait for.
    var rows: [Row] = []
    for job in jobs { rows.append(try Row(job)) }
    Failpoint.pass("reception before begin")
    return try commits.perform(undo: undo) { [rows] connection throws(SpoolError) in
      if let trouble = connection.noReception { throw trouble }
      try connection.requireRoom(for: jobs.map(\.content.count).reduce(0, +), limits)
      for job in jobs {
        guard try connection.remember(job, forMS: Self.memoryMS) else { return false }
      }
      for row in rows { try connection.add(row) }
      Failpoint.pass("reception after content")
      return true
    }
  }

  /// A job with its facts as columns.
  fileprivate struct Row: Sendable {
    var job: NewJob
    var senderParameters: SQLValue
    var client: SQLValue
    var voicemail: SQLValue
    var policy: SQLValue
    var recipients: [(address: String, parameters: SQLValue)] = []

    init(_ job: NewJob) throws(SpoolError) {
      self.job = job
      senderParameters = try JSONColumn.encode(job.envelope.senderParameters)
      client = try JSONColumn.encode(job.client)
      voicemail = try JSONColumn.encode(job.voicemail)
      policy = job.policy == .builtIn ? .null : try JSONColumn.encode(job.policy)
      for recipient in job.envelope.recipients {
        recipients.append((recipient.address, try JSONColumn.encode(recipient.parameters)))
      }
    }

    var state: JobState { if case .original = job.start { .ready } else { .waiting } }
    var stage: JobStage { if case .original = job.start { .delivery } else { .transcription } }
    var form: DeliveryForm {
      switch job.start {
      case .message: .enhanced
      case .original: .original
      case .reply: .reply
      }
    }
    var reply: String {
      switch job.start {
      case .message: job.policy.lateReply ? "late" : "never"
      case .original(let replyFollows): replyFollows ? "always" : "never"
      case .reply: "never"
      }
    }
    var story: String {
      let policy = "policy \(job.policy.name)"
      return switch job.start {
      case .message: policy
      case .original(true): "\(policy): the message first, the transcript in a reply"
      case .original(false): "\(policy): goes out as it came"
      case .reply: "\(policy): the MTA has the message, the transcript follows in a reply"
      }
    }
  }
}

extension Connection {
  fileprivate func add(_ row: JobStore.Row) throws(SpoolError) {
    let job = row.job
    try run(
      """
      INSERT INTO message (id, state, stage, form, reply, received_ms, due_ms, allowed_ms, sender,
        sender_parameters, client, queue_id, message_id, voicemail, policy, caller, size_bytes)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      .text(job.id), .text(row.state.rawValue), .text(row.stage.rawValue),
      .text(row.form.rawValue), .text(row.reply), .integer(job.receivedMS),
      .integer(job.receivedMS), .integer(job.allowedMS), .text(job.envelope.sender),
      row.senderParameters, row.client, .optional(job.client.queueID), .optional(job.messageID),
      row.voicemail, row.policy, job.callerHash.map { .blob($0[...]) } ?? .null,
      .integer(job.content.count))
    for (position, recipient) in row.recipients.enumerated() {
      try run(
        "INSERT INTO recipient (message_id, position, address, parameters) VALUES (?, ?, ?, ?)",
        .text(job.id), .integer(position), .text(recipient.address), recipient.parameters)
    }
    try store(job.content, of: job.id, as: .original)
    try event(
      job.id, job.receivedMS, "received by rule \(job.voicemail.rule): \(job.voicemail.reason)")
    if job.policy != .builtIn { try event(job.id, job.receivedMS, row.story) }
  }

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
