import Synchronization
import TestSupport
import Testing
import Voicemail

@testable import Spool

@Suite struct Leases {
  @Test func `the oldest goes first, and nothing before it is due`() throws {
    let spool = try TestSpool()
    try spool.store.accept(.sample("young", receivedMS: 2_000))
    try spool.store.accept(.sample("old", receivedMS: 1_000))
    #expect(try spool.store.nextDueMS(delivery: false) == 1_000)
    #expect(try spool.store.nextDueMS(delivery: true) == nil)
    #expect(try spool.store.leaseForTranscription(holder: "w", nowMS: 999) == nil)
    #expect(try spool.store.leaseForTranscription(holder: "w", nowMS: 3_000)?.id == "old")
    #expect(try spool.store.leaseForTranscription(holder: "w", nowMS: 1_999) == nil)
    #expect(try spool.store.leaseForTranscription(holder: "w", nowMS: 2_000)?.id == "young")
    #expect(try spool.store.nextDueMS(delivery: false) == nil)
  }

  @Test func `parallel threads never lease one message twice`() throws {
    let spool = try TestSpool()
    let store = spool.store
    for number in 0..<60 { try store.accept(.sample("job\(number)")) }
    let found = Mutex<[String]>([])
    onThreads(8) { number in
      while let job = (try? store.leaseForTranscription(holder: "w\(number)", nowMS: 2_000)) ?? nil
      {
        found.withLock { $0.append(job.id) }
      }
    }
    let ids = found.withLock { $0 }
    #expect(ids.count == 60)
    #expect(Set(ids).count == 60)
  }

