internal import Synchronization

/// What all connections of the SMTP fronts share.
struct ContentFilterCommons: Sendable {
  let budget = CollectingBudget()
  let offer = ListenerOffer()
  let marks = PassMarks()
}

/// How much all sessions together may hold of messages that are not judged yet.
///
/// Beyond it a message passes unchanged: better a voicemail without its transcript than a daemon without memory.
final class CollectingBudget: Sendable {
  private let left: Mutex<Int>

  init(bytes: Int = 256 << 20) { left = Mutex(bytes) }

  /// False when there is not that much left; nothing is taken then.
  func take(_ bytes: Int) -> Bool {
    left.withLock { left in
      guard bytes <= left else { return false }
      left -= bytes
      return true
    }
  }

  func give(_ bytes: Int) { left.withLock { $0 += bytes } }
}
