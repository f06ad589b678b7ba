internal import Glibc
internal import MilterBridge
internal import SMTP
internal import Synchronization

/// The end of reception: what is open when the fronts stop is cut, so nothing should be.
final class Closing: Sendable {
  private let flag = Atomic<Bool>(false)

  /// What the SMTP fronts have in hand.
  let smtp = ServerActivity()

  /// New messages pass the milter unchanged: they would be cut.
  var isClosing: Bool { flag.load(ordering: .relaxed) }

  /// Waits for a moment without an open message; how many are open at the end of the limit.
  ///
  /// The milter takes messages over as always meanwhile: under load there are such moments too. The SMTP
  /// fronts take no new one from now on: an MTA that hears 421 keeps its mail and comes again.
  func drain(limitMS: Int64, isHurried: () -> Bool = { false }) -> Int {
    smtp.refuseNew()
    let end = ContinuousClock.now + .milliseconds(limitMS)
    func wait() {
      while open > 0, ContinuousClock.now < end, !isHurried() { usleep(5_000) }
    }
    wait()
    flag.store(true, ordering: .relaxed)
    // One may have begun in between.
    wait()
    return open
  }

  private var open: Int { MilterActivity.messages + smtp.messages }
}
