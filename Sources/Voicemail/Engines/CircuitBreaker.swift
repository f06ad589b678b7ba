/// Keeps an engine that is out of order from being asked by every message anew.
///
/// Closed: asked. Open: not asked until its time is over. Half open: one message is asked as a probe. Times are
/// milliseconds since 1970.
package struct CircuitBreaker: Sendable, Equatable {
  package enum State: Sendable, Equatable {
    case closed
    case open(untilMS: Int64)
    case halfOpen
  }

  package private(set) var state = State.closed
  /// Why it is open.
  package private(set) var why = ""
  /// Whether only the administrator can help.
  package private(set) var needsAdministrator = false
  package private(set) var consecutiveFailures = 0
  /// The latest, true for failed.
  private var recent: [Bool] = []
  private var nextPauseMS = Self.firstPauseMS
  private var openedMS: Int64 = 0

  static let firstPauseMS: Int64 = 30_000
  static let longestPauseMS: Int64 = 600_000
  /// A key does not get right by waiting, but an account may be paid.
  static let administratorPauseMS: Int64 = 3_600_000
  static let failuresInARow = 3
  private static let window = 20

  package init() {}

  /// Whether a request may go out now; true for the first after a pause makes it the probe.
  package mutating func mayAsk(nowMS: Int64) -> Bool {
    switch state {
    case .closed: return true
    case .halfOpen: return false
    case .open(let until):
      // A clock set back must not lock it for ever.
      guard nowMS >= until || nowMS < openedMS else { return false }
      state = .halfOpen
      return true
    }
  }

  package mutating func answered() {
    note(failed: false)
    (state, why, consecutiveFailures, nextPauseMS) = (.closed, "", 0, Self.firstPauseMS)
    needsAdministrator = false
  }

  package mutating func failed(_ failure: EngineFailure, nowMS: Int64) {
    switch failure.kind {
    // It answered; what it thinks of one recording is no illness.
    case .audio, .tooLarge: answered()
    case .administrator:
      needsAdministrator = true
      open(failure.sentence, for: Self.administratorPauseMS, nowMS)
    case .retryable:
      let asked = Int64(failure.retryAfterSeconds ?? 0) * 1_000
      // Requests that were under way tell of the same outage.
      if case .open(let until) = state {
        if asked > 0 { state = .open(untilMS: max(until, nowMS + asked)) }
        return
      }
      consecutiveFailures += 1
      note(failed: true)
      let failures = recent.count { $0 }
      let isIll =
        consecutiveFailures >= Self.failuresInARow
        || recent.count >= Self.window && failures * 2 >= recent.count
      guard state == .halfOpen || isIll || asked >= Self.firstPauseMS else { return }
      needsAdministrator = false
      open(failure.sentence, for: max(nextPauseMS, asked), nowMS)
      nextPauseMS = min(nextPauseMS * 2, Self.longestPauseMS)
    }
  }

  private mutating func open(_ sentence: String, for pauseMS: Int64, _ nowMS: Int64) {
    (state, why, openedMS) = (.open(untilMS: nowMS + pauseMS), sentence, nowMS)
    recent = []
  }

  private mutating func note(failed: Bool) {
    recent.append(failed)
    if recent.count > Self.window { recent.removeFirst() }
  }
}
