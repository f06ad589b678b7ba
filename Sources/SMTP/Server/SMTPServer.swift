import Glibc
import Synchronization

/// An SMTP server (RFC 5321) for the MTA on this host: a thread per connection, a session for each.
///
/// Listens from `init` on; connections are served until `stop`. A peer that stalls costs its thread
/// until its time is over, and there are no more threads than `SMTPServerLimits.connections`.
package final class SMTPServer: Sendable {
  package typealias MakeSession = @Sendable () -> any SMTPServerSession

  private let listener: SMTPListener
  private let house: ConnectionHouse

  /// `hostname` is for the greeting; `mode` and `group` are for a Unix socket.
  package init(
    _ address: SMTPListenAddress, mode: UInt32? = nil, group: String? = nil, hostname: String,
    limits: SMTPServerLimits = SMTPServerLimits(), activity: ServerActivity = ServerActivity(),
    makeSession: @escaping MakeSession
  ) throws(SMTPServerFailure) {
    listener = try SMTPListener(address, mode: mode, group: group)
    house = ConnectionHouse(
      hostname: hostname, limits: limits, activity: activity, makeSession: makeSession)
    let (listener, house) = (listener, house)
    if listener.isShared { activity.note(sharedSocket: listener.close) }
    let started = Thread.start {
      Self.serve(listener, house)
      house.left()
    }
    guard started else { throw SMTPServerFailure(address.description, "no thread to serve it") }
    house.entered()
  }

  deinit { listener.close() }

  /// Connections that are being served.
  package var connectionCount: Int { house.count }

  /// Takes no more connections, lets each command in progress be answered, and waits for that.
  ///
  /// A client in the middle of a message loses its connection and keeps the message. False when a
  /// session still runs at the limit.
  @discardableResult
  package func stop(within seconds: Int) -> Bool {
    listener.close()
    return house.empty(within: seconds)
  }

  private static func serve(_ listener: SMTPListener, _ house: ConnectionHouse) {
    while let descriptor = listener.accept() { house.admit(descriptor) }
  }
}
