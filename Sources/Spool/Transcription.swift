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
        lease, "state = 'ready', due_ms = ?, form = ?, result = ?", .integer(nowMS),
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

  /// Takes a message back from a worker that died: it waits for another one, or, given up, goes out as it came.
  package func loseWorker(_ lease: Lease, why: String, giveUp: Bool, nowMS: Int64)
    throws(SpoolError)
  {
    try commits.perform { connection throws(SpoolError) in
      let held = try connection.finish(
        lease,
        giveUp
          ? "state = 'ready', form = 'original', due_ms = ?" : "state = 'waiting', due_ms = ?",
        .integer(nowMS))
      guard held else { return }
      try connection.event(
        lease.id, nowMS,
        why + (giveUp ? "; the original goes out" : "; it waits for another worker"))
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

  /// Messages received before that moment that still wait for a worker go out as they came.
  package func expireWaiting(receivedBeforeMS: Int64, nowMS: Int64) throws(SpoolError) {
    try commits.perform { connection throws(SpoolError) in
      let expired = try connection.query(
        """
        UPDATE message SET state = 'ready', form = 'original', due_ms = ?
        WHERE state = 'waiting' AND received_ms < ? RETURNING id
        """, .integer(nowMS), .integer(receivedBeforeMS)
      ) { $0.text(0) ?? "" }
      for id in expired {
        try connection.event(
          id, nowMS, "no worker was free before the transcription deadline; the original goes out")
      }
    }
  }
}
