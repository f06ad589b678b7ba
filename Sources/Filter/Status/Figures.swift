internal import Synchronization

/// Counts since the daemon started, for /metrics, and how full the spool was in the last day, for the page.
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

  /// The most messages in the spool in that slice of time.
  struct Depth: Sendable, Equatable {
    var slice: Int64
    var messages: Int
  }

  static let sliceMS: Int64 = 900_000
  static let slices = 96

  private let counts = Mutex(Counts())
  private let depths = Mutex<[Depth]>([])

  var now: Counts { counts.withLock { $0 } }
  var day: [Depth] { depths.withLock { $0 } }

  func change(_ body: (inout Counts) -> Void) { counts.withLock { body(&$0) } }

  /// To be told once a minute.
  func note(depth messages: Int, nowMS: Int64) {
    let slice = nowMS / Self.sliceMS
    depths.withLock { depths in
      if let last = depths.last, last.slice == slice {
        depths[depths.count - 1].messages = max(last.messages, messages)
      } else {
        depths.append(Depth(slice: slice, messages: messages))
        depths.removeFirst(max(depths.count - Self.slices, 0))
      }
    }
  }
}
