import Foundation
import Synchronization
import Testing
import Voicemail

@testable import Spool

/// Limits of what the spool takes, and room that is given back.
@Suite struct Room {
  @Test func `more messages than allowed are refused until one is delivered`() throws {
    let spool = try TestSpool()
    let limits = SpoolLimits(maxMessages: 2)
    try spool.ready(.sample("a"), enhanced: [1])
    try spool.store.accept(.sample("b"), within: limits)
    let error = #expect(throws: SpoolError.self) {
      try spool.store.accept(.sample("c"), within: limits)
    }
    #expect(error?.isFull == true)
    #expect(error?.sentence == "spool \(spool.file): holds 2 messages, max_messages is 2")
    #expect(try spool.state("c") == nil)
    let job = try unwrap(try spool.store.leaseForDelivery(holder: "d", nowMS: 2_000))
    try spool.store.finishDelivery(
      job.lease, replies: job.accepted, newQueueID: nil, deliveryMS: 1, outcome: .done, nowMS: 2_000
    )
    #expect(try spool.store.accept(.sample("c"), within: limits))
    #expect(throws: SpoolError.self) { try spool.store.accept(.sample("d"), within: limits) }
    // Of a deleted one history alone is left, too.
    _ = try spool.store.apply(.delete, to: "c", who: "root", reason: nil, nowMS: 3_000)
    #expect(try spool.store.accept(.sample("d"), within: limits))
  }

  @Test func `more bytes than allowed are refused, free pages do not count`() throws {
    let spool = try TestSpool()
    let limits = SpoolLimits(maxSpoolBytes: 1_500_000)
    try spool.ready(.sample("a", content: noise(1_000_000)), enhanced: nil)
    let error = #expect(throws: SpoolError.self) {
      try spool.store.accept(.sample("b", content: noise(1_000_000)), within: limits)
    }
    #expect(error?.isFull == true)
    #expect(error?.sentence.hasSuffix("max_spool_bytes is 1500000") == true)
    let job = try unwrap(try spool.store.leaseForDelivery(holder: "d", nowMS: 2_000))
    try spool.store.finishDelivery(
      job.lease, replies: job.accepted, newQueueID: nil, deliveryMS: 1, outcome: .done, nowMS: 2_000
    )
    #expect(try spool.number("PRAGMA page_count") * 4_096 > 1_000_000)
    #expect(try spool.store.accept(.sample("b", content: noise(1_000_000)), within: limits))
  }

  @Test func `too little room on the disk refuses, and says how little`() throws {
    let spool = try TestSpool()
    let error = #expect(throws: SpoolError.self) {
      try spool.store.accept(.sample(), within: SpoolLimits(minFreeBytes: .max / 2))
    }
    #expect(error?.isFull == true)
    #expect(error?.sentence.contains(" bytes are free on its disk, min_free_bytes is ") == true)
    #expect(try spool.store.accept(.sample(), within: SpoolLimits(minFreeBytes: 1)))
  }

  @Test func `room that nobody needs is given back in small steps`() throws {
    let spool = try TestSpool()
    try spool.ready(.sample(content: noise(8_000_000)), enhanced: nil)
    let job = try unwrap(try spool.store.leaseForDelivery(holder: "d", nowMS: 2_000))
    try spool.store.finishDelivery(
      job.lease, replies: job.accepted, newQueueID: nil, deliveryMS: 1, outcome: .done, nowMS: 2_000
    )
    var before = try spool.number("PRAGMA page_count")
    #expect(before > 1_950)
    var steps = 0
    while try spool.store.tidy(historyMS: 1_000_000, nowMS: 2_000) {
      let now = try spool.number("PRAGMA page_count")
      #expect(now < before && now >= before - 260)
      (before, steps) = (now, steps + 1)
    }
    #expect(steps >= 3)
    #expect(try spool.number("PRAGMA freelist_count") == 1_024)
    spool.store.commits.settle()
    let size = try FileManager.default.attributesOfItem(atPath: spool.file)[.size] as? Int
    #expect(try #require(size) < 5_000_000)
  }

  @Test func `history goes after its time, a step at a time, and nothing else with it`() throws {
    let spool = try TestSpool()
    let day: Int64 = 86_400_000
    for number in 0..<250 {
      try spool.insert("old\(number)", state: .waiting, receivedMS: 1)
    }
    try spool.run("UPDATE message SET state = 'ready', stage = 'delivery'")
    try spool.run("UPDATE message SET state = 'delivering'")
    try spool.run("UPDATE message SET state = 'delivered', finished_ms = \(day)")
    try spool.ready(.sample("new", receivedMS: 20 * day), enhanced: nil)
    let job = try unwrap(try spool.store.leaseForDelivery(holder: "d", nowMS: 21 * day))
    try spool.store.finishDelivery(
      job.lease, replies: job.accepted, newQueueID: nil, deliveryMS: 1, outcome: .done,
      nowMS: 21 * day)
    var held = NewJob.sample("held for years", receivedMS: 1)
    held.fingerprint = [1]
    try spool.store.accept(held)

    #expect(try !spool.store.tidy(historyMS: 30 * day, nowMS: 31 * day))
    #expect(try spool.number("SELECT count(*) FROM message") == 252)
    #expect(try spool.number("SELECT count(*) FROM seen") == 0)
    #expect(try spool.store.tidy(historyMS: 30 * day, nowMS: 32 * day))
    #expect(try spool.number("SELECT count(*) FROM message") == 52)
    #expect(try !spool.store.tidy(historyMS: 30 * day, nowMS: 32 * day))
    #expect(try spool.store.find("") == ["held for years", "new"])
    #expect(try spool.number("SELECT count(*) FROM delivered_in_minute") == 1)
    #expect(try spool.store.statistics(nowMS: 32 * day).messages["delivered"] == 1)
    #expect(try !spool.events("new").isEmpty)
    #expect(try !spool.store.tidy(historyMS: 0, nowMS: 32 * day))
    #expect(try spool.number("SELECT count(*) FROM event WHERE message_id = 'new'") == 0)
  }
}
