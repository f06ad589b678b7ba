import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing
import Voicemail

@testable import Spool

@Suite struct GroupCommit {
  /// Holds the queue shut until `count` callers wait, then lets them all into one transaction.
  private func together(
    _ store: JobStore, _ count: Int, _ body: @escaping @Sendable (Int) -> Void
  ) throws {
    let inside = DispatchSemaphore(value: 0)
    let open = DispatchSemaphore(value: 0)
    let gate = DispatchQueue(label: "gate")
    let group = DispatchGroup()
    gate.async(group: group) {
      _ = try? store.commits.perform { _ throws(SpoolError) in
        inside.signal()
        open.wait()
      }
    }
    inside.wait()
    for number in 0..<count {
      DispatchQueue(label: "caller \(number)").async(group: group) { body(number) }
    }
    let end = ContinuousClock.now + .seconds(30)
    while store.commits.depth < count, ContinuousClock.now < end { sched_yield() }
    #expect(store.commits.depth == count)
    open.signal()
    group.wait()
  }

  @Test func `whoever waits at one moment shares one transaction`() throws {
    let spool = try TestSpool()
    let store = spool.store
    let before = try Self.commits(in: spool.file + "-wal")
    try together(store, 20) { number in _ = try? store.accept(.sample("job\(number)")) }
    #expect(try Self.commits(in: spool.file + "-wal") - before == 1)
    #expect(try store.statistics(nowMS: 0).messages["waiting"] == 20)
  }

  @Test func `a message alone is one transaction`() throws {
    let spool = try TestSpool()
    let before = try Self.commits(in: spool.file + "-wal")
    try spool.store.accept(.sample("a"))
    try spool.store.accept(.sample("b"))
    #expect(try Self.commits(in: spool.file + "-wal") - before == 2)
  }

  @Test func `one that fails undoes itself alone`() throws {
    let spool = try TestSpool()
    let store = spool.store
    try store.accept(.sample("taken", content: Array("first".utf8)))
    let failed = Mutex<[Int: SpoolError]>([:])
    try together(store, 10) { number in
      let id = number == 5 ? "taken" : "job\(number)"
      do throws(SpoolError) {
        try store.accept(.sample(id, recipients: ["a@example.com", "b@example.com"]))
      } catch {
        failed.withLock { $0[number] = error }
      }
    }
    #expect(failed.withLock { $0.keys.sorted() } == [5])
    #expect(try spool.number("SELECT count(*) FROM message") == 10)
    #expect(try spool.number("SELECT count(*) FROM recipient WHERE message_id = 'taken'") == 1)
    #expect(try spool.number("SELECT count(*) FROM content") == 10)
  }

  @Test func `one that fails half-way leaves nothing and takes nothing with it`() throws {
    let spool = try TestSpool()
    let store = spool.store
    try together(store, 6) { number in
      guard number == 3 else {
        _ = try? store.accept(.sample("job\(number)"))
        return
      }
      _ = try? store.commits.perform { connection throws(SpoolError) in
        try connection.run("INSERT INTO pause VALUES ('delivery', 1, 'somebody')")
        throw SpoolError("half-way")
      }
    }
    #expect(try spool.number("SELECT count(*) FROM pause") == 0)
    #expect(try spool.number("SELECT count(*) FROM message") == 5)
    #expect(try spool.number("SELECT sum(messages) FROM tally") == 5)
  }

  @Test
  func
    `a long log is written back when nobody waits, and does not grow for ever when somebody does`()
    throws
  {
    let spool = try TestSpool()
    let megabyte = noise(1 << 20)
    func bytes(_ path: String) throws -> Int {
      try Data(contentsOf: URL(fileURLWithPath: path)).count
    }
    try spool.store.accept(.sample("a", content: megabyte))
    spool.store.commits.settle()
    #expect(try bytes(spool.file) < 1 << 20, "a short one waits for more")
    for number in 0..<4 { try spool.store.accept(.sample("b\(number)", content: megabyte)) }
    spool.store.commits.settle()
    #expect(try bytes(spool.file) > 4 << 20)

    let store = spool.store
    onThreads(4) { thread in
      for number in 0..<12 {
        _ = try? store.accept(.sample("c\(thread).\(number)", content: megabyte))
      }
    }
    #expect(try bytes(spool.file + "-wal") < 30 << 20)
  }

