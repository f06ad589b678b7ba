internal import FoundationEssentials
internal import Operations
internal import Synchronization

/// Tells the administrator what goes wrong; whoever sees it raises it, as often as it happens.
///
/// Each raise counts. Each kind is logged once a minute at most and mailed once an hour at most, with the number of
/// those left out; `AlarmMailer` sends the mails. What is not mailed yet, and when a kind was mailed last, is kept in a
/// file over a restart.
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
    var kept = Kept()
  }

  /// What outlives the daemon, of one kind.
  private struct Kept: Codable {
    var mailedMS: Int64?
    /// Raised since the last mail.
    var unmailed = 0
    var why = ""
    var id: String?
    var atMS: Int64 = 0
  }

  /// Rings when something may have to be mailed.
  let bell = Doorbell()
  private let log: Log
  private let entries: Mutex<[Alarm: Entry]>
  /// nil keeps nothing.
  private let path: String?
  /// One writer at a time.
  private let writing = Mutex(())

  init(_ log: Log, keptAt path: String? = nil) {
    self.log = log
    self.path = path
    entries = Mutex(path.map(Self.read) ?? [:])
  }

  /// `why`: one line without message text or addresses; `id` and `queueID` of the message it is about.
  func raise(
    _ alarm: Alarm, _ why: String, id: String? = nil, queueID: String? = nil,
    nowMS: Int64 = Clock.nowMS()
  ) {
    let (omitted, isFirst): (Int?, Bool) = entries.withLock { entries in
      var entry = entries[alarm] ?? Entry()
      defer { entries[alarm] = entry }
      entry.count += 1
      entry.kept.unmailed += 1
      (entry.kept.why, entry.kept.id, entry.kept.atMS) = (why, id, nowMS)
      let isFirst = entry.kept.unmailed == 1
      guard Self.isOver(Self.linePauseMS, since: entry.loggedMS, nowMS) else {
        entry.omittedLines += 1
        return (nil, isFirst)
      }
      defer { (entry.loggedMS, entry.omittedLines) = (nowMS, 0) }
      return (entry.omittedLines, isFirst)
    }
    // Further ones change only the number that the mail tells.
    if isFirst { keep() }
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

  /// The last of each kind that was raised since the daemon started.
  var latest: [Snapshot.AlarmFacts] {
    entries.withLock { $0 }.filter { $0.value.count > 0 }.map { alarm, entry in
      Snapshot.AlarmFacts(
        alarm: alarm.rawValue, count: entry.count, why: entry.kept.why, id: entry.kept.id,
        atMS: entry.kept.atMS)
    }.sorted { $0.atMS > $1.atMS }
  }

  // MARK: - Mails

  /// One that is due now.
  func mailDue(nowMS: Int64) -> Mail? {
    entries.withLock { entries in
      for alarm in Alarm.allCases {
        guard let entry = entries[alarm], entry.kept.unmailed > 0,
          Self.isOver(Self.mailPauseMS, since: entry.kept.mailedMS, nowMS)
        else { continue }
        return Mail(
          alarm: alarm, why: entry.kept.why, id: entry.kept.id, atMS: entry.kept.atMS,
          sinceLastMail: entry.kept.unmailed, sinceStart: entry.count)
      }
      return nil
    }
  }

  /// When the next one falls due, unless another is raised before; nil when nothing waits.
  func nextMailMS() -> Int64? {
    entries.withLock { entries in
      entries.values.filter { $0.kept.unmailed > 0 }
        .map { ($0.kept.mailedMS ?? 0) + Self.mailPauseMS }.min()
    }
  }

  func noteMailed(_ mail: Mail, nowMS: Int64) {
    entries.withLock { entries in
      entries[mail.alarm]?.kept.mailedMS = nowMS
      entries[mail.alarm]?.kept.unmailed -= mail.sinceLastMail
    }
    keep()
  }

  // MARK: - Over a restart

  private func keep() {
    guard let path else { return }
    writing.withLock { _ in
      let kept = entries.withLock { entries in
        Dictionary(uniqueKeysWithValues: entries.map { ($0.key.rawValue, $0.value.kept) })
      }
      do {
        try Data(try JSONEncoder().encode(kept)).write(
          to: URL(filePath: path), options: .atomic)
      } catch {
        // The alarm itself is in the log and goes on; its mail just does not outlive the daemon.
        log.warning("alarms not kept over a restart", ["why": "\(path): \(error)"])
      }
    }
  }

  /// A file that cannot be read is no reason not to start.
  private static func read(_ path: String) -> [Alarm: Entry] {
    guard let bytes = try? readFile(path, limitBytes: 1 << 20),
      let kept = try? JSONDecoder().decode([String: Kept].self, from: Data(bytes))
    else { return [:] }
    return Dictionary(
      uniqueKeysWithValues: kept.compactMap { name, kept in
        Alarm(rawValue: name).map { ($0, Entry(kept: kept)) }
      })
  }

  /// A clock set back must not silence anything.
  private static func isOver(_ pauseMS: Int64, since last: Int64?, _ nowMS: Int64) -> Bool {
    guard let last else { return true }
    return nowMS < last || nowMS - last >= pauseMS
  }
}
