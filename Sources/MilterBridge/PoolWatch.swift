internal import Dispatch
internal import Glibc
internal import Synchronization

/// Keeps libmilter from leaving connections waiting while other peers stall.
///
/// Debian's libmilter (worker.c) counts a worker that it has just woken as idle still, so that in a burst several commands
/// are left to one worker. Where that one then waits for the rest of half a packet, they wait too: each further event
/// starts one more worker, and takes one of them. So a connection of ours looks every second whether it is served, and if
/// it is not, more of them bring those events. While no MTA is there it looks as seldom as libmilter's own threads wake up,
/// and for connections that are new alone: where there are none, there is nobody to wait for.
///
/// Says nothing to libmilter, which ends such a connection unseen by any session. A socket that this process may not
/// connect to is not watched.
final class PoolWatch: Sendable {
  private static let busyPause = DispatchTimeInterval.seconds(1)
  /// While no connection has sent anything. C: `MI_CHK_TIME` (libmilter/listener.c)
  private static let idlePause = DispatchTimeInterval.seconds(5)
  /// What a served connection takes at most, and what a worker takes to start.
  private static let patienceMS: Int32 = 100
  private static let stepMS: Int32 = 5
  private static let mostKnocks = 1_000

  private let address: SocketAddress
  private let ended = DispatchSemaphore(value: 0)
  private let running = DispatchGroup()

  init(_ address: SocketAddress) { self.address = address }

  /// Until `end`, on a thread of its own.
  func start() {
    DispatchQueue(label: "milter watch").async(group: running) { [self] in
      // What was open before the last look.
      var served: [ino_t]?
      while ended.wait(timeout: .now() + pause) == .timedOut {
        let open = OpenSockets.all
        if MilterActivity.connections == 0, let served, served == open { continue }
        look()
        served = open
      }
    }
  }

  private var pause: DispatchTimeInterval {
    MilterActivity.connections > 0 ? Self.busyPause : Self.idlePause
  }

  /// Returns when it knocks no more, or after a second.
  func end() {
    ended.signal()
    _ = running.wait(timeout: .now() + Self.busyPause)
  }

  private func look() {
    guard let first = knock() else { return }
    var others: [Int32] = []
    var isServed = Self.hasEnded(first, withinMS: Self.patienceMS)
    while !isServed, others.count < Self.mostKnocks {
      guard let next = knock() else { break }
      others.append(next)
      isServed = Self.hasEnded(first, withinMS: Self.stepMS)
    }
    for descriptor in [first] + others { close(descriptor) }
  }

  /// A connection that is at its end already; nil where there is none to be had.
  private func knock() -> Int32? {
    let descriptor = address.socket()
    guard descriptor >= 0 else { return nil }
    guard address.connect(descriptor) == 0 || errno == EINPROGRESS,
      Self.isReady(descriptor, POLLOUT, withinMS: Self.patienceMS),
      shutdown(descriptor, Int32(SHUT_WR)) == 0
    else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  private static func hasEnded(_ descriptor: Int32, withinMS limit: Int32) -> Bool {
    isReady(descriptor, POLLIN, withinMS: limit)
  }

  private static func isReady(_ descriptor: Int32, _ event: Int32, withinMS limit: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
    return unsafe poll(&entry, 1, limit) > 0
  }
}
