internal import Dispatch
internal import Synchronization

/// Wakes one waiting thread; a ring while nobody waits is kept for the next.
final class Doorbell: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)
  private let stopped = Mutex(false)

  var isStopped: Bool { stopped.withLock { $0 } }

  func ring() { semaphore.signal() }

  /// Wakes that many waiting threads for the last time.
  func stop(threads: Int) {
    stopped.withLock { $0 = true }
    for _ in 0..<threads { semaphore.signal() }
  }

  /// Until it rings, or until that moment (milliseconds since 1970).
  func wait(untilMS moment: Int64?) {
    guard let moment else {
      semaphore.wait()
      return
    }
    let left = max(moment - Clock.nowMS(), 0)
    // A clock set forward or back must not stretch the wait: look again within a minute.
    _ = semaphore.wait(timeout: .now() + .milliseconds(Int(min(left, 60_000))))
  }
}
