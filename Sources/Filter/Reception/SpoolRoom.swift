internal import Operations
internal import Spool
internal import Synchronization

/// Whether the spool takes messages, as reception last saw it; says so when that changes.
final class SpoolRoom: Sendable {
  private let isFull = Atomic<Bool>(false)
  private let log: Log
  private let alarms: Alarms

  init(_ log: Log, _ alarms: Alarms) { (self.log, self.alarms) = (log, alarms) }

  /// A message was kept.
  func kept() {
    if isFull.exchange(false, ordering: .relaxed) {
      log.info("the spool has room again, voicemail is taken over")
    }
  }

  /// A message passes unchanged since it could not be kept.
  func refused(_ error: SpoolError, queueID: String?) {
    if error.isFull { isFull.store(true, ordering: .relaxed) }
    log.error("voicemail passes unchanged", ["queue_id": queueID, "why": error.sentence])
    alarms.raise(error.isFull ? .spoolFull : .spoolTrouble, error.sentence, queueID: queueID)
  }
}
