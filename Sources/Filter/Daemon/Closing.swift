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
  /// For half of it the milter takes messages over as always: under load there are such moments too. Where there are
  /// none, new ones pass from then on, and those that are open have the other half. The SMTP fronts take no new one from
  /// the beginning: an MTA that hears 421 keeps its mail and comes again.
  func drain(limitMS: Int64, isHurried: () -> Bool = { false }) -> Int {
    smtp.refuseNew()
    let start = ContinuousClock.now
    func wait(untilMS limit: Int64) {
      let end = start + .milliseconds(limit)
      while open > 0, ContinuousClock.now < end, !isHurried() { usleep(5_000) }
    }
    wait(untilMS: limitMS / 2)
    flag.store(true, ordering: .relaxed)
    wait(untilMS: limitMS)
    return open
  }

  private var open: Int { MilterActivity.messages + smtp.messages }
}
