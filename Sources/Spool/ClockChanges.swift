internal import Synchronization

/// Notices when the clock is set back: the time that it tells is compared with the time that has passed.
struct ClockWatch {
  private static let toleranceMS: Int64 = 1_000
  /// No clock is beyond that, a hundred million years.
  private static let furthestMS: Int64 = 1 << 61

  /// The most that the clock was ahead of the time since some moment.
  private var aheadMS: Int64?

  /// Whether it was set back since the last time, or nobody has looked yet.
  mutating func isSetBack(nowMS: Int64, passedMS: Int64) -> Bool {
    let ahead = min(max(nowMS, -Self.furthestMS), Self.furthestMS) - passedMS
    guard let before = aheadMS, before <= ahead + Self.toleranceMS else {
      aheadMS = ahead
      return true
    }
    aheadMS = max(before, ahead)
    return false
  }
}

extension JobStore {
  /// No retry is planned further ahead (`RetrySchedule`), so a time beyond it was set by a clock that was wrong.
  private static let furthestAheadMS: Int64 = 900_000

  /// Brings back what a wrong clock has put off: such messages are due now. How many there were.
  ///
  /// Only what is deferred may have a time that is still to come, and that not for long. To look for others takes
  /// longer with more that are deferred, so it is done when the clock was set back.
  @discardableResult
  package func bringBack(nowMS: Int64) throws(SpoolError) -> Int {
    let isSetBack = clockWatch.withLock {
      $0.isSetBack(nowMS: nowMS, passedMS: ContinuousClock.now.passedMS)
    }
    return try commits.perform { connection throws(SpoolError) in
      var values: [SQLValue] = [
        .integer(nowMS), .integer(nowMS), .integer(nowMS),
        .integer(nowMS.addingReportingOverflow(Self.furthestAheadMS).partialValue),
      ]
      if isSetBack { values.append(.integer(nowMS)) }
      let found = try connection.query(
        """
        UPDATE message SET due_ms = ?, \(Connection.noLaterDeadline) WHERE id IN (\(Connection.farAhead)\
        \(isSetBack ? " UNION " + Connection.ahead : "")) RETURNING id
        """, list: values
      ) { $0.text(0) ?? "" }
      for id in found {
        try connection.event(id, nowMS, "due now: its next try was set by a clock far ahead")
      }
      return found.count
    }
  }
}

extension ContinuousClock.Instant {
  private static let start = ContinuousClock.now

  /// Milliseconds since some moment of this process.
  fileprivate var passedMS: Int64 {
    let passed = Self.start.duration(to: self).components
    return passed.seconds * 1_000 + passed.attoseconds / 1_000_000_000_000_000
  }
}
