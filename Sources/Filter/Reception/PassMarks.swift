internal import Synchronization

/// Finds ordinary mail that comes round because the reinjection listener still has this content filter.
///
/// Its bytes are not ours to mark. But the listener is told the first queue id by XFORWARD, and Postfix keeps that
/// with the message and tells it to the next filter, which in a loop is this one: so the mark stands there,
/// `4XyZ.vm1`. Mail so marked is answered with 451 and stays in the MTA's queue; a loop would end with a bounce.
///
/// When the listener has been mended, the mail that waits still has its mark. So what was refused before may try
/// again when no other came round for a while; if the loop is still there, it comes back as `.vm2`, and is the sign.
final class PassMarks: Sendable {
  private static let quiet = Duration.seconds(10)
  private static let limit = 100_000

  private struct State {
    var refused: Set<String> = []
    var lastLoop: ContinuousClock.Instant?
  }
  private let state = Mutex(State())

  /// A queue id as XFORWARD tells it.
  struct Identity: Equatable {
    var queueID: String
    /// How often the message was handed to the listener.
    var passes: Int

    init(_ text: String?) {
      let text = text ?? ""
      (queueID, passes) = (text, 0)
      guard let range = text.lastRange(of: ".vm"), let passes = Int(text[range.upperBound...]),
        passes > 0
      else { return }
      (queueID, self.passes) = (String(text[..<range.lowerBound]), passes)
    }

    var text: String { passes > 0 ? "\(queueID).vm\(passes)" : queueID }

    /// As the listener shall hear it.
    var next: String {
      var next = self
      // More than that is another's counting; it must not overflow.
      next.passes = min(passes, 1_000) + 1
      return next.text
    }
  }

  /// False when the message came round. `now`: for tests.
  func admits(_ identity: Identity, now: ContinuousClock.Instant = .now) -> Bool {
    guard identity.passes > 0 else { return true }
    return state.withLock { state in
      if state.refused.contains(identity.text), let last = state.lastLoop,
        now - last >= Self.quiet
      {
        return true
      }
      // Forgotten ones are refused once more.
      if state.refused.count >= Self.limit { state.refused = [] }
      if state.refused.insert(identity.text).inserted { state.lastLoop = now }
      return false
    }
  }
}

extension String {
  fileprivate func lastRange(of word: String) -> Range<String.Index>? {
    var end = endIndex
    while end > startIndex {
      end = index(before: end)
      if self[end...].hasPrefix(word) { return end..<index(end, offsetBy: word.count) }
    }
    return nil
  }
}
