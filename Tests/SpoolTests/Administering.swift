import Testing
import Voicemail

@testable import Spool

/// What an administrator does to messages, at the spool itself.
@Suite struct Administering {
  let spool: TestSpool
  var store: JobStore { spool.store }

  init() throws { spool = try TestSpool() }

  /// A message of that name in that state.
  private func make(_ id: String, _ state: JobState) throws {
    switch state {
    case .waiting: try store.accept(.sample(id))
    case .transcribing:
      try store.accept(.sample(id))
      _ = try #require(try store.leaseForTranscription(holder: "w", nowMS: 1_000))
    case .ready: try spool.ready(.sample(id), enhanced: Array("enhanced".utf8))
    case .delivering, .deferred, .held, .delivered:
      try spool.ready(.sample(id), enhanced: Array("enhanced".utf8))
      let job = try #require(try store.leaseForDelivery(holder: "d", nowMS: 1_000))
      let outcomes: [JobState: DeliveryOutcome] = [
        .deferred: .deferred(untilMS: 60_000, reason: "450 later"),
        .held: .held(reason: "554 no"), .delivered: .done,
      ]
      guard let outcome = outcomes[state] else { return }
      try store.finishDelivery(
        job.lease, replies: job.replies(with: outcome), newQueueID: nil, deliveryMS: 1,
        outcome: outcome, nowMS: 1_000)
    case .failed:
      try spool.ready(.sample(id), enhanced: Array("enhanced".utf8))
      try spool.run(
        "UPDATE message SET state = 'delivering', lease_holder = 'd' WHERE id = '\(id)'")
      try spool.run("UPDATE message SET state = 'failed', lease_holder = NULL WHERE id = '\(id)'")
    case .deleted:
      try store.accept(.sample(id))
      _ = try apply(.delete, id)
    }
  }

  private func apply(
    _ verb: AdministratorVerb, _ id: String, reason: String? = nil, nowMS: Int64 = 5_000
  ) throws -> VerbOutcome {
    try store.apply(verb, to: id, who: "root", reason: reason, nowMS: nowMS)
  }

  @Test(arguments: AdministratorVerb.allCases)
  func `each verb does in each state what the table says, and the story tells it`(
    _ verb: AdministratorVerb
  ) throws {
    for state in JobState.allCases { try Administering().check(verb, state) }
    #expect(try apply(verb, "nobody") == .noSuchMessage)
  }

  private func check(_ verb: AdministratorVerb, _ state: JobState) throws {
    try make("a", state)
    #expect(try spool.state("a") == state)
    let before = try #require(try store.details("a"))
    let outcome = try apply(verb, "a", reason: "because")
    let after = try #require(try store.details("a"))
    switch verb.effect(in: state) {
    case .refused(let why):
      #expect(outcome == .refused(why))
      #expect(after == before)
    case .moves(let states):
      // The stage of all that have two ways is delivery here.
      let next = try #require(states.last)
      #expect(outcome == .done(was: state, now: next))
      #expect(after.state == next)
      #expect(after.events.last?.what == "\(verb.past) by root: because")
      #expect(after.leaseHolder == nil)
      #expect(after.heldBy == (verb == .hold ? "root" : nil))
    }
  }

  @Test func `a worker whose message was taken away changes nothing`() throws {
    for verb in [AdministratorVerb.hold, .deliverOriginal, .delete] {
      let id = verb.past
      try store.accept(.sample(id))
      let job = try #require(try store.leaseForTranscription(holder: "w", nowMS: 1_000))
      _ = try apply(verb, id)
      let before = try store.details(id)
      try store.finishTranscription(job.lease, result: .sample, outgoing: [1], nowMS: 6_000)
      try store.loseWorker(job.lease, why: "late", retryMS: nil, nowMS: 6_000)
      #expect(try store.details(id) == before)
    }
  }

