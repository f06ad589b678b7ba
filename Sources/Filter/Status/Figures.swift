internal import Spool
internal import Synchronization

/// Counts since the daemon started, for /metrics, and what is known of the last day's spool, for the page.
final class Figures: Sendable {
  /// How many values were no more than each bound; the last is all.
  struct Histogram: Sendable, Equatable {
    let bounds: [Double]
    private(set) var counts: [Int]
    private(set) var sum = 0.0

    init(_ bounds: [Double]) {
      self.bounds = bounds
      counts = Array(repeating: 0, count: bounds.count + 1)
    }

    mutating func add(_ value: Double) {
      counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
      sum += value
    }
  }

  struct Counts: Sendable {
    var received = 0
    /// By what became of the transcript.
    var transcribed: [String: Int] = [:]
    var delivered = 0
    var deferred = 0
    var held = 0
    var recognizeSeconds = Histogram([0.5, 1, 2, 5, 10, 30, 60, 120, 300])
    /// From reception to the MTA's answer.
    var deliverySeconds = Histogram([1, 2, 5, 10, 30, 60, 120, 300, 600, 3_600])
  }

  static let sliceMS: Int64 = 900_000
  static let slices = 96

  private let counts = Mutex(Counts())
  /// Of slices that are over: these do not change any more.
  private let depths = Mutex<[Int64: Int]>([:])

  var now: Counts { counts.withLock { $0 } }

  func change(_ body: (inout Counts) -> Void) { counts.withLock { body(&$0) } }

  /// The most messages in the spool, by slice, the oldest first; `count` is asked for those from one on that are not
  /// known yet.
  func depths(nowMS: Int64, _ count: (_ sinceSlice: Int64) throws(SpoolError) -> [Int])
    throws(SpoolError) -> [Int]
  {
    let now = nowMS / Self.sliceMS
    let first = now - Int64(Self.slices) + 1
    var known = depths.withLock { $0 }.filter { first <= $0.key && $0.key < now }
    let since = (first...now).first { known[$0] == nil } ?? now
    for (index, depth) in try count(since).enumerated() { known[since + Int64(index)] = depth }
    let day = (first...now).map { known[$0] ?? 0 }
    known[now] = nil
    depths.withLock { [known] in $0 = known }
    return day
  }
}
