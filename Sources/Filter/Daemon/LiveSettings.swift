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
    let policies: Policies
    /// By directory, those of policies.
    private let templates: [String: TemplateSources]
    let target: DeliveryTarget
    /// For originals that the target refused for good.
    let fallback: DeliveryTarget?
    let limits: SMTPLimits
    /// The target when it is one that mail can be passed on to, command by command.
    var listener: SMTPTarget? {
      guard case .listener(let target) = target else { return nil }
      return target
    }

    /// Whether messages may go out by sendmail(1).
    var usesSendmail: Bool {
      [target, fallback].contains { target in
        guard case .command? = target else { return false }
        return true
      }
    }

    /// Of a directory that no policy names any more, the settings' own.
    func style(of policy: Policy) -> MessageStyle {
      policy.style(
        over: settings.style, templates: policy.template.flatMap { templates[$0] })
    }

    /// `key`: the secret of the loop guard.
    init(_ settings: Settings, key: [UInt8]) throws(CommandFailure) {
      self.settings = settings
      recognition = try Wiring.recognition(settings, key: key)
      policies = Wiring.policies(settings)
      templates = Wiring.templates(settings)
      let target = try Wiring.target(settings.delivery.target, "target")
      if case .command = target, settings.contentFilterListen != nil {
        throw CommandFailure(
          "[delivery] target: \(target) cannot pass on what comes by [content_filter] listen, a "
            + "listener can")
      }
      self.target = target
      if let text = settings.delivery.fallbackTarget {
        fallback = try Wiring.target(text, "fallback_target")
      } else {
        fallback = nil
      }
      limits = Wiring.limits(settings.delivery)
      let addresses =
        settings.alarms.alertTo.map { ("alert_to", $0) }
        + [settings.alarms.alertFrom].compactMap(\.self).map { ("alert_from", $0) }
      for (key, address) in addresses {
        guard let problem = OnwardMessage.problem(withAddress: address) else { continue }
        throw CommandFailure("[alarms] \(key): '\(address)': \(problem)")
      }
    }
  }

  private let snapshot: Mutex<Snapshot>
  /// Counts the replacements: tells whether a snapshot is still in force without the lock.
  private let generation = Atomic<Int>(0)
  private let key: [UInt8]

  init(_ settings: Settings, key: [UInt8]) throws(CommandFailure) {
    self.key = key
    snapshot = Mutex(try Snapshot(settings, key: key))
  }

  var current: Snapshot { snapshot.withLock { $0 } }

  /// A snapshot that its holder brings up to date when a message begins; costs one load when nothing changed.
  struct Held {
    private(set) var snapshot: Snapshot
    private var generation: Int
    private let live: LiveSettings

    init(_ live: LiveSettings) {
      self.live = live
      generation = live.generation.load(ordering: .acquiring)
      snapshot = live.current
    }

    mutating func refresh() {
      guard live.generation.load(ordering: .acquiring) != generation else { return }
      self = Held(live)
    }
  }

  /// Wrong settings change nothing.
  func replace(_ settings: Settings) throws(CommandFailure) {
    let fresh = try Snapshot(settings, key: key)
    snapshot.withLock { $0 = fresh }
    generation.add(1, ordering: .releasing)
  }
}
