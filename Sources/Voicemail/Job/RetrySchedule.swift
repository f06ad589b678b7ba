/// When the next try comes: doubling, with jitter so that jobs do not march in step.
package struct RetrySchedule: Sendable {
  package var firstMS: Int64
  package var longestMS: Int64

  package init(firstMS: Int64 = 5_000, longestMS: Int64 = 600_000) {
    self.firstMS = firstMS
    self.longestMS = longestMS
  }

  /// Milliseconds to wait after that many failed tries (1 or more); between 80 % and 120 % of the step.
  package func delayMS(afterAttempt attempt: Int, using generator: inout some RandomNumberGenerator)
    -> Int64
  {
    let doublings = min(max(attempt, 1) - 1, 30)
    let step = min(firstMS << Int64(doublings), longestMS)
    return step * Int64.random(in: 80...120, using: &generator) / 100
  }
}
