internal import Operations
internal import Spool
internal import Synchronization

/// What systemd's watchdog hears: from the main loop itself, and only while the spool's thread answers it.
///
/// A daemon that takes mail without ever committing it would look alive to everybody else.
struct Watchdog {
  private let store: JobStore
  private let answer = Answer()
  /// How long the main loop may wait for an order, ms; -1 where nobody watches.
  let patienceMS: Int32

  init(_ store: JobStore) {
    self.store = store
    // One may come late.
    patienceMS = ServiceManager.watchdogMS.map { Int32(clamping: max($0 / 3, 1)) } ?? -1
  }

  /// Says that all is well if the spool has answered since the last time, and asks it again.
  func beat() {
    guard patienceMS > 0, answer.hasCome.exchange(false, ordering: .relaxed) else { return }
    ServiceManager.tell("WATCHDOG=1")
    store.whenFree { [answer] in answer.hasCome.store(true, ordering: .relaxed) }
  }
}

/// Whether the spool has answered the last question.
private final class Answer: Sendable {
  let hasCome = Atomic<Bool>(true)
}
