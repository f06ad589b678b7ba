internal import SMTP
internal import Synchronization

/// What the MTA's listener offered when it was last connected to, so that EHLO need not ask each time.
final class ListenerOffer: Sendable {
  private let last = Mutex<(target: SMTPTarget, extensions: RelayedExtensions)?>(nil)

  func note(_ connection: SMTPClient) {
    let extensions = RelayedExtensions(connection.extensions)
    last.withLock { $0 = (connection.target, extensions) }
  }

  /// nil: that listener has not been connected to yet.
  func of(_ target: SMTPTarget) -> RelayedExtensions? {
    last.withLock { $0?.target == target ? $0?.extensions : nil }
  }
}
