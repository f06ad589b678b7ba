import Testing
import Voicemail

@Suite struct Numbers {
  @Test func `the first waits double, within a fifth of their step`() {
    var random = SeededGenerator(state: 7)
    let schedule = RetrySchedule(firstMS: 5_000, longestMS: 600_000)
    var seen: Set<Int64> = []
    for (attempt, step) in [(1, 5_000), (2, 10_000), (3, 20_000), (7, 320_000)] as [(Int, Int64)] {
      for _ in 0..<200 {
        let delay = schedule.delayMS(afterAttempt: attempt, using: &random)
        #expect((step * 8 / 10...step * 12 / 10).contains(delay))
        seen.insert(delay)
      }
    }
    #expect(seen.count > 50)
  }

  @Test(arguments: [8, 30, 31, 32, 63, 64, 1_000_000, Int.max])
  func `no wait grows beyond the longest`(attempt: Int) {
    var random = SeededGenerator(state: 7)
    let delay = RetrySchedule().delayMS(afterAttempt: attempt, using: &random)
    #expect((480_000...720_000).contains(delay))
  }

  @Test(arguments: [0, -1, Int.min])
  func `no attempt counts as the first`(attempt: Int) {
    var random = SeededGenerator(state: 7)
    let delay = RetrySchedule().delayMS(afterAttempt: attempt, using: &random)
    #expect((4_000...6_000).contains(delay))
  }

  @Test func `ids sort by time`() {
    var random = SeededGenerator(state: 1)
    let times: [Int64] = [0, 1, 999, 1_000, 1_785_000_000_000, 1_785_000_000_001, 1 << 44]
    let ids = times.map { JobID.make(atMS: $0, using: &random) }
    #expect(ids == ids.sorted())
  }

  @Test func `ids are fourteen letters safe in shells and header fields`() {
    var random = SeededGenerator(state: 1)
    for time in [0, 1_785_000_000_000, Int64.max, -1, Int64.min] {
      let id = JobID.make(atMS: time, using: &random)
      #expect(id.utf8.count == 14)
      #expect(id.allSatisfy { "0123456789abcdefghjkmnpqrstvwxyz".contains($0) })
    }
  }

  @Test func `ids of one millisecond differ`() {
    var random = SystemRandomNumberGenerator()
    // Chance of a clash among 40 of 33 million: 1 in 43 000.
    let ids = Set((0..<40).map { _ in JobID.make(atMS: 1_785_000_000_000, using: &random) })
    #expect(ids.count == 40)
    #expect(Set(ids.map { $0.prefix(9) }).count == 1)
  }
}
