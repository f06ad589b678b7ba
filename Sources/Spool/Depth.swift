internal import Voicemail

extension JobStore {
  /// The most messages that were in the spool at one moment, by slices of that length (milliseconds, counted from 1970)
  /// from that one to the present one; from their own facts, so that it outlives a restart.
  package func depths(sinceSlice first: Int64, sliceMS: Int64, nowMS: Int64) throws(SpoolError)
    -> [Int]
  {
    let start = first * sliceMS
    let (before, moves) = try commits.perform { connection throws(SpoolError) in
      var before = 0
      var moves: [Move] = []
      for state in JobState.allCases where state.isOpen {
        // Answered by its index alone: there may be very many.
        before +=
          try connection.query(
            "SELECT count(*) FROM message WHERE state = ? AND received_ms < ?",
            .text(state.rawValue), .integer(start)
          ) { Int($0.integer(0)) }.first ?? 0
        moves += try connection.query(
          "SELECT received_ms FROM message WHERE state = ? AND received_ms >= ?",
          .text(state.rawValue), .integer(start)
        ) { Move(atMS: $0.integer(0), change: 1) }
      }
      let finished = try connection.query(
        "SELECT received_ms, finished_ms FROM message WHERE finished_ms >= ?", .integer(start)
      ) { (received: $0.integer(0), finished: $0.integer(1)) }
      for message in finished {
        if message.received < start {
          before += 1
        } else {
          moves.append(Move(atMS: message.received, change: 1))
        }
        moves.append(Move(atMS: max(message.finished, message.received), change: -1))
      }
      return (before, moves)
    }
    return Self.peaks(before: before, moves, slices: first...max(nowMS / sliceMS, first), sliceMS)
  }

  /// A message that came or went.
  private struct Move: Sendable {
    var atMS: Int64
    var change: Int
  }

  private static func peaks(
    before: Int, _ moves: [Move], slices: ClosedRange<Int64>, _ sliceMS: Int64
  ) -> [Int] {
    // One that came and went at once was there.
    let sorted = moves.sorted { ($0.atMS, -$0.change) < ($1.atMS, -$1.change) }
    var depth = before
    var next = sorted.startIndex
    return slices.map { slice in
      var peak = depth
      while next < sorted.endIndex, sorted[next].atMS / sliceMS <= slice {
        depth += sorted[next].change
        peak = max(peak, depth)
        next += 1
      }
      return peak
    }
  }
}
