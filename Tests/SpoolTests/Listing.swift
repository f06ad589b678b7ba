import Testing
import Voicemail

@testable import Spool

@Suite struct Listing {
  @Test func `an id is found by its beginning, and wildcards mean nothing`() throws {
    let spool = try TestSpool()
    for id in ["0abc", "0abd", "0b", "zz"] { try spool.store.accept(.sample(id)) }
    #expect(try spool.store.find("0ab") == ["0abc", "0abd"])
    #expect(try spool.store.find("0abc") == ["0abc"])
    #expect(try spool.store.find("z") == ["zz"])
    for nothing in [
      "%", "_abc", "0a%", "0a*", "0a?", "[0]", "0abcd", "' OR 1 --", "0ab\u{0}", "é", "\u{10ffff}",
    ] {
      #expect(try spool.store.find(nothing).isEmpty, "\(nothing)")
    }
  }

  @Test func `many matches are cut at twenty`() throws {
    let spool = try TestSpool()
    for number in 10..<40 { try spool.store.accept(.sample("a\(number)")) }
    #expect(try spool.store.find("a") == (10..<30).map { "a\($0)" })
  }

  @Test func `nobody has no details`() throws {
    #expect(try TestSpool().store.details("none") == nil)
  }

  @Test func `an empty spool counts nothing`() throws {
    let numbers = try TestSpool().store.statistics(nowMS: 1_000)
    #expect(Set(numbers.messages.keys) == Set(JobState.allCases.map(\.rawValue)))
    #expect(numbers.messages.values.allSatisfy { $0 == 0 })
    #expect(numbers.oldestReceivedMS == nil)
    #expect(numbers.medianSeconds == nil)
    #expect(numbers.deliveredLastDay == 0)
    #expect(numbers.spoolBytes > 0)
  }

  @Test func `statistics count states, age, and the last day's deliveries`() throws {
    let spool = try TestSpool()
    let store = spool.store
    let day: Int64 = 86_400_000
    let now = 10 * day
    // Taken, delivered after; with which transcript.
    let deliveries: [(id: String, received: Int64, took: Int64, status: TranscriptStatus)] = [
      ("long ago", now - 2 * day, 1_000, .ok), ("yesterday", now - day / 2, 9_000, .low),
      ("now", now - 60_000, 2_000, .failed), ("last", now - 30_000, 4_000, .ok),
    ]
    for item in deliveries {
      try store.accept(.sample(item.id, receivedMS: item.received))
      let job = try #require(try store.leaseForTranscription(holder: "w", nowMS: now))
      // The last one's enhanced form does not exist: it goes out as it came.
      try store.finishTranscription(
        job.lease, result: .made("word", status: item.status),
        outgoing: item.id == "last" ? nil : [1], nowMS: now)
      let out = try #require(try store.leaseForDelivery(holder: "d", nowMS: now))
      try store.finishDelivery(
        out.lease, replies: out.accepted, newQueueID: nil, deliveryMS: 1, outcome: .done,
        nowMS: item.received + item.took)
    }
    try store.accept(.sample("waits", receivedMS: now - 5_000))
    try store.accept(.sample("waits too", receivedMS: now - 4_000))
    let numbers = try store.statistics(nowMS: now)
    #expect(numbers.messages["delivered"] == 4)
    #expect(numbers.messages["waiting"] == 2)
    #expect(numbers.messages.values.reduce(0, +) == 6)
    #expect(numbers.oldestReceivedMS == now - 5_000)
    #expect(numbers.deliveredLastDay == 3)
    #expect(numbers.deliveredLastHour == 2)
    #expect(numbers.withoutTranscriptLastDay == 2)
    #expect(numbers.medianSeconds == 4)
    #expect(numbers.longestSeconds == 9)
  }
}
