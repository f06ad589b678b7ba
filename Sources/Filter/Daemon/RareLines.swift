internal import Operations
internal import Synchronization

/// Lines of the log that could come with every message, written once a minute at most.
final class RareLines: Sendable {
  private static let pauseMS: Int64 = 60_000

  private let log: Log
  /// By event: when it was last written, and how often it was left out since.
  private let last = Mutex<[String: (atMS: Int64, omitted: Int)]>([:])

  init(_ log: Log) { self.log = log }

  /// `event` is one of few: it is remembered.
  func write(_ level: LogLevel, _ event: String, queueID: String?, why: String) {
    let now = Clock.nowMS()
    let omitted: Int? = last.withLock { last in
      // A clock set back must not silence it.
      if let entry = last[event], now >= entry.atMS, now - entry.atMS < Self.pauseMS {
        last[event] = (entry.atMS, entry.omitted + 1)
        return nil
      }
      defer { last[event] = (now, 0) }
      return last[event]?.omitted ?? 0
    }
    guard let omitted else { return }
    let fields: KeyValuePairs<String, String?> = [
      "queue_id": queueID, "why": why, "omitted_since": omitted > 0 ? "\(omitted)" : nil,
    ]
    if level == .error { log.error(event, fields) } else { log.warning(event, fields) }
  }
}
