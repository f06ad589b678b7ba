internal import Operations
internal import Spool
internal import Synchronization

/// What the spool's file needs now and then, on a thread of its own: history goes, room is given back.
struct Housekeeping {
  /// Between two steps: whoever waits for the spool comes first.
  private static let breathMS: Int64 = 100
  private static let dayMS: Int64 = 86_400_000

  let context: DaemonContext

  /// Until the daemon stops.
  func run() {
    let bell = context.housekeeping
    while !bell.isStopped {
      var hasMore = false
      do throws(SpoolError) {
        let history = Int64(context.settings.historyDays) * Self.dayMS
        hasMore = try context.store.tidy(historyMS: history, nowMS: Clock.nowMS())
      } catch {
        context.log.error("spool trouble", ["where": "housekeeping", "why": error.sentence])
      }
      if hasMore { bell.pause(milliseconds: Self.breathMS) } else { bell.rest() }
    }
  }
}

/// When the housekeeping has something to do: history ages by the hour, messages that go leave room.
final class HousekeepingBell: Sendable {
  private struct State {
    var hasWork = false
    var isResting = false
  }

  private static let hourMS: Int64 = 3_600_000
  /// What goes within it is tidied up together.
  private static let minuteMS: Int64 = 60_000

  private let bell = Doorbell()
  private let state = Mutex(State())

  var isStopped: Bool { bell.isStopped }
  func stop() { bell.stop(threads: 1) }

  /// At once: the settings have changed.
  func ring() { bell.ring() }

  /// In a minute: messages have gone.
  func noteWork() {
    let isResting = state.withLock { state in
      defer { state = State(hasWork: true) }
      return state.isResting
    }
    if isResting { bell.ring() }
  }

  func pause(milliseconds: Int64) { bell.wait(milliseconds: milliseconds) }

  /// Until there may be something to do.
  func rest() {
    let mayRest = state.withLock { state in
      state.isResting = !state.hasWork
      return state.isResting
    }
    if mayRest { bell.wait(milliseconds: Self.hourMS) }
    let hasWork = state.withLock { state in
      defer { state = State() }
      return state.hasWork
    }
    if hasWork { bell.wait(milliseconds: Self.minuteMS) }
  }
}

extension Alarms {
  /// What the spool did by itself.
  func raise(_ notice: SpoolNotice) {
    if case .unreadable(let id, let reason) = notice {
      raise(.messageHeld, reason, id: id)
    } else {
      raise(.spoolTrouble, notice.sentence)
    }
  }
}
