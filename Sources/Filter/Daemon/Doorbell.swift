internal import Dispatch
internal import Synchronization

/// Wakes one waiting thread; a ring while nobody waits is kept for the next.
final class Doorbell: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)
  /// Rings not heard yet. Bounded: who wakes takes all the work there is, so more would wake for nothing.
  private let rings = Mutex(0)
  private static let ringLimit = 64
  private let stopped = Mutex(false)

  var isStopped: Bool { stopped.withLock { $0 } }

  func ring() {
    let isHeard = rings.withLock { rings in
      guard rings < Self.ringLimit else { return false }
      rings += 1
      return true
    }
    if isHeard { semaphore.signal() }
  }

  /// Wakes that many waiting threads for the last time.
  func stop(threads: Int) {
    stopped.withLock { $0 = true }
    for _ in 0..<threads { ring() }
  }

  /// Until it rings, or until that moment (milliseconds since 1970).
  func wait(untilMS moment: Int64?) {
    guard let moment else {
      semaphore.wait()
      rings.withLock { $0 -= 1 }
      return
    }
    let left = max(moment - Clock.nowMS(), 0)
    // A clock set forward or back must not stretch the wait: look again within a minute.
    if semaphore.wait(timeout: .now() + .milliseconds(Int(min(left, 60_000)))) == .success {
      rings.withLock { $0 -= 1 }
    }
  }
  /// Until it rings, or for that time, whatever the clock says meanwhile.
  func wait(milliseconds: Int64) {
    if semaphore.wait(timeout: .now() + .milliseconds(Int(max(milliseconds, 0)))) == .success {
      rings.withLock { $0 -= 1 }
    }
  }
}
