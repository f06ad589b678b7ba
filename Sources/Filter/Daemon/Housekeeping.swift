internal import Operations
internal import Spool

/// What the spool's file needs now and then, on a thread of its own: history goes, room is given back.
struct Housekeeping {
  private static let pauseMS: Int64 = 60_000
  /// Between two steps: whoever waits for the spool comes first.
  private static let breathMS: Int64 = 100
  private static let dayMS: Int64 = 86_400_000

  let context: DaemonContext

  /// Until the daemon stops.
  func run() {
    while !context.housekeeping.isStopped {
      var pause = Self.pauseMS
      do throws(SpoolError) {
        let history = Int64(context.settings.historyDays) * Self.dayMS
        let open = try context.store.statistics(nowMS: Clock.nowMS()).openMessages
        context.figures.note(depth: open, nowMS: Clock.nowMS())
        if try context.store.tidy(historyMS: history, nowMS: Clock.nowMS()) {
          pause = Self.breathMS
        }
      } catch {
        context.log.error("spool trouble", ["where": "housekeeping", "why": error.sentence])
      }
      context.housekeeping.wait(untilMS: Clock.nowMS() + pause)
    }
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
