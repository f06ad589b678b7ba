internal import Glibc
internal import MilterBridge
internal import Synchronization

/// The end of reception: libmilter cuts what is open when it stops, so nothing should be.
final class Closing: Sendable {
  private let flag = Atomic<Bool>(false)

  /// New messages pass unchanged: they would be cut.
  var isClosing: Bool { flag.load(ordering: .relaxed) }

  /// Waits for a moment without an open message; how many are open at the end of the limit.
  ///
  /// Messages are taken over as always meanwhile: under load there are such moments too.
  func drain(limitMS: Int64, isHurried: () -> Bool = { false }) -> Int {
    let end = ContinuousClock.now + .milliseconds(limitMS)
    func wait() {
      while MilterActivity.messages > 0, ContinuousClock.now < end, !isHurried() { usleep(5_000) }
    }
    wait()
    flag.store(true, ordering: .relaxed)
    // One may have begun in between.
    wait()
    return MilterActivity.messages
  }
}
