extension JobStore {
  /// No retry is planned further ahead (`RetrySchedule`), so a time beyond it was set by a clock that was wrong.
  private static let furthestAheadMS: Int64 = 900_000

  /// Brings back what a wrong clock has put off: such messages are due now. How many there were.
  @discardableResult
  package func bringBack(nowMS: Int64) throws(SpoolError) -> Int {
    try commits.perform { connection throws(SpoolError) in
      let found = try connection.query(
        """
        UPDATE message SET due_ms = ? WHERE id IN (\(Connection.farAhead)) RETURNING id
        """, .integer(nowMS),
        .integer(nowMS.addingReportingOverflow(Self.furthestAheadMS).partialValue)
      ) { $0.text(0) ?? "" }
      for id in found {
        try connection.event(id, nowMS, "due now: its next try was set by a clock far ahead")
      }
      return found.count
    }
  }
}
