import Testing
import Voicemail

@testable import Spool

@Suite struct ClockChange {
  private let yearMS: Int64 = 31_536_000_000

  @Test func `a next try that a wrong clock has put far off is brought back, others stay`() throws {
    let spool = try TestSpool()
    let now: Int64 = 1_800_000_000_000
    let waits: [(id: String, untilMS: Int64)] = [
      ("soon", now + 600_000), ("far", now + 10 * yearMS), ("past", now - yearMS),
    ]
    for wait in waits {
      try spool.ready(.sample(wait.id, receivedMS: now), enhanced: Array("x".utf8))
      let job = try unwrap(try spool.store.leaseForDelivery(holder: "d", nowMS: now))
      try spool.store.finishDelivery(
        job.lease, replies: [], newQueueID: nil, deliveryMS: 1,
        outcome: .deferred(untilMS: wait.untilMS, reason: "450"), nowMS: now)
    }
    // Held and delivered have no time that counts.
    try spool.ready(.sample("held", receivedMS: now), enhanced: Array("x".utf8))
    try spool.run("UPDATE message SET state = 'held', due_ms = 1 << 60 WHERE id = 'held'")

    #expect(try spool.store.bringBack(nowMS: now) == 1)
    #expect(try spool.store.details("far")?.dueMS == now)
    #expect(try spool.events("far").last == "due now: its next try was set by a clock far ahead")
    #expect(try spool.store.details("soon")?.dueMS == now + 600_000)
    #expect(try spool.store.details("held")?.dueMS == 1 << 60)
    #expect(try spool.store.bringBack(nowMS: now) == 0)
  }

  @Test func `a clock set back a day brings everything back that it would delay`() throws {
    let spool = try TestSpool()
    try spool.ready(.sample(receivedMS: 10 * 86_400_000), enhanced: Array("x".utf8))
    try spool.store.accept(.sample("waiting", receivedMS: 10 * 86_400_000))
    let yesterday: Int64 = 9 * 86_400_000
    #expect(try spool.store.leaseForDelivery(holder: "d", nowMS: yesterday) == nil)
    #expect(try spool.store.bringBack(nowMS: yesterday) == 2)
    #expect(try spool.store.leaseForDelivery(holder: "d", nowMS: yesterday)?.id == "job1")
    #expect(try spool.store.leaseForTranscription(holder: "w", nowMS: yesterday)?.id == "waiting")
  }

  @Test func `a deadline counts from now at the latest`() throws {
    let spool = try TestSpool()
    let now: Int64 = 1_800_000_000_000
    let tomorrow = now + 86_400_000
    for id in ["waits", "begun"] { try spool.store.accept(.sample(id, receivedMS: tomorrow)) }
    // One is in a worker's hands when the clock is set back.
    let begun = try unwrap(try spool.store.leaseForTranscription(holder: "w", nowMS: tomorrow))
    try spool.store.bringBack(nowMS: now)
    try spool.store.postponeTranscription(
      begun.lease, why: "no engine", retryMS: now + 10_000, nowMS: now)
    for _ in 0..<2 {
      let job = try unwrap(
        try spool.store.leaseForTranscription(holder: "w", nowMS: now + 10_000))
      #expect(job.deadlineFromMS == now, "\(job.id)")
    }
  }

  @Test func `a clock set back a few minutes delays nothing that was not deferred`() throws {
    let spool = try TestSpool()
    let now: Int64 = 1_800_000_000_000
    try spool.ready(.sample("ready", receivedMS: now), enhanced: Array("x".utf8))
    try spool.ready(.sample("later", receivedMS: now), enhanced: Array("x".utf8))
    let job = try unwrap(try spool.store.leaseForDelivery(holder: "d", nowMS: now))
    try spool.store.finishDelivery(
      job.lease, replies: [], newQueueID: nil, deliveryMS: 1,
      outcome: .deferred(untilMS: now + 300_000, reason: "450"), nowMS: now)
    try spool.store.accept(.sample("waiting", receivedMS: now))
    #expect(try spool.store.bringBack(nowMS: now) == 0)
    let earlier = now - 600_000
    #expect(try spool.store.bringBack(nowMS: earlier) == 2)
    #expect(try spool.store.details(job.id)?.dueMS == now + 300_000)
    #expect(try spool.store.leaseForDelivery(holder: "d", nowMS: earlier) != nil)
    #expect(
      try spool.store.leaseForTranscription(holder: "w", nowMS: earlier)?.id == "waiting")
    #expect(try spool.store.bringBack(nowMS: earlier) == 0)
  }

  @Test func `a clock that goes is not set back, nor one set forward`() {
    var watch = ClockWatch()
    let looks: [(nowMS: Int64, passedMS: Int64)] = [
      (10_000, 0), (11_000, 1_000), (90_000, 2_000), (20_000, 3_000), (20_500, 4_000), (.max, 0),
      (.min, 0),
    ]
    let found = looks.map { watch.isSetBack(nowMS: $0.nowMS, passedMS: $0.passedMS) }
    // At first nobody has looked yet.
    #expect(found == [true, false, false, true, false, false, true])
  }
}
