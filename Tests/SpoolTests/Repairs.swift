import Foundation
import Synchronization
import TestSupport
import Testing
import Voicemail

@testable import Spool

/// What others do to the file while it is in use, and what older and newer programs do with it.
@Suite struct Repairs {
  private final class Listener: Sendable {
    let notices = Mutex<[SpoolNotice]>([])
    var heard: [SpoolNotice] { notices.withLock { $0 } }
    func store(_ directory: String) throws -> JobStore {
      try JobStore(directory: directory) { notice in self.notices.withLock { $0.append(notice) } }
    }
  }

  @Test(arguments: [["spool.sqlite"], ["spool.sqlite-wal"], ["spool.sqlite", "spool.sqlite-wal"]])
  func `a removed file is written again, with all that it held`(names: [String]) throws {
    let directory = try TemporaryDirectory()
    let listener = Listener()
    do {
      let store = try listener.store(directory.path)
      try store.accept(.sample("before", content: noise(300_000)))
      for name in names { try FileManager.default.removeItem(atPath: directory.file(name)) }
      try store.accept(.sample("after"))
      #expect(listener.heard == [.restored(path: directory.file("spool.sqlite"))])
      try store.accept(.sample("once more"))
      #expect(listener.heard.count == 1)
    }
    let mode = try FileManager.default.attributesOfItem(atPath: directory.file("spool.sqlite"))
    #expect(mode[.posixPermissions] as? Int == 0o600)
    let store = try JobStore(directory: directory.path)
    #expect(try store.find("") == ["after", "before", "once more"])
    var contents: [Int] = []
    while let job = try store.leaseForTranscription(holder: "w", nowMS: 9_000) {
      contents.append(job.content.count)
    }
    #expect(contents.max() == 300_000)
    let vacuum = try store.commits.perform { connection throws(SpoolError) in
      try connection.query("PRAGMA auto_vacuum") { $0.integer(0) }
    }
    #expect(vacuum == [2])
  }

  @Test func `without its directory nothing is taken over, and it recovers by itself`() throws {
    let home = try TemporaryDirectory()
    let directory = home.file("state")
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    let store = try JobStore(directory: directory)
    try store.accept(.sample("before"))
    try FileManager.default.removeItem(atPath: directory)
    // Something else stands where the directory was.
    try Data().write(to: URL(fileURLWithPath: directory))
    let error = #expect(throws: SpoolError.self) { try store.accept(.sample("lost")) }
    #expect(error?.isOneLine == true)
    #expect(error?.sentence.contains("was removed while in use, and cannot be written") == true)
    // What is in the spool goes on.
    let job = try unwrap(try store.leaseForTranscription(holder: "w", nowMS: 9_000))
    try store.finishTranscription(job.lease, result: .sample, outgoing: nil, nowMS: 9_000)
    try FileManager.default.removeItem(atPath: directory)
    let end = ContinuousClock.now + .seconds(20)
    while (try? store.accept(.sample("after"))) == nil, ContinuousClock.now < end { sched_yield() }
    #expect(try store.find("") == ["after", "before"])
    #expect(throws: SpoolError.self) { try JobStore(directory: directory) }
  }

  @Test func `another program's lock is waited for a little, then refused, and costs nothing`()
    throws
  {
    let spool = try TestSpool()
    let store = spool.store
    let lock = try Locker(spool.file)
    let start = ContinuousClock.now
    let refused = Mutex<[SpoolError]>([])
    onThreads(8) { number in
      do throws(SpoolError) {
        try store.accept(.sample("job\(number)"))
      } catch {
        refused.withLock { $0.append(error) }
      }
    }
    // Two groups at most, of two seconds each: who came while the first waited, wait together.
    #expect(ContinuousClock.now - start < .seconds(10))
    #expect(refused.withLock { $0 }.count == 8)
    #expect(refused.withLock { $0 }.allSatisfy { $0.isBusy && $0.isOneLine })
    let late = Mutex<Bool?>(nil)
    let waiting = DispatchGroup()
    DispatchQueue(label: "late").async(group: waiting) {
      let kept = (try? store.accept(.sample("late"))) != nil
      late.withLock { $0 = kept }
    }
    while spool.store.commits.depth > 0 { sched_yield() }
    lock.end()
    waiting.wait()
    #expect(late.withLock { $0 } == true)
    #expect(try spool.store.find("") == ["late"])
  }
}

/// Another program that holds the spool's write lock.
final class Locker {
  private let process: ChildProcess

  init(_ file: String) throws {
    let script = """
      import signal, sqlite3, sys
      spool = sqlite3.connect(sys.argv[1], isolation_level=None)
      spool.execute("BEGIN IMMEDIATE")
      print("locked", file=sys.stderr, flush=True)
      signal.pause()
      """
    process = try ChildProcess("/usr/bin/python3", ["-c", script, file])
    guard process.waitForErrors(seconds: 20, until: { $0.contains("locked") }) else {
      throw Missing()
    }
  }

  func end() {
    process.signal(SIGKILL)
    _ = process.waitForExit(seconds: 20)
  }
}
