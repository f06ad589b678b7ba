internal import Voicemail

/// What `status` and `engines` tell of one engine.
struct EngineStatus: Encodable, Sendable {
  enum State: String, Encodable, Sendable, CaseIterable {
    case ready
    /// Its breaker is open: not asked for a while.
    case resting
    /// One message finds out whether it is back.
    case probing
    /// Nothing helps but the administrator.
    case unusable
    /// What it may be asked for today or this month is spent.
    case spent
  }
  var name: String
  var type: String
  var state: State
  /// Why it is not ready.
  @OrNull var why: String?
  @OrNull var untilMS: Int64?
  /// Requests at this moment.
  var running: Int
  /// Since the daemon started.
  var answered: Int
  var failed: Int
  @OrNull var lastFailure: String?
  @OrNull var lastFailureMS: Int64?
  var minutesToday: Double
  var minutesThisMonth: Double
  var minutesPerDay: Int
  var minutesPerMonth: Int
  var concurrency: Int
}
