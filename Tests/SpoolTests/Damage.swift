import Foundation
import Synchronization
import TestSupport
import Testing
import Voicemail

@testable import Spool

@Suite struct Damage {
  /// The bytes of a spool with messages in every state, closed in good order.
  private static func healthy() throws -> [UInt8] {
    let directory = try TemporaryDirectory()
    do {
      let store = try JobStore(directory: directory.path)
      for number in 0..<12 {
        try store.accept(
          .sample(
            "job\(number)", receivedMS: Int64(number + 1), content: noise(9_000),
            recipients: (0..<20).map { "r\($0)@example.com" }))
      }
      for number in 0..<6 {
        let job = try unwrap(try store.leaseForTranscription(holder: "w", nowMS: 100))
        try store.finishTranscription(
          job.lease, result: .sample, outgoing: noise(9_500, seed: UInt64(number)), nowMS: 100)
      }
      for outcome in [
        DeliveryOutcome.done, .held(reason: "no"), .deferred(untilMS: 150, reason: "no"),
      ] {
        let job = try unwrap(try store.leaseForDelivery(holder: "d", nowMS: 100))
        try store.finishDelivery(
          job.lease, replies: job.replies(with: outcome), newQueueID: "4A", deliveryMS: 1,
          outcome: outcome, nowMS: 100)
      }
    }
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: directory.file("spool.sqlite"))))
  }

  /// Does what a daemon does, on a file of those bytes; the error that stopped it, if any.
  private static func use(_ bytes: [UInt8]) throws -> SpoolError? {
    let directory = try TemporaryDirectory()
    try Data(bytes).write(to: URL(fileURLWithPath: directory.file("spool.sqlite")))
    do throws(SpoolError) {
      let store = try JobStore(directory: directory.path)
      try store.voidLeases(nowMS: 200)
      try store.expireWaiting(deadlineBeforeMS: 8, nowMS: 200)
      try store.accept(.sample("fresh", content: noise(20_000)))
      _ = try store.statistics(nowMS: 300)
      for id in try store.find("job") { _ = try store.details(id) }
      for _ in 0..<20 {
        guard let job = try store.leaseForTranscription(holder: "w", nowMS: .max) else { break }
        try store.finishTranscription(
          job.lease, result: .sample, outgoing: noise(8_000), nowMS: 200)
      }
      for _ in 0..<20 {
        guard let job = try store.leaseForDelivery(holder: "d", nowMS: .max) else { break }
        try store.finishDelivery(
          job.lease, replies: job.accepted, newQueueID: nil, deliveryMS: 1, outcome: .done,
          nowMS: 300)
      }
      return nil
    } catch {
      return error
    }
  }

  @Test func `a healthy file serves`() throws {
    #expect(try Self.use(Self.healthy()) == nil)
  }

  @Test func `a file of random bytes is kept aside, and a new one serves`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("spool.sqlite")
    try Data(noise(50_000)).write(to: URL(fileURLWithPath: path))
    let notices = Mutex<[SpoolNotice]>([])
    let store = try JobStore(directory: directory.path) { notice in
      notices.withLock { $0.append(notice) }
    }
    try store.accept(.sample("fresh"))
    let notice = try #require(notices.withLock { $0 }.first)
    guard case .setAside(let aside, let why, 0, 0) = notice else {
      Issue.record("\(notice)")
      return
    }
    #expect(why == "spool \(path): PRAGMA auto_vacuum = ...: file is not a database (code 26)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: aside)) == Data(noise(50_000)))
    #expect(notice.sentence.contains(aside))
  }

  @Test func `a command does not set a damaged file aside`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("spool.sqlite")
    try Data(noise(50_000)).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: SpoolError.self) {
      try JobStore(directory: directory.path, mayCreate: false)
    }
    #expect(error?.isOneLine == true)
    #expect(error?.sentence.contains("file is not a database") == true)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(noise(50_000)))
  }

  @Test func `a file cut short serves again, or says why not in one line`() throws {
    let healthy = try Self.healthy()
    for length in [1, 15, 16, 99, 100, 511, 4_095, 4_096, 5_000, 20_000, healthy.count / 2] {
      guard let error = try Self.use(Array(healthy.prefix(length))) else { continue }
      #expect(error.isOneLine, "\(length) bytes")
      #expect(error.isDamage, "\(length) bytes: \(error.sentence)")
    }
  }

  @Test func `bytes changed anywhere never bring the program down`() throws {
    let healthy = try Self.healthy()
    var random = SeededGenerator(state: 42)
    for round in 0..<40 {
      var bytes = healthy
      let hits = round % 2 == 0 ? 3 : 300
      for _ in 0..<hits {
        let at = Int.random(in: 100..<bytes.count, using: &random)
        bytes[at] = UInt8.random(in: .min ... .max, using: &random)
      }
      guard let error = try Self.use(bytes) else { continue }
      #expect(error.isOneLine, "round \(round)")
    }
  }

  @Test func `of a damaged file in use, what can be read goes on in a new one`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("spool.sqlite")
    do {
      let store = try JobStore(directory: directory.path)
      for number in 0..<40 {
        try store.accept(
          .sample("job\(number)", content: noise(30_000, seed: UInt64(number))))
      }
      _ = try store.pause(.delivery, who: "somebody", nowMS: 1_000)
      _ = try store.commits.perform { connection throws(SpoolError) in
        try connection.run("INSERT INTO seen (fingerprint, at_ms) VALUES (x'0102', 1000)")
      }
    }
    // Pages of recordings in the middle, and the root of the index that reception writes to.
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    for page in 100..<130 {
      bytes.replaceSubrange(page * 4_096..<page * 4_096 + 64, with: noise(64))
    }
    try Data(bytes).write(to: URL(fileURLWithPath: path))

    let notices = Mutex<[SpoolNotice]>([])
    let store = try JobStore(directory: directory.path) { notice in
      notices.withLock { $0.append(notice) }
    }
    var whole: [String] = []
    for _ in 0..<100 {
      do throws(SpoolError) {
        guard let job = try store.leaseForTranscription(holder: "w", nowMS: 5_000) else { break }
        let number = UInt64(job.id.dropFirst(3)) ?? 0
        if job.content == noise(30_000, seed: number) { whole.append(job.id) }
      } catch {
        #expect(error.isDamage)
      }
    }
    let states = try store.statistics(nowMS: 5_000).messages
    let failed = states["failed"] ?? 0
    #expect(failed > 0 && failed < 15)
    #expect(Set(whole).count + failed == 40)
    #expect(
      notices.withLock { $0 }.contains {
        if case .setAside(_, _, 40, 0) = $0 { true } else { false }
      })
    // Each that is not whole is named once.
    let named = notices.withLock { notices in
      notices.compactMap { if case .unreadable(let id, _) = $0 { id } else { nil } }
    }
    #expect(named.count == failed && Set(named).count == failed)
    #expect(try store.pauses() == [.init(stage: .delivery, sinceMS: 1_000, who: "somebody")])
    let seen = try store.commits.perform { connection throws(SpoolError) in
      try connection.query("SELECT fingerprint FROM seen") { Array($0.blob(0)) }
    }
    #expect(seen == [[1, 2]])
  }

  @Test(arguments: [
    "UPDATE message SET voicemail = '{}' WHERE id = 'bad'",
    "UPDATE message SET client = 'x' WHERE id = 'bad'",
    "UPDATE recipient SET parameters = '[1' WHERE message_id = 'bad'",
    "DELETE FROM content WHERE message_id = 'bad' AND chunk = 1",
    "DELETE FROM content WHERE message_id = 'bad'",
  ])
  func `a message that cannot be read has failed, and the next one goes on`(harm: String) throws {
    let spool = try TestSpool()
    try spool.store.accept(.sample("bad", receivedMS: 1, content: noise(300_000)))
    try spool.store.accept(.sample("good", receivedMS: 2))
    try spool.run(harm)
    #expect(try spool.store.leaseForTranscription(holder: "w", nowMS: 100)?.id == "good")
    #expect(try spool.text("SELECT state FROM message WHERE id = 'bad'") == "failed")
    #expect(
      try spool.text("SELECT reason FROM message WHERE id = 'bad'")?.hasPrefix(
        "spool: message bad: ") == true)
    #expect(
      try spool.text("SELECT what FROM event WHERE message_id = 'bad' ORDER BY rowid DESC")?
        .hasPrefix("failed: ") == true)
    // It is to be seen, and what it lacks.
    let details = try unwrap(try spool.store.details("bad"))
    #expect(details.state == .failed && details.recipients.count == 1)
    let column = ["voicemail", "client"].first { harm.contains("SET \($0) =") }
    #expect(details.damaged == (column.map { [$0] } ?? []))
  }

  @Test func `details that cannot be read are named`() throws {
    let spool = try TestSpool()
    try spool.store.accept(.sample())
    #expect(try spool.store.details("job1")?.damaged == [])
    try spool.run(
      "UPDATE message SET voicemail = '', client = '{', policy = '[]', result = 'x'")
    let details = try unwrap(try spool.store.details("job1"))
    #expect(details.damaged == ["policy", "client", "voicemail", "result"])
    #expect(details.policy == nil && details.client == nil && details.voicemail == nil)
  }

  @Test(arguments: ["{", "", "x'00'", "null", "[1]", "{\"status\": 7}"])
  func `damaged facts of a transcript do not keep a delivery from being recorded`(facts: String)
    throws
  {
    let spool = try TestSpool()
    try spool.ready(.sample(), enhanced: [1])
    try spool.run("UPDATE message SET result = '\(facts.replacing("'", with: "''"))'")
    let job = try unwrap(try spool.store.leaseForDelivery(holder: "d", nowMS: 2_000))
    #expect(
      try spool.store.finishDelivery(
        job.lease, replies: job.accepted, newQueueID: nil, deliveryMS: 1, outcome: .done,
        nowMS: 3_000) == .done)
    #expect(try spool.text("SELECT state FROM message") == "delivered")
    #expect(try spool.number("SELECT messages FROM delivered_in_minute") == 1)
  }

  @Test func `a full disk refuses a message, and reception works again when there is room`() throws
  {
    let spool = try TestSpool()
    let store = spool.store
    try store.accept(.sample("before"))
    try spool.run("PRAGMA max_page_count = \(try spool.number("PRAGMA page_count") + 20)")
    let error = #expect(throws: SpoolError.self) {
      try store.accept(.sample("large", content: noise(1_000_000)))
    }
    #expect(error?.isOneLine == true)
    #expect(error?.sentence.contains("disk is full") == true)
    #expect(try store.find("") == ["before"])
    #expect(try spool.number("SELECT count(*) FROM content WHERE message_id = 'large'") == 0)

    try store.accept(.sample("small"))
    try spool.run("PRAGMA max_page_count = 1000000")
    try store.accept(.sample("large", content: noise(1_000_000)))
    #expect(try store.find("") == ["before", "large", "small"])
  }
}
