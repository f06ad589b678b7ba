internal import Synchronization
internal import Voicemail

/// Whether the target answers at all.
///
/// While it does not, one message at a time finds out whether it is back, with growing pauses; all others keep
/// their places and their numbers of tries, and go out as soon as it is.
final class TargetHealth: Sendable {
  private struct State {
    var failures = 0
    var pausedUntil: ContinuousClock.Instant?
    var isProbing = false
  }

  private static let schedule = RetrySchedule(firstMS: 1_000, longestMS: 60_000)
  /// While another thread finds out.
  private static let lookAgainMS: Int64 = 1_000

  private let state = Mutex(State())

  /// nil: a message may be tried, and its end must be told. Else milliseconds to wait.
  func pauseMS() -> Int64? {
    state.withLock { state in
      guard let until = state.pausedUntil else { return nil }
      let left = ContinuousClock.now.duration(to: until)
      if left > .zero { return left.components.seconds * 1_000 + 1_000 }
      guard !state.isProbing else { return Self.lookAgainMS }
      state.isProbing = true
      return nil
    }
  }

  /// It answered, whatever it said. True when it had not before.
  @discardableResult
  func answered() -> Bool {
    state.withLock { state in
      defer { state = State() }
      return state.failures > 0
    }
  }

  /// It could not be reached; milliseconds until the next try.
  func failed() -> Int64 {
    state.withLock { state in
      // Messages that were under way together are one failure.
      if let until = state.pausedUntil, until > .now, !state.isProbing {
        return ContinuousClock.now.duration(to: until).components.seconds * 1_000 + 1_000
      }
      state.failures += 1
      state.isProbing = false
      var random = SystemRandomNumberGenerator()
      let pause = Self.schedule.delayMS(afterAttempt: state.failures, using: &random)
      state.pausedUntil = .now.advanced(by: .milliseconds(pause))
      return pause
    }
  }

  /// An administrator wants it tried now: one message finds out, at once.
  func tryNow() {
    state.withLock { state in
      if state.pausedUntil != nil { state.pausedUntil = .now }
    }
  }

  /// Another target: nothing is known of it.
  func forget() { state.withLock { $0 = State() } }

  /// Nothing was tried.
  func gaveUp() { state.withLock { $0.isProbing = false } }
}
