internal import Operations
internal import Spool

/// All that the status page tells, as of one moment.
struct Snapshot: Encodable, Sendable {
  struct AlarmFacts: Encodable, Sendable {
    var alarm: String
    var count: Int
    var why: String
    @OrNull var id: String?
    var atMS: Int64
  }

  var host: String
  var readiness: Readiness
  var status: StatusReport?
  @OrNull var freeBytes: Int64?
  var alarms: [AlarmFacts]
  var recent: [RecentMessage]
  var day: DayFigures

  init(_ context: DaemonContext) {
    let now = Clock.nowMS()
    let settings = context.settings
    host = settings.hostname
    var trouble: String?
    do throws(SpoolError) {
      let spool = try context.store.statistics(nowMS: now)
      status = StatusReport(context, spool, nowMS: now)
      freeBytes = try context.store.freeBytes()
      recent = try context.store.recent(limit: 20)
      day = DayFigures(
        try context.store.deliveredMinutes(sinceMS: now - DayFigures.dayMS),
        inSpool: try context.figures.depths(nowMS: now) { slice throws(SpoolError) in
          try context.store.depths(sinceSlice: slice, sliceMS: Figures.sliceMS, nowMS: now)
        }, nowMS: now)
    } catch {
      trouble = error.sentence
      recent = []
      day = DayFigures([], inSpool: [], nowMS: now)
    }
    if !settings.logAddresses {
      for index in recent.indices { recent[index].recipients = [] }
    }
    readiness = Readiness(context, spool: trouble, status?.spool)
    alarms = context.alarms.latest
  }
}

/// The last day in slices of 15 minutes, the oldest first.
struct DayFigures: Encodable, Sendable {
  static let dayMS = Int64(Figures.slices) * Figures.sliceMS

  /// When the first slice begins.
  var fromMS: Int64
  var sliceMS = Figures.sliceMS
  var delivered: [Int]
  var withoutTranscript: [Int]
  /// From reception to delivery.
  var slowestSeconds: [Double]
  /// The most messages in the spool; empty when it cannot be read.
  var inSpool: [Int]

  init(_ minutes: [DeliveredMinute], inSpool: [Int], nowMS: Int64) {
    self.inSpool = inSpool
    let first = nowMS / Figures.sliceMS - Int64(Figures.slices) + 1
    fromMS = first * Figures.sliceMS
    delivered = Array(repeating: 0, count: Figures.slices)
    withoutTranscript = delivered
    slowestSeconds = Array(repeating: 0, count: Figures.slices)
    for minute in minutes {
      let slot = Int(minute.minute * 60_000 / Figures.sliceMS - first)
      guard delivered.indices.contains(slot) else { continue }
      delivered[slot] += minute.messages
      withoutTranscript[slot] += minute.withoutTranscript
      slowestSeconds[slot] = max(slowestSeconds[slot], Double(minute.longestMS) / 1_000)
    }
  }
}
