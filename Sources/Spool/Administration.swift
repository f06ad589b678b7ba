package import Voicemail

/// What became of an administrator's verb.
package enum VerbOutcome: Sendable, Equatable {
  case done(was: JobState, now: JobState)
  /// Why not, in words that follow the message's id.
  case refused(String)
  case noSuchMessage
}

extension JobStore {
  /// Does what an administrator says to one message, and records it with `who` and the reason given. `engine`: of
  /// `transcribeAgain`, the only one to be asked.
  ///
  /// A worker that has the message is not waited for: its lease is void, and its late result changes nothing.
  package func apply(
    _ verb: AdministratorVerb, to id: String, who: String, reason: String?, engine: String? = nil,
    nowMS: Int64
  ) throws(SpoolError) -> VerbOutcome {
    try commits.perform { connection throws(SpoolError) in
      guard let standing = try connection.standing(of: id) else { return .noSuchMessage }
      switch verb.effect(in: standing.state) {
      case .refused(let why): return .refused(why)
      case .moves where verb == .deliverOriginal && standing.form == .reply:
        return .refused("is a reply: its message has been delivered")
      case .moves(let states):
        let next = states.count == 2 && standing.stage == .delivery ? states[1] : states[0]
        let story =
          verb.past + (engine.map { " with engine \($0)" } ?? "") + " by \(who)"
          + (reason.map { ": \($0)" } ?? "")
        try connection.move(id, from: standing.state, to: next, nowMS: nowMS)
        try connection.settle(id, verb, who: who, story: story, engine: engine, nowMS: nowMS)
        try connection.event(id, nowMS, story)
        return .done(was: standing.state, now: next)
      }
    }
  }

  /// Makes every deferred message due now, with `heldToo` also those that have failed or that the filter itself holds
  /// (not those that an administrator has put on hold). How many there were.
  package func retryAll(heldToo: Bool, who: String, nowMS: Int64) throws(SpoolError) -> Int {
    var total = 0
    for state in heldToo ? [JobState.deferred, .failed, .held] : [.deferred] {
      // In steps: reception waits for each. Behind the last one: what fails again meanwhile is not tried for ever.
      var last = ""
      while true {
        let ids = try commits.perform { [last] connection throws(SpoolError) in
          try connection.retrySome(state, after: last, who: who, nowMS: nowMS)
        }
        total += ids.count
        guard ids.count == Connection.step, let end = ids.last else { break }
        last = end
      }
    }
    return total
  }

  /// A piece of a message's content and whether more follows; nil when that form is not there (any more).
  package func content(of id: String, form: DeliveryForm, chunk: Int) throws(SpoolError)
    -> (bytes: [UInt8], isLast: Bool)?
  {
    let rows = try commits.perform { connection throws(SpoolError) in
      try connection.query(
        """
        SELECT bytes FROM content WHERE message_id = ? AND form = ? AND chunk BETWEEN ? AND ?
        ORDER BY chunk
        """, .text(id), .text(form.rawValue), .integer(chunk), .integer(chunk + 1)
      ) { $0.blob(0) }
    }
    return rows.first.map { ($0, rows.count < 2) }
  }
}

extension Connection {
  fileprivate func standing(of id: String) throws(SpoolError) -> (
    state: JobState, stage: JobStage, form: DeliveryForm?
  )? {
    let rows = try query("SELECT state, stage, form FROM message WHERE id = ?", .text(id)) {
      (
        state: JobState(rawValue: $0.text(0) ?? "") ?? .failed,
        stage: JobStage(rawValue: $0.text(1) ?? "") ?? .delivery,
        form: DeliveryForm(rawValue: $0.text(2) ?? "")
      )
    }
    return rows.first
  }

  fileprivate static let step = 500

  static let nextToRetry = """
    SELECT id FROM message
    WHERE id > ? AND state NOT IN ('delivered', 'deleted') AND +state = ? AND held_by IS NULL
    ORDER BY id LIMIT \(step)
    """

  fileprivate func retrySome(_ state: JobState, after id: String, who: String, nowMS: Int64)
    throws(SpoolError) -> [String]
  {
    let ids = try query(Self.nextToRetry, .text(id), .text(state.rawValue)) { $0.text(0) ?? "" }
    for id in ids {
      guard let standing = try standing(of: id) else { continue }
      try move(id, from: state, to: standing.stage == .delivery ? .ready : .waiting, nowMS: nowMS)
      try event(id, nowMS, "\(AdministratorVerb.retry.past) by \(who), with all others")
    }
    return ids
  }

  fileprivate func move(_ id: String, from: JobState, to: JobState, nowMS: Int64)
    throws(SpoolError)
  {
    let stage: JobStage? =
      switch to {
      case .waiting: .transcription
      case .ready: .delivery
      default: nil
      }
    try run(
      """
      UPDATE message SET state = ?, stage = coalesce(?, stage), due_ms = ?, lease_holder = NULL, lease_token = lease_token + 1,
        worker_attempts = max(worker_attempts - ?, 0), reason = NULL, held_by = NULL
      WHERE id = ?
      """, .text(to.rawValue), .optional(stage?.rawValue), .integer(nowMS),
      .integer(from == .transcribing ? 1 : 0), .text(id))
    // What stood still is an administrator's to start: everybody who has not got it is asked again.
    if [.held, .failed].contains(from), stage != nil {
      try run("UPDATE recipient SET refused = 0 WHERE message_id = ? AND refused = 1", .text(id))
    }
    // What stood still has the whole time for a transcript again.
    if to == .waiting {
      try run("UPDATE message SET deadline_from_ms = ? WHERE id = ?", .integer(nowMS), .text(id))
    }
  }

  /// What a verb changes beside the state.
  fileprivate func settle(
    _ id: String, _ verb: AdministratorVerb, who: String, story: String, engine: String?,
    nowMS: Int64
  ) throws(SpoolError) {
    switch verb {
    case .retry, .release: break
    case .hold:
      try run(
        "UPDATE message SET held_by = ?, reason = ? WHERE id = ?", .text(who), .text(story),
        .text(id))
    case .deliverOriginal:
      try run("UPDATE message SET form = 'original' WHERE id = ?", .text(id))
    case .transcribeAgain:
      try run(
        """
        UPDATE message SET form = iif(form = 'reply', form, 'enhanced'), result = NULL,
          worker_attempts = 0, engine = ?, reply = iif(reply = 'always', 'never', reply)
        WHERE id = ?
        """, .optional(engine), .text(id))
      try run("DELETE FROM content WHERE message_id = ? AND form <> 'original'", .text(id))
      hasErased = true
    case .delete:
      try run("UPDATE message SET finished_ms = ? WHERE id = ?", .integer(nowMS), .text(id))
      try run("DELETE FROM content WHERE message_id = ?", .text(id))
      hasErased = true
    }
  }
}
