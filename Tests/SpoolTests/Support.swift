import Dispatch
import Foundation
import TestSupport
import Voicemail

@testable import Spool

/// A spool in a directory of its own.
final class TestSpool {
  private let home: TemporaryDirectory
  private(set) var store: JobStore

  init() throws {
    home = try TemporaryDirectory()
    store = try JobStore(directory: home.path)
  }

  var directory: String { home.path }
  var file: String { home.file("spool.sqlite") }
  func path(_ name: String) -> String { home.file(name) }

  /// As after a crash of the daemon: leases stay as they are until voided.
  func reopen() throws {
    // Two at once are refused, so the first must go before the second comes.
    let elsewhere = try TemporaryDirectory()
    store = try JobStore(directory: elsewhere.path)
    store = try JobStore(directory: home.path)
  }

  /// One value read past all of the store's own methods.
  func text(_ sql: String) throws -> String? {
    try store.commits.perform { connection throws(SpoolError) in
      try connection.query(sql) { $0.text(0) }.first ?? nil
    }
  }

  func number(_ sql: String) throws -> Int64 {
    try store.commits.perform { connection throws(SpoolError) in
      try connection.query(sql) { $0.integer(0) }.first ?? -1
    }
  }

  func run(_ sql: String) throws {
    _ = try store.commits.perform { connection throws(SpoolError) in try connection.run(sql) }
  }

  func state(_ id: String) throws -> JobState? { try store.details(id)?.state }

  func events(_ id: String) throws -> [String] {
    try store.details(id)?.events.map(\.what) ?? []
  }

  /// Accepted, transcribed, and due for delivery in that form.
  func ready(_ job: NewJob, enhanced: [UInt8]?) throws {
    try store.accept(job)
    let leased = try unwrap(
      try store.leaseForTranscription(holder: "worker 1", nowMS: job.receivedMS))
    try store.finishTranscription(
      leased.lease, result: .sample, outgoing: enhanced, nowMS: job.receivedMS)
  }
}

struct Missing: Error {}

func unwrap<T>(_ value: T?) throws -> T {
  guard let value else { throw Missing() }
  return value
}

extension LeasedJob {
  /// The MTA's answers when it takes the message for everybody.
  var accepted: [RecipientReply] {
    positions.map { .init(position: $0, delivered: true, reply: "250 ok") }
  }

  func replies(with outcome: DeliveryOutcome) -> [RecipientReply] {
    outcome == .done ? accepted : []
  }
}

extension NewJob {
  static func sample(
    _ id: String = "job1", receivedMS: Int64 = 1_000, content: [UInt8] = Array("body".utf8),
    recipients: [String] = ["ann@example.com"]
  ) -> NewJob {
    NewJob(
      id: id, receivedMS: receivedMS,
      envelope: Envelope(
        sender: "pbx@example.com", recipients: recipients.map { Recipient(address: $0) }),
      client: ClientFacts(address: "127.0.0.1"), messageID: nil,
      voicemail: VoicemailFacts(rule: "asterisk", reason: "because"), content: content)
  }
}

extension WorkResult {
  static var sample: WorkResult { made("secretword", status: .ok) }

  static func made(_ text: String, status: TranscriptStatus) -> WorkResult {
    WorkResult(
      parts: [
        TranscribedPart(
          part: PartFacts(index: 0, contentType: "audio/x-wav"), audio: nil,
          transcript: Transcript(
            status: status, engine: "test", language: "en-US", confidence: 0.5, durationSeconds: 4,
            segments: [Segment(start: 0, end: 1, text: text, confidence: 0.5, words: [])]))
      ],
      notes: ["one note"], decodeMS: 1, recognizeMS: 2, enhanceMS: 3)
  }
}

/// Runs the body on that many threads at once and returns when all are through.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let group = DispatchGroup()
  for number in 0..<count {
    DispatchQueue(label: "test \(number)").async(group: group) { body(number) }
  }
  group.wait()
}

/// Bytes that repeat in no short step, so that a chunk out of place shows.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var random = SeededGenerator(state: seed)
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count)
  while bytes.count < count { withUnsafeBytes(of: random.next()) { bytes += $0 } }
  return Array(bytes.prefix(count))
}

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

extension SpoolError {
  var isOneLine: Bool {
    !sentence.isEmpty && !sentence.contains { $0.isNewline } && sentence.hasPrefix("spool")
  }
}

/// Lets system calls of this process fail with EIO from now on, until its end; for exit tests, which are alone in theirs.
final class DiskFault {
  private let strace: ChildProcess

  init(_ calls: String) throws {
    strace = try ChildProcess(
      "/usr/bin/strace",
      ["-f", "-p", "\(getpid())", "-o", "/dev/null"]
        + ["-e", "trace=\(calls)", "-e", "inject=\(calls):error=EIO"])
    guard strace.waitForErrors(seconds: 20, until: { $0.contains("attached") }) else {
      throw Missing()
    }
  }

  func end() {
    strace.signal(SIGINT)
    _ = strace.waitForExit(seconds: 20)
  }
}
