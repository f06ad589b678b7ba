internal import Operations
internal import SMTP
internal import Synchronization

/// Whether the MTA's listener is there, found out where no delivery has told: asked at most once a minute.
final class TargetProbe: Sendable {
  static let freshMS: Int64 = 60_000

  private struct Answer {
    var target: SMTPTarget
    var atMS: Int64
    var trouble: String?
  }

  private let last = Mutex<Answer?>(nil)

  /// Why it cannot take messages back; nil when it can, or is a command.
  func trouble(_ live: LiveSettings.Snapshot, nowMS: Int64) -> String? {
    guard let target = live.listener else { return nil }
    return last.withLock { last in
      if let last, last.target == target, abs(nowMS - last.atMS) < Self.freshMS {
        return last.trouble
      }
      let trouble = Self.ask(target, live.settings.hostname)
      last = Answer(target: target, atMS: nowMS, trouble: trouble)
      return trouble
    }
  }

  private static func ask(_ target: SMTPTarget, _ hostname: String) -> String? {
    do throws(SMTPFailure) {
      let client = try SMTPClient(
        target, heloName: hostname, limits: SMTPLimits(everywhere: .seconds(3)))
      try client.refuseOwnKind()
      client.quit()
      return nil
    } catch {
      return error.sentence
    }
  }
}