  @Test func `held before its transcript it goes back to the workers, held later to delivery`()
    throws
  {
    try make("b", .ready)
    try make("a", .waiting)
    for id in ["a", "b"] { _ = try apply(.hold, id) }
    #expect(try store.leaseForTranscription(holder: "w", nowMS: .max) == nil)
    #expect(try store.leaseForDelivery(holder: "d", nowMS: .max) == nil)
    #expect(try apply(.release, "a", nowMS: 9_000) == .done(was: .held, now: .waiting))
    #expect(try apply(.release, "b", nowMS: 9_000) == .done(was: .held, now: .ready))
    // It has the whole time for a transcript again.
    try store.expireWaiting(deadlineBeforeMS: 8_999, nowMS: 9_000)
    #expect(try store.nextDeadlineMS() == 9_000)
    let job = try #require(try store.leaseForTranscription(holder: "w", nowMS: 9_000))
    #expect(job.deadlineFromMS == 9_000)
    #expect(job.receivedMS == 1_000)
  }

  @Test func `the original goes out on demand, and a transcript is made again on demand`() throws {
    try make("a", .deferred)
    _ = try apply(.deliverOriginal, "a")
    let original = try #require(try store.leaseForDelivery(holder: "d", nowMS: 5_000))
    #expect(original.form == .original)
    #expect(original.content == Array("body".utf8))
    try store.finishDelivery(
      original.lease, replies: [], newQueueID: nil, deliveryMS: 1,
      outcome: .deferred(untilMS: 9_000, reason: "450"), nowMS: 5_000)

    _ = try apply(.transcribeAgain, "a", nowMS: 1_000_000)
    #expect(try store.content(of: "a", form: .enhanced, chunk: 0) == nil)
    try store.expireWaiting(deadlineBeforeMS: 999_999, nowMS: 1_000_000)
    let again = try #require(try store.leaseForTranscription(holder: "w", nowMS: 1_000_000))
    #expect(again.attempt == 1)
    try store.finishTranscription(
      again.lease, result: .sample, outgoing: Array("second".utf8), nowMS: 1_000_000)
    let out = try #require(try store.leaseForDelivery(holder: "d", nowMS: 1_000_000))
    #expect(out.form == .enhanced)
    #expect(out.content == Array("second".utf8))
  }

  @Test func `deleted: the content is gone, its history stays and counts as no delivery`() throws {
    try make("a", .held)
    _ = try apply(.delete, "a")
    #expect(try spool.number("SELECT count(*) FROM content") == 0)
    #expect(try store.content(of: "a", form: .original, chunk: 0) == nil)
    #expect(try store.details("a")?.finishedMS == 5_000)
    let numbers = try store.statistics(nowMS: 5_000)
    #expect(numbers.messages["deleted"] == 1)
    #expect(numbers.deliveredLastDay == 0)
    #expect(numbers.oldestReceivedMS == nil)
    try store.voidLeases(nowMS: 6_000)
    #expect(try spool.state("a") == .deleted)
  }

  @Test func `all at once: deferred ones, and what the filter holds only when asked`() throws {
    for number in 1...600 { try make("d\(number)", .deferred) }
    try make("filter", .held)
    try make("mine", .ready)
    _ = try apply(.hold, "mine")
    #expect(try store.retryAll(heldToo: false, who: "root", nowMS: 5_000) == 600)
    #expect(try spool.state("filter") == .held)
    #expect(try store.nextDueMS(delivery: true) == 5_000)
    #expect(try spool.events("d600").last == "tried again by root, with all others")
    #expect(try store.retryAll(heldToo: true, who: "root", nowMS: 6_000) == 1)
    #expect(try spool.state("filter") == .ready)
    #expect(try spool.state("mine") == .held)
    #expect(try store.retryAll(heldToo: true, who: "root", nowMS: 7_000) == 0)
  }

