internal import Glibc
internal import Synchronization

/// Where the next signal's handler writes; -1 before the daemon listens.
private let ordersDescriptor = Atomic<Int32>(-1)

/// C: a signal handler; does what signal-safety(7) allows.
private func passSignalOn(_ number: Int32) {
  let saved = errno
  var byte = UInt8(truncatingIfNeeded: number)
  _ = unsafe write(ordersDescriptor.load(ordering: .relaxed), &byte, 1)
  errno = saved
}

/// What the daemon is told to do: by signals, by the control socket, by libmilter's end.
final class Orders: Sendable {
  enum Order: UInt8 {
    case reload = 1
    /// Finish the open messages, for a short time, then stop.
    case stop
    /// Stop: somebody has drained.
    case stopNow
    /// libmilter's loop has ended.
    case ended
  }

  private let reading: Int32
  private let writing: Int32

  /// Call it before the first signal may come.
  init() throws(CommandFailure) {
    var pair: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &pair) == 0 else {
      throw CommandFailure("socketpair: \(unsafe String(cString: strerror(errno)))")
    }
    (reading, writing) = (pair[0], pair[1])
    ordersDescriptor.store(writing, ordering: .relaxed)
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = passSignalOn
    action.sa_flags = SA_RESTART
    for signal in [SIGTERM, SIGINT, SIGUSR1] { unsafe sigaction(signal, &action, nil) }
    signal(SIGHUP, SIG_IGN)
  }

  /// From now on SIGHUP reloads; before, the settings have just been read.
  func takeHangUp() {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = passSignalOn
    action.sa_flags = SA_RESTART
    unsafe sigaction(SIGHUP, &action, nil)
  }

  func send(_ order: Order) {
    // Beyond the numbers of signals.
    var byte = 128 + order.rawValue
    _ = unsafe write(writing, &byte, 1)
  }

  /// The next order; nil when none came within the limit.
  func next(withinMS limit: Int32 = -1) -> Order? {
    while true {
      var entry = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
      let ready = unsafe poll(&entry, 1, limit)
      if ready < 0, errno == EINTR { continue }
      guard ready > 0 else { return nil }
      var byte: UInt8 = 0
      guard unsafe read(reading, &byte, 1) == 1 else { continue }
      switch Int32(byte) {
      case SIGHUP, SIGUSR1: return .reload
      case SIGTERM, SIGINT: return .stop
      default:
        if byte > 128, let order = Order(rawValue: byte - 128) { return order }
      }
    }
  }
}
