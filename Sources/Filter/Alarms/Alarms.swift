internal import Operations
internal import Synchronization

/// Tells the administrator what goes wrong; whoever sees it raises it, as often as it happens.
///
/// Each raise counts. Each kind is logged once a minute at most and mailed once an hour at most, with the number of
/// those left out; `AlarmMailer` sends the mails.
final class Alarms: Sendable {
  private static let linePauseMS: Int64 = 60_000
  private static let mailPauseMS: Int64 = 3_600_000

  /// What a mail tells: the latest raise, and how many there were since the mail before.
  struct Mail: Sendable, Equatable {
    var alarm: Alarm
    var why: String
    var id: String?
    var atMS: Int64
    var sinceLastMail: Int
    var sinceStart: Int
  }

  private struct Entry {
    var count = 0
    var loggedMS: Int64?
    /// Since it was last logged.
    var omittedLines = 0
    var mailedMS: Int64?
    /// `count` at the last mail.
    var mailedCount = 0
    var latest: (why: String, id: String?, atMS: Int64) = ("", nil, 0)
  }

  /// Rings when something may have to be mailed.
  let bell = Doorbell()
  private let log: Log
  private let entries = Mutex<[Alarm: Entry]>([:])

  init(_ log: Log) { self.log = log }

  /// `why`: one line without message text or addresses; `id` and `queueID` of the message it is about.
  func raise(
    _ alarm: Alarm, _ why: String, id: String? = nil, queueID: String? = nil,
    nowMS: Int64 = Clock.nowMS()
  ) {
    let omitted: Int? = entries.withLock { entries in
      var entry = entries[alarm] ?? Entry()
      defer { entries[alarm] = entry }
      entry.count += 1
      entry.latest = (why, id, nowMS)
      guard Self.isOver(Self.linePauseMS, since: entry.loggedMS, nowMS) else {
        entry.omittedLines += 1
        return nil
      }
      defer { (entry.loggedMS, entry.omittedLines) = (nowMS, 0) }
      return entry.omittedLines
    }
    bell.ring()
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

  // MARK: - Mails

  /// One that is due now.
  func mailDue(nowMS: Int64) -> Mail? {
    entries.withLock { entries in
      for alarm in Alarm.allCases {
        guard let entry = entries[alarm], entry.count > entry.mailedCount,
          Self.isOver(Self.mailPauseMS, since: entry.mailedMS, nowMS)
        else { continue }
        return Mail(
          alarm: alarm, why: entry.latest.why, id: entry.latest.id, atMS: entry.latest.atMS,
          sinceLastMail: entry.count - entry.mailedCount, sinceStart: entry.count)
      }
      return nil
    }
  }

  /// When the next one falls due, unless another is raised before; nil when nothing waits.
  func nextMailMS() -> Int64? {
    entries.withLock { entries in
      entries.values.filter { $0.count > $0.mailedCount }
        .map { ($0.mailedMS ?? 0) + Self.mailPauseMS }.min()
    }
  }

  func noteMailed(_ mail: Mail, nowMS: Int64) {
    entries.withLock { entries in
      entries[mail.alarm]?.mailedMS = nowMS
      entries[mail.alarm]?.mailedCount = mail.sinceStart
    }
  }

  /// A clock set back must not silence anything.
  private static func isOver(_ pauseMS: Int64, since last: Int64?, _ nowMS: Int64) -> Bool {
    guard let last else { return true }
    return nowMS < last || nowMS - last >= pauseMS
  }
}