  @Test(.timeLimit(.minutes(2)))
  func `those that fail again while all are tried again are tried once`() throws {
    for number in 1...1_100 { try make("d\(number)", .deferred) }
    // Each fails at once.
    try spool.run("DROP TRIGGER message_transition")
    try spool.run(
      """
      CREATE TRIGGER again AFTER UPDATE OF state ON message WHEN new.state = 'ready'
      BEGIN UPDATE message SET state = 'deferred' WHERE id = new.id; END
      """)
    #expect(try store.retryAll(heldToo: false, who: "root", nowMS: 5_000) == 1_100)
  }

  @Test func `a pause lasts over a restart, and nothing of the stage is due in it`() throws {
    try make("b", .ready)
    try make("a", .waiting)
    for stage in JobStage.allCases {
      #expect(try store.pause(stage, who: "root", nowMS: 7_000))
      #expect(try !store.pause(stage, who: "ann", nowMS: 8_000))
    }
    try spool.reopen()
    #expect(
      try store.pauses() == [
        Pause(stage: .delivery, sinceMS: 7_000, who: "root"),
        Pause(stage: .transcription, sinceMS: 7_000, who: "root"),
      ])
    #expect(try store.statistics(nowMS: 9_000).paused.count == 2)
    #expect(try store.leaseForTranscription(holder: "w", nowMS: .max) == nil)
    #expect(try store.leaseForDelivery(holder: "d", nowMS: .max) == nil)
    #expect(try store.nextDueMS(delivery: true) == nil)
    #expect(try store.nextDueMS(delivery: false) == nil)
    // The deadline does not pause: the voicemail arrives all the same.
    #expect(try store.nextDeadlineMS() == 1_000)
    for stage in JobStage.allCases {
      #expect(try store.resume(stage))
      #expect(try !store.resume(stage))
    }
    #expect(try store.leaseForTranscription(holder: "w", nowMS: 9_000)?.id == "a")
    #expect(try store.leaseForDelivery(holder: "d", nowMS: 9_000)?.id == "b")
  }

  // MARK: - Looking

  @Test func `a list has what is asked for, page by page`() throws {
    try make("c", .delivered)
    try make("b", .deferred)
    try make("e", .held)
    try store.accept(.sample("a", receivedMS: 1_000, recipients: ["Ann@Example.com", "b@x.org"]))
    try store.accept(.sample("d", receivedMS: 9_000))
    func ids(_ filter: ListFilter, after: String = "", limit: Int = 100) throws -> String {
      try store.list(filter, after: after, limit: limit).map(\.id).joined()
    }
    #expect(try ids(.init()) == "abde")
    #expect(try ids(.init(), limit: 2) == "ab")
    #expect(try ids(.init(), after: "b", limit: 2) == "de")
    #expect(try ids(.init(), after: "e") == "")
    #expect(try ids(.init(states: [.delivered, .held])) == "ce")
    #expect(try ids(.init(recipient: "aNN@ex")) == "abde")
    #expect(try ids(.init(recipient: "x.org")) == "a")
    #expect(try ids(.init(recipient: "%")) == "")
    #expect(try ids(.init(receivedBeforeMS: 9_000)) == "abe")
    #expect(try ids(.init(states: [.waiting], recipient: "ann", receivedBeforeMS: 2_000)) == "a")
    let first = try #require(try store.list(.init(), after: "", limit: 1).first)
    #expect(first.recipients.map(\.address) == ["Ann@Example.com", "b@x.org"])
    #expect(
      try store.list(.init(states: [.deferred]), after: "", limit: 9)[0].reason == "450 later")
  }

  @Test func `content comes chunk by chunk, each byte once`() throws {
    let content = noise(JobStore.chunkBytes * 2 + 5)
    try store.accept(.sample("a", content: content))
    var read: [UInt8] = []
    var chunk = 0
    while let piece = try store.content(of: "a", form: .original, chunk: chunk) {
      read += piece.bytes
      chunk += 1
      #expect(piece.isLast == (chunk == 3))
      if piece.isLast { break }
    }
    #expect(read == content)
    #expect(try store.content(of: "a", form: .original, chunk: 3) == nil)
    #expect(try store.content(of: "a", form: .enhanced, chunk: 0) == nil)
  }
}
