import Foundation
import Testing
import Voicemail

@testable import Spool

@Suite struct Outcomes {
  let spool: TestSpool
  var store: JobStore { spool.store }
  let original = Array("the original".utf8)
  let enhanced = Array("the enhanced".utf8)

  init() throws {
    spool = try TestSpool()
    try spool.ready(
      .sample(content: original, recipients: ["ann@example.com", "bob@example.com"]),
      enhanced: enhanced)
  }

  private func lease(_ nowMS: Int64 = 2_000) throws -> LeasedJob {
    try #require(try store.leaseForDelivery(holder: "d", nowMS: nowMS))
  }

  @Test func `delivered: facts stay, content goes`() throws {
    let job = try lease()
    #expect(job.form == .enhanced)
    #expect(job.content == enhanced)
    let replies = [0, 1].map {
      RecipientReply(position: $0, delivered: true, reply: "250 2.0.0 ok")
    }
    #expect(
      try store.finishDelivery(
        job.lease, replies: replies, newQueueID: "4XYZ", deliveryMS: 7, outcome: .done,
        nowMS: 2_100) == .done)
    let details = try #require(try store.details("job1"))
    #expect(details.state == .delivered)
    #expect(details.newQueueID == "4XYZ")
    #expect(details.finishedMS == 2_100)
    #expect(details.deliveryMS == 7)
    #expect(details.leaseHolder == nil)
    #expect(details.recipients.map(\.delivered) == [true, true])
    #expect(details.recipients.map(\.reply) == ["250 2.0.0 ok", "250 2.0.0 ok"])
    #expect(details.events.last?.what == "delivered as 4XYZ")
    #expect(details.result?.status == .ok)
    #expect(try spool.number("SELECT count(*) FROM content") == 0)
    #expect(try store.leaseForDelivery(holder: "d", nowMS: .max) == nil)
    #expect(
      try store.finishDelivery(
        job.lease, replies: job.accepted, newQueueID: nil, deliveryMS: 1, outcome: .done,
        nowMS: 2_200) == nil)
  }

  @Test func `a failure while recording a delivery keeps the content`() throws {
    let job = try lease()
    // The event is the last thing written: all before it must be undone with it.
    try spool.run(
      """
      CREATE TRIGGER refuse BEFORE INSERT ON event WHEN new.what LIKE 'delivered%'
      BEGIN SELECT raise(ABORT, 'no'); END
      """)
    #expect(throws: SpoolError.self) {
      try store.finishDelivery(
        job.lease, replies: job.accepted, newQueueID: "4XYZ", deliveryMS: 7, outcome: .done,
        nowMS: 2_100)
    }
    #expect(try spool.state("job1") == .delivering)
    #expect(try spool.number("SELECT count(*) FROM content") == 2)
    try spool.run("DROP TRIGGER refuse")
    #expect(
      try store.finishDelivery(
        job.lease, replies: job.accepted, newQueueID: "4XYZ", deliveryMS: 7, outcome: .done,
        nowMS: 2_100) == .done)
  }

  @Test func `nobody is done with a message that some recipient has no answer for`() throws {
    let job = try lease()
    let outcome = try store.finishDelivery(
      job.lease, replies: [job.accepted[0]], newQueueID: "4A", deliveryMS: 1, outcome: .done,
      nowMS: 2_100)
    let reason = "not every recipient has an answer of the MTA"
    #expect(outcome == .deferred(untilMS: 62_100, reason: reason))
    #expect(try spool.state("job1") == .deferred)
    #expect(try spool.number("SELECT count(*) FROM content") == 2)
    let again = try lease(62_100)
    #expect(again.envelope.recipients.map(\.address) == ["bob@example.com"])
    #expect(
      try store.finishDelivery(
        again.lease, replies: again.accepted, newQueueID: "4B", deliveryMS: 1, outcome: .done,
        nowMS: 62_200) == .done)
    #expect(try spool.number("SELECT count(*) FROM content") == 0)
  }

  @Test func `who is refused for good is asked again by an administrator only`() throws {
    let job = try lease()
    var refusal = RecipientReply(position: 1, delivered: false, reply: "550 no")
    refusal.isFinal = true
    try store.finishDelivery(
      job.lease,
      replies: [refusal, .init(position: 0, delivered: false, reply: "450 busy")],
      newQueueID: nil, deliveryMS: 1, outcome: .deferred(untilMS: 9_000, reason: "450 busy"),
      nowMS: 2_100)
    #expect(try store.retryAll(heldToo: false, who: "somebody", nowMS: 3_000) == 1)
    let second = try lease(3_000)
    #expect(second.envelope.recipients.map(\.address) == ["ann@example.com"])
    #expect(
      try store.finishDelivery(
        second.lease, replies: second.accepted, newQueueID: "4A", deliveryMS: 1, outcome: .done,
        nowMS: 3_100) == .held(reason: "refused for 1 of its recipients: 550 no"))
    #expect(try spool.state("job1") == .held)
    #expect(try spool.number("SELECT count(*) FROM content") == 2)
    _ = try store.apply(.release, to: "job1", who: "somebody", reason: nil, nowMS: 4_000)
    let third = try lease(4_000)
    #expect(third.envelope.recipients.map(\.address) == ["bob@example.com"])
  }

  @Test func `some have it: the others are tried again, at their time`() throws {
    let job = try lease()
    try store.finishDelivery(
      job.lease,
      replies: [
        .init(position: 0, delivered: true, reply: "250 ok"),
        .init(position: 1, delivered: false, reply: "450 full"),
      ], newQueueID: "4A", deliveryMS: 1, outcome: .deferred(untilMS: 60_000, reason: "450 full"),
      nowMS: 2_100)
    #expect(try spool.state("job1") == .deferred)
    #expect(try store.details("job1")?.reason == "450 full")
    #expect(try store.nextDueMS(delivery: true) == 60_000)
    #expect(try store.leaseForDelivery(holder: "d", nowMS: 59_999) == nil)
    let again = try lease(60_000)
    #expect(again.envelope.recipients.map(\.address) == ["bob@example.com"])
    #expect(again.form == .enhanced)
    #expect(again.content == enhanced)
    #expect(again.attempt == 2)
  }

  @Test func `one address twice is two recipients, each with an answer of its own`() throws {
    let spool = try TestSpool()
    let twice = ["ann@example.com", "bob@example.com", "ann@example.com"]
    try spool.ready(.sample(recipients: twice), enhanced: [1])
    let job = try unwrap(try spool.store.leaseForDelivery(holder: "d", nowMS: 2_000))
    #expect(job.positions == [0, 1, 2])
    try spool.store.finishDelivery(
      job.lease,
      replies: [
        .init(position: 0, delivered: true, reply: "250 ok"),
        .init(position: 1, delivered: true, reply: "250 ok"),
        .init(position: 2, delivered: false, reply: "450 busy"),
      ], newQueueID: "4A", deliveryMS: 1, outcome: .deferred(untilMS: 3_000, reason: "450"),
      nowMS: 2_000)
    let again = try unwrap(try spool.store.leaseForDelivery(holder: "d", nowMS: 3_000))
    #expect(again.positions == [2])
    #expect(again.envelope.recipients.map(\.address) == ["ann@example.com"])
  }

  @Test func `an enhanced message that everybody refused is not offered again`() throws {
    let job = try lease()
    #expect(try store.original(of: job.lease) == original)
    try store.finishDelivery(
      job.lease,
      replies: [.init(position: 0, delivered: true, reply: "250 ok")],
      newQueueID: nil, deliveryMS: 1, outcome: .deferred(untilMS: 2_100, reason: "450 later"),
      form: .original, story: ["554 no"], nowMS: 2_100)
    let again = try lease(2_100)
    #expect(again.form == .original)
    #expect(again.content == original)
    #expect(again.envelope.recipients.map(\.address) == ["bob@example.com"])
    #expect(
      try spool.events("job1").suffix(3).dropLast() == ["554 no", "delivery deferred: 450 later"])
  }

  @Test func `recipients that have it are not sent to again, though a crash cuts the rest off`()
    throws
  {
    let job = try lease()
    let ann = [RecipientReply(position: 0, delivered: true, reply: "250 ok")]
    #expect(try store.noteAccepted(job.lease, replies: ann, newQueueID: "4A", nowMS: 2_100))
    #expect(try spool.state("job1") == .delivering)
    try spool.reopen()
    try store.voidLeases(nowMS: 2_200)
    #expect(try !store.noteAccepted(job.lease, replies: ann, newQueueID: "4B", nowMS: 2_200))
    let again = try lease(2_200)
    #expect(again.envelope.recipients.map(\.address) == ["bob@example.com"])
    try store.finishDelivery(
      again.lease, replies: [.init(position: 1, delivered: true, reply: "250 ok")],
      newQueueID: "4C", deliveryMS: 1, outcome: .done, nowMS: 2_300)
    #expect(try store.details("job1")?.newQueueID == "4A, 4C")
    #expect(try spool.events("job1").contains("accepted for 1 recipients as 4A"))
  }

  @Test func `what waited too long for an MTA that is away is held, and nothing else`() throws {
    try spool.ready(.sample("young", receivedMS: 5_000), enhanced: enhanced)
    try store.accept(.sample("waiting", receivedMS: 1_000))
    let leased = try lease()
    #expect(leased.id == "job1")
    let why = "delivery lifetime is over"
    #expect(try store.holdExpired(receivedBeforeMS: 4_000, reason: why, nowMS: 6_000) == [])
    try store.finishDelivery(
      leased.lease, replies: [], newQueueID: nil, deliveryMS: 1,
      outcome: .deferred(untilMS: 7_000, reason: "no connection"), nowMS: 2_100)
    #expect(try store.holdExpired(receivedBeforeMS: 4_000, reason: why, nowMS: 6_000) == ["job1"])
    #expect(try spool.state("job1") == .held)
    #expect(try spool.events("job1").last == "held: \(why)")
    #expect(try spool.state("young") == .ready)
    #expect(try spool.state("waiting") == .waiting)
  }

  @Test func `held: nothing moves it, and nothing of it is lost`() throws {
    let job = try lease()
    try store.finishDelivery(
      job.lease, replies: [], newQueueID: nil, deliveryMS: 1, outcome: .held(reason: "554 no"),
      nowMS: 2_100)
    try store.expireWaiting(deadlineBeforeMS: .max, nowMS: 9_000)
    try store.voidLeases(nowMS: 9_000)
    #expect(try spool.state("job1") == .held)
    #expect(try store.leaseForDelivery(holder: "d", nowMS: .max) == nil)
    #expect(try store.leaseForTranscription(holder: "w", nowMS: .max) == nil)
    #expect(try store.nextDueMS(delivery: true) == nil)
    #expect(try spool.number("SELECT count(*) FROM content") == 2)
    #expect(try spool.events("job1").last == "held: 554 no")
  }

  @Test func `no word of a transcript is kept`() throws {
    // The result of every test here says "secretword"; only the enhanced bytes may hold it.
    #expect(try spool.text("SELECT result FROM message")?.contains("secretword") == false)
    #expect(try spool.events("job1").contains { $0.contains("secretword") } == false)
  }

  @Test func `after delivery no file holds the recording any more`() throws {
    let marker = Array("a voice nobody else may hear".utf8)
    try spool.ready(.sample("private", content: noise(300_000) + marker), enhanced: marker)
    #expect(Self.contains(marker, in: spool.directory))
    for id in ["job1", "private"] {
      let job = try lease()
      #expect(job.id == id)
      try store.finishDelivery(
        job.lease, replies: job.accepted, newQueueID: "4B", deliveryMS: 1, outcome: .done,
        nowMS: 2_100)
    }
    store.commits.settle()
    #expect(!Self.contains(marker, in: spool.directory))
  }

  private static func contains(_ marker: [UInt8], in directory: String) -> Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.contains { name in
      let bytes = (try? Data(contentsOf: URL(fileURLWithPath: directory + "/" + name))) ?? Data()
      return bytes.range(of: Data(marker)) != nil
    }
  }
}
