import Testing
import Voicemail

@testable import Spool

/// Messages that go out first, and transcripts that follow.
@Suite struct Replies {
  private func job(_ start: NewJob.Start, late: Bool = false) -> NewJob {
    var job = NewJob.sample(recipients: ["ann@example.com", "bob@example.com"])
    job.policy = Policy(name: "some")
    job.policy.lateReply = late
    job.start = start
    job.allowedMS = 500
    return job
  }

  private func deliver(_ spool: TestSpool, as outcome: DeliveryOutcome = .done, nowMS: Int64)
    throws -> LeasedJob
  {
    let leased = try unwrap(try spool.store.leaseForDelivery(holder: "d", nowMS: nowMS))
    try spool.store.finishDelivery(
      leased.lease,
      replies: leased.positions.map {
        RecipientReply(position: $0, delivered: outcome == .done, reply: "250 2.0.0 Ok")
      }, newQueueID: outcome == .done ? "4X\(nowMS)" : nil, deliveryMS: 1, outcome: outcome,
      nowMS: nowMS)
    return leased
  }

  @Test func `the original goes out at once, then the transcript to the same recipients`() throws {
    let spool = try TestSpool()
    let job = job(.original(replyFollows: true))
    try spool.store.accept(job)
    #expect(try spool.store.leaseForTranscription(holder: "w", nowMS: 1_000) == nil)
    let first = try deliver(spool, nowMS: 2_000)
    #expect(first.form == .original)
    #expect(first.content == job.content)

    let work = try unwrap(try spool.store.leaseForTranscription(holder: "w", nowMS: 2_000))
    #expect(work.form == .reply)
    #expect(work.content == job.content)
    #expect(work.policy == job.policy)
    #expect(work.deadlineFromMS == 2_000)
    #expect(work.allowedMS == Policy.replyWithinMS)
    try spool.store.finishTranscription(
      work.lease, result: .sample, outgoing: [7], nowMS: 3_000)
    let second = try deliver(spool, nowMS: 4_000)
    #expect(second.form == .reply)
    #expect(second.content == [7])
    #expect(second.envelope.recipients == job.envelope.recipients)
    let details = try unwrap(try spool.store.details(job.id))
    #expect(details.state == .delivered)
    #expect(details.newQueueID == "4X2000, 4X4000")
    #expect(try spool.number("SELECT count(*) FROM content") == 0)
    #expect(try spool.store.leaseForDelivery(holder: "d", nowMS: 9_000) == nil)
  }

  @Test func `whoever has the message gets the transcript, whoever waits does not delay it`() throws
  {
    let spool = try TestSpool()
    let job = job(.original(replyFollows: true))
    try spool.store.accept(job)
    let lease = try unwrap(try spool.store.leaseForDelivery(holder: "d", nowMS: 2_000))
    try spool.store.finishDelivery(
      lease.lease,
      replies: [
        RecipientReply(position: lease.positions[0], delivered: true, reply: "250 2.0.0 Ok"),
        RecipientReply(position: lease.positions[1], delivered: false, reply: "450 4.2.2 Full"),
      ], newQueueID: "4X1", deliveryMS: 1, outcome: .deferred(untilMS: 5_000, reason: "450"),
      replyID: "reply1", nowMS: 2_000)
    let work = try unwrap(try spool.store.leaseForTranscription(holder: "w", nowMS: 2_000))
    #expect(work.id == "reply1")
    #expect(work.form == .reply)
    #expect(work.content == job.content)
    #expect(work.envelope.recipients.map(\.address) == ["ann@example.com"])
    try spool.store.finishTranscription(work.lease, result: .sample, outgoing: [7], nowMS: 3_000)
    let reply = try deliver(spool, nowMS: 4_000)
    #expect(reply.envelope.recipients.map(\.address) == ["ann@example.com"])
    #expect(reply.content == [7])
    #expect(try spool.state("reply1") == .delivered)
    // The other one has the message later, and a reply then.
    let rest = try deliver(spool, nowMS: 6_000)
    #expect(rest.id == job.id)
    #expect(rest.form == .original)
    #expect(rest.content == job.content)
    #expect(rest.envelope.recipients.map(\.address) == ["bob@example.com"])
    let last = try unwrap(try spool.store.leaseForTranscription(holder: "w", nowMS: 6_000))
    #expect(last.id == job.id)
    #expect(last.envelope.recipients.map(\.address) == ["bob@example.com"])
  }

  @Test func `a crash while a reply is made or goes out makes it again, and no original`() throws {
    let spool = try TestSpool()
    try spool.store.accept(job(.reply))
    _ = try unwrap(try spool.store.leaseForTranscription(holder: "w", nowMS: 2_000))
    try spool.reopen()
    try spool.store.voidLeases(nowMS: 2_100)
    let work = try unwrap(try spool.store.leaseForTranscription(holder: "w", nowMS: 2_200))
    #expect(work.form == .reply)
    try spool.store.finishTranscription(work.lease, result: .sample, outgoing: [7], nowMS: 2_300)
    _ = try unwrap(try spool.store.leaseForDelivery(holder: "d", nowMS: 2_400))
    try spool.reopen()
    try spool.store.voidLeases(nowMS: 2_500)
    #expect(try deliver(spool, nowMS: 2_600).form == .reply)
    #expect(try spool.state("job1") == .delivered)
  }

  private enum End: CaseIterable { case noTranscript, workerLost, tooLate, refused }