  @Test func `a reader that stays delays no commit, and the log is cut when it has gone`() throws {
    let spool = try TestSpool()
    let store = spool.store
    try spool.ready(.sample("a", content: Array("swordfish".utf8)), enhanced: [1])
    store.commits.settle()
    let reader = try Reader(spool.file)
    let job = try unwrap(try store.leaseForDelivery(holder: "d", nowMS: 2_000))
    try store.finishDelivery(
      job.lease, replies: job.accepted, newQueueID: nil, deliveryMS: 1, outcome: .done, nowMS: 3_000
    )
    let start = ContinuousClock.now
    for number in 0..<10 { try store.accept(.sample("b\(number)")) }
    store.commits.settle()
    // Ten times SQLite's patience with others would be twenty seconds.
    #expect(ContinuousClock.now - start < .seconds(10))
    reader.end()
    // By itself, some seconds later.
    let end = ContinuousClock.now + .seconds(20)
    let log = spool.file + "-wal"
    while try Data(contentsOf: URL(fileURLWithPath: log)).count > 0, ContinuousClock.now < end {
      usleep(50_000)
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: log)).isEmpty)
  }

  /// Another program in the middle of reading.
  private final class Reader {
    private let process: ChildProcess

    init(_ file: String) throws {
      let script = """
        import signal, sqlite3, sys
        spool = sqlite3.connect(sys.argv[1], isolation_level=None)
        spool.execute("BEGIN")
        spool.execute("SELECT * FROM message").fetchone()
        print("reads", file=sys.stderr, flush=True)
        signal.pause()
        """
      process = try ChildProcess("/usr/bin/python3", ["-c", script, file])
      guard process.waitForErrors(seconds: 20, until: { $0.contains("reads") }) else {
        throw Missing()
      }
    }

    func end() {
      process.signal(SIGKILL)
      _ = process.waitForExit(seconds: 20)
    }
  }

  @Test func `one too large for the disk does not take the others with it`() throws {
    let spool = try TestSpool()
    let store = spool.store
    let pages = try spool.number("PRAGMA page_count")
    try spool.run("PRAGMA max_page_count = \(pages + 60)")
    let failed = Mutex<[Int: SpoolError]>([:])
    try together(store, 6) { number in
      do throws(SpoolError) {
        let content = noise(number == 3 ? 1_000_000 : 100)
        try store.accept(.sample("job\(number)", content: content))
      } catch {
        failed.withLock { $0[number] = error }
      }
    }
    #expect(failed.withLock { $0.keys.sorted() } == [3])
    #expect(failed.withLock { $0[3]?.sentence.contains("disk is full") } == true)
    #expect(try spool.number("SELECT count(*) FROM message") == 5)
  }

  @Test func `many threads at once: all are there after a restart`() throws {
    let spool = try TestSpool()
    let store = spool.store
    let failures = Mutex(0)
    onThreads(12) { thread in
      for number in 0..<10 {
        do throws(SpoolError) {
          let content = noise(5_000, seed: UInt64(thread * 10 + number))
          try store.accept(.sample("job\(thread).\(number)", content: content))
        } catch {
          failures.withLock { $0 += 1 }
        }
      }
    }
    #expect(failures.withLock { $0 } == 0)
    let content = try spool.number("SELECT sum(length(bytes)) FROM content")
    #expect(try spool.number("SELECT count(*) FROM message") == 120)
    #expect(content == 120 * 5_000)
  }

  /// How many commits a write-ahead log holds (sqlite.org/fileformat2.html, 4.1): frames of the log's
  /// present salt whose second field, the database's size after a commit, is not 0.
  private static func commits(in path: String) throws -> Int {
    let log = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    guard log.count >= 32 else { return 0 }
    func number(_ at: Int) -> Int { log[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
    let frame = 24 + number(8)
    return stride(from: 32, through: log.count - frame, by: frame).count { at in
      log[at + 8..<at + 16].elementsEqual(log[16..<24]) && number(at + 4) != 0
    }
  }
}
