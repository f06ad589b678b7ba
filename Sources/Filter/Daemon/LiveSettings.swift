internal import Operations
internal import SMTP
internal import Synchronization
internal import Voicemail

/// The settings in force and what is made of them; a reload replaces all at one moment.
final class LiveSettings: Sendable {
  /// One state of it; whoever holds it sees no change.
  final class Snapshot: Sendable {
    let settings: Settings
    let recognition: Recognition
    let target: SMTPTarget

    /// `key`: the secret of the loop guard.
    init(_ settings: Settings, key: [UInt8]) throws(CommandFailure) {
      self.settings = settings
      recognition = try Wiring.recognition(settings, key: key)
      target = try Wiring.target(settings)
    }
  }

  private let snapshot: Mutex<Snapshot>
  private let key: [UInt8]

  init(_ settings: Settings, key: [UInt8]) throws(CommandFailure) {
    self.key = key
    snapshot = Mutex(try Snapshot(settings, key: key))
  }

  var current: Snapshot { snapshot.withLock { $0 } }

  /// Wrong settings change nothing.
  func replace(_ settings: Settings) throws(CommandFailure) {
    let fresh = try Snapshot(settings, key: key)
    snapshot.withLock { $0 = fresh }
  }
}
