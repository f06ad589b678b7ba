import Synchronization

/// What the servers of a process have in hand, so that a stop can wait for it; shared by them.
package final class ServerActivity: Sendable {
  private let open = Atomic<Int>(0)
  private let closing = Atomic<Bool>(false)
  private let shared = Mutex<[@Sendable () -> Void]>([])

  package init() {}

  /// Messages between MAIL and the reply that ends them.
  package var messages: Int { open.load(ordering: .sequentiallyConsistent) }
  var isClosing: Bool { closing.load(ordering: .sequentiallyConsistent) }

  /// From now on MAIL and new connections hear 421; messages in progress go on. Who connects to a socket that another
  /// process keeps open waits for the next daemon instead.
  package func refuseNew() {
    for close in shared.withLock({ $0 }) { close() }
    closing.store(true, ordering: .sequentiallyConsistent)
  }

  /// `close`: no more connections are taken from a shared socket.
  func note(sharedSocket close: @escaping @Sendable () -> Void) {
    shared.withLock { $0.append(close) }
  }

  /// False when no message may begin any more.
  func begin() -> Bool {
    // Counted before it is asked: whoever waits after `refuseNew` sees every message that got through.
    open.add(1, ordering: .sequentiallyConsistent)
    guard isClosing else { return true }
    end()
    return false
  }

  func end() { open.subtract(1, ordering: .sequentiallyConsistent) }
}
