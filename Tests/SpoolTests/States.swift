import Foundation
import Testing
import Voicemail

@testable import Spool

@Suite struct States {
  private struct Step: Hashable {
    var from: String
    var to: String
  }

  /// The arrows of the diagram in docs/spool.md.
  private static func drawn() throws -> Set<Step> {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../docs/spool.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let steps = text.split(separator: "\n").compactMap { line -> Step? in
      let parts = line.split(whereSeparator: { " :".contains($0) }).map(String.init)
      guard parts.count > 2, parts[1] == "-->" else { return nil }
      return Step(from: parts[0], to: parts[2])
    }
    return Set(steps.filter { $0.from != "[*]" && $0.to != "[*]" })
  }

  @Test func `the diagram shows exactly the changes that the spool allows`() throws {
    let spool = try TestSpool()
    var allowed: Set<Step> = []
    for from in JobState.allCases {
      for to in JobState.allCases where to != from {
        try spool.store.accept(.sample("m"))
        let stage = [.ready, .delivering].contains(to) ? JobStage.delivery : .transcription
        // A fresh row in that state; only then the change in question.
        try spool.run("DELETE FROM message")
        try spool.insert("m", state: from)
        let change = "UPDATE message SET state = '\(to)', stage = '\(stage)', finished_ms = 1"
        if (try? spool.run(change)) != nil { allowed.insert(Step(from: "\(from)", to: "\(to)")) }
        try spool.run("DELETE FROM message")
      }
    }
    #expect(try allowed == Self.drawn())
    #expect(allowed.count > 20)
  }

  @Test func `every state has its line in the table of the documentation`() throws {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../docs/spool.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    for state in JobState.allCases { #expect(text.contains("\n| \(state) | "), "\(state)") }
  }

  @Test func `a change that is in no diagram is refused, and nothing of it stays`() throws {
    let spool = try TestSpool()
    try spool.store.accept(.sample())
    let error = #expect(throws: SpoolError.self) {
      try spool.run("UPDATE message SET state = 'failed'")
    }
    #expect(error?.sentence.contains("the message is in no state for this") == true)
    #expect(try spool.state("job1") == .waiting)
  }

  @Test func `the whole story of a message is told, each step with its reason`() throws {
    let spool = try TestSpool()
    let store = spool.store
    try store.accept(.sample(receivedMS: 1_000))
    var lease = try unwrap(try store.leaseForTranscription(holder: "worker 1", nowMS: 1_100))
    try store.loseWorker(lease.lease, why: "it crashed", retryMS: 1_300, nowMS: 1_200)
    lease = try unwrap(try store.leaseForTranscription(holder: "worker 2", nowMS: 1_300))
    try store.giveBack(lease.lease, nowMS: 1_350)
    lease = try unwrap(try store.leaseForTranscription(holder: "worker 2", nowMS: 1_400))
    try spool.store.finishTranscription(
      lease.lease, result: .sample, outgoing: [1], nowMS: 1_500)
    for outcome in [
      DeliveryOutcome.deferred(untilMS: 1_600, reason: "450 busy"), .done,
    ] {
      lease = try unwrap(try store.leaseForDelivery(holder: "delivery 1", nowMS: 1_600))
      try store.finishDelivery(
        lease.lease, replies: lease.replies(with: outcome), newQueueID: "4X", deliveryMS: 1,
        outcome: outcome, nowMS: 1_600)
    }
    let story = try unwrap(try store.details("job1")).events
    #expect(
      story.map(\.what) == [
        "received by rule asterisk: because", "transcription, attempt 1: worker 1",
        "it crashed; it waits for another worker", "transcription, attempt 2: worker 2",
        "given back: the daemon stops", "transcription, attempt 2: worker 2",
        "transcript ok by test", "one note", "delivery, attempt 1: delivery 1",
        "delivery deferred: 450 busy", "delivery, attempt 2: delivery 1",
        "delivered as 4X",
      ])
    #expect(story.map(\.atMS) == story.map(\.atMS).sorted())
    #expect(story.first?.atMS == 1_000)
  }

  @Test func `the counts per state are right after every change`() throws {
    let spool = try TestSpool()
    for number in 0..<9 { try spool.store.accept(.sample("job\(number)")) }
    for number in 0..<6 {
      let job = try unwrap(try spool.store.leaseForTranscription(holder: "w", nowMS: 2_000))
      if number > 0 {
        try spool.store.finishTranscription(
          job.lease, result: .sample, outgoing: [1], nowMS: 2_000)
      }
    }
    for outcome in [DeliveryOutcome.done, .held(reason: "no"), .done] {
      let job = try unwrap(try spool.store.leaseForDelivery(holder: "d", nowMS: 2_000))
      try spool.store.finishDelivery(
        job.lease, replies: job.replies(with: outcome), newQueueID: nil, deliveryMS: 1,
        outcome: outcome, nowMS: 2_000)
    }
    try spool.run("DELETE FROM message WHERE state = 'held'")
    let counted = try spool.store.statistics(nowMS: 2_000).messages.filter { $0.value != 0 }
    #expect(counted == ["waiting": 3, "transcribing": 1, "ready": 2, "delivered": 2])
    for (state, count) in counted {
      #expect(
        try spool.number("SELECT count(*) FROM message WHERE state = '\(state)'") == Int64(count))
    }
  }
}

extension TestSpool {
  /// A row in that state, past all of the store's own methods.
  func insert(_ id: String, state: JobState, receivedMS: Int64 = 1_000) throws {
    let stage = [.ready, .delivering].contains(state) ? JobStage.delivery : .transcription
    try run(
      """
      INSERT INTO message (id, state, stage, received_ms, due_ms, sender, sender_parameters,
        client, voicemail, size_bytes)
      VALUES ('\(id)', '\(state)', '\(stage)', \(receivedMS), \(receivedMS), '', '[]', '{}', '{}', 4)
      """)
  }
}
