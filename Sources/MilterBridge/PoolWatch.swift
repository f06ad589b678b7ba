internal import Dispatch
internal import Glibc
internal import Synchronization

/// Keeps libmilter from leaving connections waiting while other peers stall.
///
/// Debian's libmilter (worker.c) counts a worker that it has just woken as idle still, so that in a burst several commands
/// are left to one worker. Where that one then waits for the rest of half a packet, they wait too: each further event
/// starts one more worker, which afterwards takes one of them. So a look each second finds what peers have sent and nobody
/// has read since the last look, and connections of ours are those events until it has been read. While no MTA is there
/// it looks as seldom as libmilter's own threads wake up.
///
/// Says nothing to libmilter, which ends such a connection unseen by any session. A socket that this process may not
/// connect to is not watched.
final class PoolWatch: Sendable {
  private static let busyPause = DispatchTimeInterval.seconds(1)
  /// While no connection has sent anything. C: `MI_CHK_TIME` (libmilter/listener.c)
  private static let idlePause = DispatchTimeInterval.seconds(5)
  private static let connectMS: Int32 = 100
  /// What a worker takes to start, to end such a connection, and to take what waits.
  private static let stepMS: Int32 = 5
  private static let mostKnocks = 1_000

  private let address: SocketAddress
  private let isEnding = Atomic<Bool>(false)
  private let ending = DispatchSemaphore(value: 0)
  private let running = DispatchGroup()

  init(_ address: SocketAddress) { self.address = address }

  /// Until `end`, on a thread of its own.
  func start() {
    DispatchQueue(label: "milter watch").async(group: running) { [self] in
      var unread: [ino_t: Int32] = [:]
      while ending.wait(timeout: .now() + pause(unread)) == .timedOut {
        let found = OpenSockets.unread(at: address)
        let waiting = found.filter { unread[$0.key] == $0.value }
        if !waiting.isEmpty { serve(waiting) }
        unread = found
      }
    }
  }

  private func pause(_ unread: [ino_t: Int32]) -> DispatchTimeInterval {
    unread.isEmpty && MilterActivity.connections == 0 ? Self.idlePause : Self.busyPause
  }

  /// Returns when it knocks no more, or after a second.
  func end() {
    isEnding.store(true, ordering: .relaxed)
    ending.signal()
    _ = running.wait(timeout: .now() + Self.busyPause)
  }

  /// Knocks until all of these have been looked at.
  private func serve(_ waiting: [ino_t: Int32]) {
    for _ in 0..<Self.mostKnocks {
      guard !isEnding.load(ordering: .relaxed), let descriptor = knock() else { return }
      _ = Self.isReady(descriptor, POLLIN, withinMS: Self.stepMS)
      close(descriptor)
      let unread = OpenSockets.unread(at: address)
      guard waiting.contains(where: { unread[$0.key] == $0.value }) else { return }
    }
  }

  /// A connection that is at its end already; nil where there is none to be had.
  private func knock() -> Int32? {
    let descriptor = address.socket()
    guard descriptor >= 0 else { return nil }
    guard address.connect(descriptor) == 0 || errno == EINPROGRESS,
      Self.isReady(descriptor, POLLOUT, withinMS: Self.connectMS),
      shutdown(descriptor, Int32(SHUT_WR)) == 0
    else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  private static func isReady(_ descriptor: Int32, _ event: Int32, withinMS limit: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
    return unsafe poll(&entry, 1, limit) > 0
  }
}
