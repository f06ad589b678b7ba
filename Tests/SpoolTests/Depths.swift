import Testing
import Voicemail

@testable import Spool

@Suite("How full the spool was") struct Depths {
  /// Slices of 100 ms: one message from 150 to 250, one from 210 to 260, one since 330, one that came and went at 480.
  @Test func `is told from the messages' own facts, over a restart`() throws {
    let spool = try TestSpool()
    func depths(_ first: Int64) throws -> [Int] {
      try spool.store.depths(sinceSlice: first, sliceMS: 100, nowMS: 555)
    }
    #expect(try depths(1) == [0, 0, 0, 0, 0])
    for (id, received, finished) in [("a", 150, 250), ("b", 210, 260), ("d", 480, 480)] {
      try spool.ready(.sample(id, receivedMS: Int64(received)), enhanced: nil)
      try spool.run(
        "UPDATE message SET state = 'delivering' WHERE id = '\(id)'")
      try spool.run(
        "UPDATE message SET state = 'delivered', finished_ms = \(finished) WHERE id = '\(id)'")
    }
    try spool.store.accept(.sample("c", receivedMS: 330))
    #expect(try depths(1) == [1, 2, 1, 2, 1])
    #expect(try depths(2) == [2, 1, 2, 1])
    #expect(try depths(5) == [1])
    // A clock that was ahead.
    #expect(try depths(9) == [1])
    try spool.reopen()
    #expect(try depths(1) == [1, 2, 1, 2, 1])
  }
}