  @Test func `a reply that cannot be ends the story, and its content goes`() throws {
    for end in End.allCases {
      let spool = try TestSpool()
      let store = spool.store
      try store.accept(job(.reply))
      switch end {
      case .tooLate: try store.expireWaiting(deadlineBeforeMS: 2_000, nowMS: 2_000)
      case .noTranscript, .workerLost, .refused:
        let work = try unwrap(try store.leaseForTranscription(holder: "w", nowMS: 1_000))
        if end == .workerLost {
          try store.loseWorker(work.lease, why: "it crashed", retryMS: nil, nowMS: 1_100)
        } else {
          var result = WorkResult.sample
          if end == .noTranscript { result.refusal = "not understood" }
          try store.finishTranscription(
            work.lease, result: result, outgoing: end == .noTranscript ? nil : [7], nowMS: 1_100)
        }
      }
      if end == .refused { _ = try deliver(spool, as: .givenUp(reason: "550 no"), nowMS: 1_200) }
      let details = try unwrap(try store.details("job1"))
      #expect(details.state == .delivered, "\(end)")
      #expect(details.form == .original, "it counts as one without a transcript")
      #expect(
        details.events.last?.what.hasPrefix("no reply is sent: ") == true
          || end == .noTranscript && details.events.contains { $0.what.contains("not understood") })
      #expect(try spool.number("SELECT count(*) FROM content") == 0, "\(end)")
      #expect(try store.leaseForDelivery(holder: "d", nowMS: 9_000) == nil)
    }
  }

  @Test func `a late transcript follows only where the policy says so`() throws {
    for late in [true, false] {
      let spool = try TestSpool()
      try spool.store.accept(job(.message, late: late))
      try spool.store.expireWaiting(deadlineBeforeMS: 1_500, nowMS: 1_500)
      #expect(try spool.state("job1") == .waiting, "its deadline is at 1,500")
      try spool.store.expireWaiting(deadlineBeforeMS: 1_501, nowMS: 1_501)
      #expect(try deliver(spool, nowMS: 2_000).form == .original)
      #expect(try spool.state("job1") == (late ? .waiting : .delivered))
    }
    let spool = try TestSpool()
    try spool.store.accept(job(.message, late: true))
    let work = try unwrap(try spool.store.leaseForTranscription(holder: "w", nowMS: 1_000))
    try spool.store.postpone(work.lease, nowMS: 1_600)
    #expect(try deliver(spool, nowMS: 1_700).form == .original)
    #expect(try spool.store.leaseForTranscription(holder: "w", nowMS: 1_800)?.form == .reply)
  }

  @Test func `a reply is not held for its age, nor made an original by hand`() throws {
    let spool = try TestSpool()
    try spool.store.accept(job(.reply))
    let work = try unwrap(try spool.store.leaseForTranscription(holder: "w", nowMS: 1_000))
    try spool.store.finishTranscription(work.lease, result: .sample, outgoing: [7], nowMS: 1_100)
    #expect(
      try spool.store.holdExpired(receivedBeforeMS: 9_000, reason: "old", nowMS: 9_000).isEmpty)
    let outcome = try spool.store.apply(
      .deliverOriginal, to: "job1", who: "root", reason: nil, nowMS: 9_000)
    #expect(outcome == .refused("is a reply: its message has been delivered"))
    // Transcribed again it is a reply still.
    _ = try spool.store.apply(
      .transcribeAgain, to: "job1", who: "root", reason: nil, nowMS: 9_000)
    #expect(try spool.store.leaseForTranscription(holder: "w", nowMS: 9_100)?.form == .reply)
  }

  @Test func `a message divided by policy is taken over whole or not at all`() throws {
    let spool = try TestSpool()
    var first = job(.message)
    first.fingerprint = [1]
    var second = job(.original(replyFollows: false))
    second.id = "job2"
    #expect(try spool.store.accept([first, second]))
    #expect(try spool.store.find("") == ["job1", "job2"])
    (first.id, second.id) = ("job3", "job4")
    #expect(try !spool.store.accept([first, second]), "it has been taken over before")
    #expect(try spool.store.find("") == ["job1", "job2"])
    first.fingerprint = nil
    second.id = "job2"
    #expect(throws: SpoolError.self) { try spool.store.accept([first, second]) }
    #expect(try spool.store.find("") == ["job1", "job2"])
  }
}

/// "3rd message from this number today".
@Suite struct CallCounts {
  @Test func `a caller's messages of the day are counted, divided ones once`() throws {
    let spool = try TestSpool()
    func accept(_ id: String, _ caller: [UInt8]?, atMS: Int64) throws {
      var job = NewJob.sample(id, receivedMS: atMS)
      job.callerHash = caller
      try spool.store.accept(job)
    }
    try accept("yesterday", [1], atMS: 900)
    try accept("first", [1], atMS: 1_000)
    try accept("part1", [1], atMS: 2_000)
    try accept("part2", [1], atMS: 2_000)
    try accept("other", [2], atMS: 2_500)
    try accept("third", [1], atMS: 3_000)
    try accept("unknown", nil, atMS: 3_100)
    func number(_ id: String) throws -> Int? {
      try spool.store.callNumber(of: id, sinceMS: 1_000)
    }
    #expect(try number("first") == 1)
    #expect(try number("part1") == 2)
    #expect(try number("part2") == 2)
    #expect(try number("third") == 3)
    #expect(try number("other") == 1)
    #expect(try number("unknown") == nil)
  }
}
