internal import Operations
internal import Synchronization

/// Tells the administrator what goes wrong; whoever sees it raises it, as often as it happens.
///
/// Each raise counts. Each kind is logged once a minute at most, with the number of those left out.
final class Alarms: Sendable {
  private static let linePauseMS: Int64 = 60_000

  private struct Entry {
    var count = 0
    var loggedMS: Int64?
    /// Since it was last logged.
    var omittedLines = 0
  }

  private let log: Log
  private let entries = Mutex<[Alarm: Entry]>([:])

  init(_ log: Log) { self.log = log }

  /// `why`: one line without message text or addresses; `id` and `queueID` of the message it is about.
  func raise(_ alarm: Alarm, _ why: String, id: String? = nil, queueID: String? = nil) {
    let now = Clock.nowMS()
    let omitted: Int? = entries.withLock { entries in
      var entry = entries[alarm] ?? Entry()
      defer { entries[alarm] = entry }
      entry.count += 1
      // A clock set back must not silence it.
      if let logged = entry.loggedMS, now >= logged, now - logged < Self.linePauseMS {
        entry.omittedLines += 1
        return nil
      }
      defer { (entry.loggedMS, entry.omittedLines) = (now, 0) }
      return entry.omittedLines
    }
    guard let omitted else { return }
    log.error(
      alarm.sentence,
      [
        "alarm": alarm.rawValue, "id": id, "queue_id": queueID, "why": why,
        "omitted_since": omitted > 0 ? "\(omitted)" : nil,
      ])
  }

  /// How often each was raised since the daemon started; those that never were are 0.
  var counts: [String: Int] {
    let entries = entries.withLock { $0 }
    return Dictionary(
      uniqueKeysWithValues: Alarm.allCases.map { ($0.rawValue, entries[$0]?.count ?? 0) })
  }
}
