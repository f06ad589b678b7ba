package import Voicemail

/// What became of a transcription, without a word of its text: history and `show` keep it.
package struct ResultFacts: Sendable, Codable, Equatable {
  package var status: TranscriptStatus
  package var engine: String
  package var language: String
  package var confidence: Double
  package var audioSeconds: Double
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
    decodeMS = result.decodeMS
    recognizeMS = result.recognizeMS
    enhanceMS = result.enhanceMS
  }
}

extension JobStore {
  /// Stores what a worker made: the enhanced message goes out, or the original when there is none.
  ///
  /// False when the lease was lost meanwhile; nothing is changed then.
  @discardableResult
  package func finishTranscription(
    _ lease: Lease, result: WorkResult, outgoing: [UInt8]?, nowMS: Int64
  ) throws(SpoolError) -> Bool {
    try commits.perform { connection throws(SpoolError) in
      let form: DeliveryForm = outgoing == nil ? .original : .enhanced
      let facts = ResultFacts(result)
      let held = try connection.finish(
        lease,
        "state = 'ready', stage = 'delivery', reason = NULL, due_ms = ?, form = ?, result = ?",
        .integer(nowMS),
        .text(form.rawValue), try JSONColumn.encode(facts))
      guard held else { return false }
      if let outgoing { try connection.store(outgoing, of: lease.id, as: .enhanced) }
      var story = "transcript \(facts.status.rawValue)"
      if !facts.engine.isEmpty { story += " by \(facts.engine)" }
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

  /// Gives a message back untouched, at an orderly stop: the attempt does not count.
  package func giveBack(_ lease: Lease, nowMS: Int64) throws(SpoolError) {
    try commits.perform { connection throws(SpoolError) in
      let held = try connection.finish(
        lease, "state = 'waiting', worker_attempts = worker_attempts - 1, due_ms = ?",
        .integer(nowMS))
      if held { try connection.event(lease.id, nowMS, "given back: the daemon stops") }
    }
  }

  /// Messages received (or put back) before that moment that still wait for a worker go out as they came; some of them:
  /// a backlog is not one transaction. Asked again, the others follow.
  package func expireWaiting(receivedBeforeMS: Int64, nowMS: Int64) throws(SpoolError) {
    try commits.perform { connection throws(SpoolError) in
      let expired = try connection.query(
        """
        UPDATE message SET state = 'ready', stage = 'delivery', form = 'original', due_ms = ?
        WHERE id IN (SELECT id FROM message INDEXED BY message_untranscribed
          WHERE \(Connection.isUntranscribed) AND \(Connection.deadlineFrom) < ?
          ORDER BY \(Connection.deadlineFrom) LIMIT 100)
        RETURNING id
        """, .integer(nowMS), .integer(receivedBeforeMS)
      ) { $0.text(0) ?? "" }
      for id in expired {
        try connection.event(
          id, nowMS, "no worker was free before the transcription deadline; the original goes out")
      }
    }
  }
}