  @Test func `a late worker cannot finish a job it lost`() throws {
    let spool = try TestSpool()
    let store = spool.store
    try store.accept(.sample())
    let late = try #require(try store.leaseForTranscription(holder: "late", nowMS: 2_000))
    try store.loseWorker(late.lease, why: "hung", retryMS: 3_200, nowMS: 3_000)
    #expect(try spool.state("job1") == .deferred)
    #expect(try store.nextDueMS(delivery: false) == 3_200)
    #expect(try store.leaseForTranscription(holder: "early", nowMS: 3_199) == nil)

    // Nobody has it, then another one has it: the late one changes nothing either time.
    for step in ["waiting", "leased again", "finished"] {
      let before = try store.details("job1")
      #expect(
        try !store.finishTranscription(
          late.lease, result: .sample, outgoing: Array("late".utf8), nowMS: 4_000), "\(step)")
      try store.loseWorker(late.lease, why: "again", retryMS: nil, nowMS: 4_000)
      #expect(
        try store.finishDelivery(
          late.lease, replies: late.accepted, newQueueID: "X", deliveryMS: 1, outcome: .done,
          nowMS: 4_000) == nil)
      #expect(try store.details("job1") == before, "\(step)")
      if step == "waiting" {
        let next = try #require(try store.leaseForTranscription(holder: "next", nowMS: 3_500))
        #expect(next.lease.token > late.lease.token)
        #expect(next.attempt == 2)
      } else if step == "leased again" {
        let token = try spool.number("SELECT lease_token FROM message")
        #expect(
          try store.finishTranscription(
            Lease(id: "job1", token: token), result: .sample, outgoing: Array("good".utf8),
            nowMS: 5_000))
      }
    }
    #expect(try store.leaseForDelivery(holder: "d", nowMS: 5_000)?.content == Array("good".utf8))
  }

  @Test func `a second worker lost means the original goes out`() throws {
    let spool = try TestSpool()
    let store = spool.store
    try store.accept(.sample(content: Array("as it came".utf8)))
    let first = try #require(try store.leaseForTranscription(holder: "w", nowMS: 2_000))
    try store.loseWorker(first.lease, why: "worker 1 crashed", retryMS: 2_600, nowMS: 2_500)
    let second = try #require(try store.leaseForTranscription(holder: "w", nowMS: 3_000))
    #expect(second.attempt == 2)
    try store.loseWorker(second.lease, why: "worker 2 crashed", retryMS: nil, nowMS: 3_500)
    #expect(try spool.state("job1") == .ready)
    let out = try #require(try store.leaseForDelivery(holder: "w", nowMS: 3_500))
    #expect(out.form == .original)
    #expect(out.content == Array("as it came".utf8))
    #expect(
      try spool.events("job1").dropFirst() == [
        "transcription, attempt 1: w", "worker 1 crashed; it waits for another worker",
        "transcription, attempt 2: w", "worker 2 crashed; the original goes out",
        "delivery, attempt 1: w",
      ])
  }

  @Test func `waiting beyond the deadline ends with the original, in no other state`() throws {
    let spool = try TestSpool()
    let store = spool.store
    for (id, at) in [("leased", 900), ("old", 1_000), ("just in time", 2_000)] {
      try store.accept(.sample(id, receivedMS: Int64(at)))
    }
    #expect(try store.leaseForTranscription(holder: "w", nowMS: 900)?.id == "leased")
    try store.expireWaiting(deadlineBeforeMS: 2_000, nowMS: 9_000)
    #expect(try spool.state("leased") == .transcribing)
    #expect(try spool.state("old") == .ready)
    #expect(try spool.state("just in time") == .waiting)
    #expect(try store.details("old")?.form == .original)
    #expect(try spool.events("old").last?.contains("deadline") == true)
  }

  @Test func `a restart takes every lease back and says so`() throws {
    let spool = try TestSpool()
    try spool.ready(.sample("delivering"), enhanced: Array("enhanced".utf8))
    #expect(try spool.store.leaseForDelivery(holder: "d", nowMS: 2_000)?.id == "delivering")
    try spool.store.accept(.sample("transcribing"))
    let lost = try #require(try spool.store.leaseForTranscription(holder: "w", nowMS: 2_000))
    try spool.store.accept(.sample("waiting"))
    try spool.reopen()
    try spool.store.voidLeases(nowMS: 5_000)

    #expect(try spool.state("delivering") == .ready)
    #expect(try spool.state("transcribing") == .waiting)
    #expect(try spool.state("waiting") == .waiting)
    #expect(try spool.events("delivering").last == "delivering interrupted by a restart")
    #expect(try spool.events("transcribing").last == "transcribing interrupted by a restart")
    #expect(try spool.events("waiting").count == 1)
    #expect(try spool.number("SELECT count(*) FROM message WHERE lease_holder IS NOT NULL") == 0)
    #expect(
      try !spool.store.finishTranscription(
        lost.lease, result: .sample, outgoing: nil, nowMS: 6_000))
    let again = try #require(try spool.store.leaseForDelivery(holder: "d", nowMS: 5_000))
    #expect(again.content == Array("enhanced".utf8))
    #expect(again.attempt == 2)
  }

  /// The disk fails in the middle of the commit, so that the log may have what nobody was told of.
  @Test(arguments: [false, true])
  func `a lease whose commit failed is nobody's`(isDelivery: Bool) async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path
    await #expect(processExitsWith: .success) {
      [path = path as String, isDelivery = isDelivery as Bool] in
      let store = try JobStore(directory: path)
      try store.accept(.sample("a"))
      if isDelivery {
        let job = try unwrap(try store.leaseForTranscription(holder: "w", nowMS: 2_000))
        try store.finishTranscription(job.lease, result: .sample, outgoing: [1], nowMS: 2_000)
      }
      func lease() throws(SpoolError) -> LeasedJob? {
        isDelivery
          ? try store.leaseForDelivery(holder: "holder 1", nowMS: 2_000)
          : try store.leaseForTranscription(holder: "holder 1", nowMS: 2_000)
      }
      let fault = try DiskFault("fsync,fdatasync")
      let told = #expect(throws: SpoolError.self) { try lease() }
      #expect(told?.sentence.contains("disk I/O error") == true)
      fault.end()
      let job = try #require(try lease())
      #expect(job.id == "a" && job.attempt == 1)
    }
  }
}
