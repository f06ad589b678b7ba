internal import Dispatch
internal import Glibc
internal import Synchronization

/// Ends connections that take too long altogether, by whatever trickles in or out of them: libmicrohttpd itself
/// limits silence only. Sleeps while there are none.
final class HTTPConnections: Sendable {
  private struct State {
    /// When each ends, by a descriptor of our own: libmicrohttpd closes its one before it tells us.
    var ends: [Int32: ContinuousClock.Instant] = [:]
    var isWatched = false
  }

  private let limit: Duration
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "status page limits")

  init(limit: Duration) { self.limit = limit }

  /// What stands for the connection of that socket; -1 when there is no descriptor left for it.
  func started(_ socket: Int32) -> Int32 {
    let own = fcntl(socket, F_DUPFD_CLOEXEC, 0)
    guard own >= 0 else { return -1 }
    let mustWatch = state.withLock { state in
      state.ends[own] = .now + limit
      defer { state.isWatched = true }
      return !state.isWatched
    }
    if mustWatch { watch(in: limit) }
    return own
  }

  func ended(_ own: Int32) {
    guard state.withLock({ $0.ends.removeValue(forKey: own) }) != nil else { return }
    close(own)
  }

  private func watch(in time: Duration) {
    let (seconds, attoseconds) = time.components
    let nanoseconds = Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
    queue.asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { self.look() }
  }

  private func look() {
    let now = ContinuousClock.now
    let next: Duration? = state.withLock { state in
      // Both sides of it: libmicrohttpd's thread wakes and ends the connection.
      for (own, end) in state.ends where end <= now { shutdown(own, Int32(SHUT_RDWR)) }
      let next = state.ends.values.filter { $0 > now }.min()
      state.isWatched = next != nil
      return next.map { now.duration(to: $0) }
    }
    if let next { watch(in: next) }
  }
}
