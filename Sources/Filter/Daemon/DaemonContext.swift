internal import Operations
internal import Spool
internal import Voicemail

/// What the daemon's threads share; everything in it is immutable or locks by itself.
///
/// A class, so that a session counts one reference of it and not one of each part: all processors write those counts.
final class DaemonContext: Sendable {
  let live: LiveSettings
  let log: Log
  let store: JobStore
  let board: WorkerBoard
  let limits = ReceptionLimits()
  let rareLines: RareLines
  let alarms: Alarms
  let engines: EngineDesk
  let spoolRoom: SpoolRoom
  let closing = Closing()
  /// Rings when a message waits for a worker.
  let transcription = Doorbell()
  /// Rings when a message is ready to go out.
  let delivery = Doorbell()
  let housekeeping = HousekeepingBell()
  let deliveryBoard = DeliveryBoard()
  let targetHealth = TargetHealth()
  let targetProbe = TargetProbe()
  let figures = Figures()
  let startedMS = Clock.nowMS()

  /// In force now; ask once where several values must fit together.
  var settings: Settings { live.current.settings }
  var recognition: Recognition { live.current.recognition }

  init(live: LiveSettings, log: Log, store: JobStore, alarms: Alarms) {
    self.live = live
    self.log = log
    self.store = store
    board = WorkerBoard(workers: live.current.settings.workers, nowMS: Clock.nowMS())
    rareLines = RareLines(log)
    self.alarms = alarms
    spoolRoom = SpoolRoom(log, alarms)
    engines = EngineDesk { engine, day, seconds in
      do throws(SpoolError) {
        try store.spend(seconds, of: engine, day: day)
      } catch {
        log.error("spool trouble", ["where": "engine spending", "why": error.sentence])
      }
    }
  }

  /// Makes the engines of the settings those that are asked.
  func configureEngines() throws(SpoolError) {
    engines.configure(settings.allEngines, spent: try store.spending())
  }

  /// Trace line and marker: on top of every message that goes out, enhanced or not.
  func ownHeaders(for job: LeasedJob) -> [HeaderField] {
    OrderMaker.ownHeaders(
      of: job.content, id: job.id, client: job.client, receivedMS: job.receivedMS,
      host: settings.hostname, recognition.loopGuard)
  }

  /// Each thread that may sleep over a backlog.
  func wakeAll() {
    for _ in 0..<settings.workers { transcription.ring() }
    for _ in 0..<settings.delivery.connections { delivery.ring() }
  }

  /// Repeats a change of the spool until it is on disk: what it records has happened.
  ///
  /// Gives up only when the daemon stops; the message is then tried again at the next start.
  func insist(_ what: String, id: String, _ change: (JobStore) throws(SpoolError) -> Void) {
    while true {
      do throws(SpoolError) {
        return try change(store)
      } catch {
        log.error("spool trouble", ["where": what, "id": id, "why": error.sentence])
        if delivery.isStopped { return }
        delivery.wait(untilMS: Clock.nowMS() + 5_000)
      }
    }
  }
}
