import Glibc
import Synchronization

/// The open connections of a server: counts them in and out, and shows them out at a stop.
final class ConnectionHouse: Sendable {
  private struct State {
    var descriptors: Set<Int32> = []
    /// Threads that run: one per connection, and the one that accepts.
    var threads = 0
    var isClosing = false
  }

  private let hostname: String
  private let limits: SMTPServerLimits
  private let activity: ServerActivity
  private let makeSession: SMTPServer.MakeSession
  private let state = Mutex(State())

  init(
    hostname: String, limits: SMTPServerLimits, activity: ServerActivity,
    makeSession: @escaping SMTPServer.MakeSession
  ) {
    self.activity = activity
    self.hostname = hostname
    self.limits = limits
    self.makeSession = makeSession
  }

  var count: Int { state.withLock { $0.descriptors.count } }

  func entered() { state.withLock { $0.threads += 1 } }
  func left() { state.withLock { $0.threads -= 1 } }

  /// Takes ownership of a new connection's socket.
  func admit(_ descriptor: Int32) {
    // No accept4 here; children are spawned with closefrom, so none inherits it.
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    // Short lines to and fro; Nagle would hold each up to 40 ms. A Unix socket has no such option.
    var on: Int32 = 1
    _ = unsafe setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    guard !activity.isClosing else {
      return turnAway(Connection(owning: descriptor), ServerConversation.goingDown(hostname))
    }
    let isAdmitted = state.withLock { state in
      guard !state.isClosing, state.descriptors.count < limits.connections else { return false }
      state.descriptors.insert(descriptor)
      state.threads += 1
      return true
    }
    guard isAdmitted else { return turnAway(Connection(owning: descriptor), tooMany) }
    let started = Thread.start { [self] in
      serve(descriptor)
      left()
    }
    guard !started else { return }
    forget(descriptor)
    turnAway(Connection(owning: descriptor), tooMany)
    left()
  }

  /// The socket is closed when this returns.
  private func serve(_ descriptor: Int32) {
    let connection = Connection(owning: descriptor)
    ServerConnection(
      connection, hostname: hostname, limits: limits, activity: activity, session: makeSession()
    ).run()
    // Before the socket is closed: a new connection may get its number at once.
    withExtendedLifetime(connection) { forget(descriptor) }
  }

  private func forget(_ descriptor: Int32) {
    _ = state.withLock { $0.descriptors.remove(descriptor) }
  }

  private var tooMany: SMTPReply {
    SMTPReply(421, "4.3.2 \(hostname) Too many connections, try again later")
  }

  /// Nobody waits for this one to read.
  private func turnAway(_ connection: Connection, _ reply: SMTPReply) {
    try? connection.write(reply.wire, before: Deadline(after: .zero))
  }

  /// What has been sent to us is read to its end, then the sessions end; replies still go out.
  func empty(within seconds: Int) -> Bool {
    state.withLock { state in
      state.isClosing = true
      for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RD)) }
    }
    let end = ContinuousClock.now + .seconds(seconds)
    while state.withLock({ $0.threads > 0 }) {
      guard ContinuousClock.now < end else { return false }
      usleep(5_000)
    }
    return true
  }
}
