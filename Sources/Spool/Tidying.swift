extension JobStore {
  private static let messagesPerStep = 200
  private static let pagesPerStep = 256
  /// Free pages that are kept: a spool in use needs them again soon. 4 MB.
  private static let pagesInReserve: Int64 = 1_024

  /// One bounded step of what can wait: history older than that goes, and room that is no longer needed is given
  /// back to the disk. True when there is more to do.
  package func tidy(historyMS: Int64, nowMS: Int64) throws(SpoolError) -> Bool {
    let purged = try purge(finishedBeforeMS: nowMS - historyMS, nowMS: nowMS)
    // Whoever waits needs the disk more.
    guard commits.isIdle else { return purged }
    return try shrink() || purged
  }

  private func purge(finishedBeforeMS: Int64, nowMS: Int64) throws(SpoolError) -> Bool {
    try commits.perform { connection throws(SpoolError) in
      let messages = try connection.run(
        """
        DELETE FROM message WHERE id IN (SELECT id FROM message WHERE finished_ms < ?
          ORDER BY finished_ms LIMIT \(Self.messagesPerStep))
        """, .integer(finishedBeforeMS))
      let minutes = try connection.run(
        """
        DELETE FROM delivered_in_minute WHERE minute IN (SELECT minute FROM delivered_in_minute
          WHERE minute < ? LIMIT \(Self.messagesPerStep))
        """, .integer(finishedBeforeMS / 60_000))
      let fingerprints = try connection.run(
        """
        DELETE FROM seen WHERE fingerprint IN (SELECT fingerprint FROM seen WHERE at_ms < ?
          ORDER BY at_ms LIMIT \(Self.messagesPerStep))
        """, .integer(nowMS - Self.memoryMS))
      if messages > 0 { connection.hasErased = true }
      return [messages, minutes, fingerprints].contains(Self.messagesPerStep)
    }
  }

  /// Gives some free pages back; auto_vacuum = INCREMENTAL does nothing by itself.
  private func shrink() throws(SpoolError) -> Bool {
    try commits.perform { connection throws(SpoolError) in
      let free = try connection.query("PRAGMA freelist_count") { $0.integer(0) }.first ?? 0
      guard free > Self.pagesInReserve else { return false }
      let step = min(free - Self.pagesInReserve, Int64(Self.pagesPerStep))
      try connection.run("PRAGMA incremental_vacuum(\(step))")
      // The file itself becomes shorter when the log is written back.
      connection.hasErased = true
      return free - step > Self.pagesInReserve
    }
  }
}
