import Foundation
import Synchronization
import TestSupport
import Testing
import Voicemail

@testable import Spool

@Suite struct Durability {
  @Test(arguments: [
    ("auto_vacuum", "2"), ("journal_mode", "wal"), ("synchronous", "2"), ("secure_delete", "1"),
    ("foreign_keys", "1"), ("mmap_size", "0"), ("busy_timeout", "2000"),
  ])
  func `the connection that writes has what durability and privacy need`(
    pragma: String, value: String
  ) throws {
    let spool = try TestSpool()
    #expect(try spool.text("PRAGMA \(pragma)") == value)
    try spool.reopen()
    #expect(try spool.text("PRAGMA \(pragma)") == value)
  }

  @Test func `nobody else may read the files`() throws {
    let spool = try TestSpool()
    try spool.store.accept(.sample())
    let names = try FileManager.default.contentsOfDirectory(atPath: spool.directory)
    #expect(names.contains("spool.sqlite-wal"))
    for name in names {
      let facts = try FileManager.default.attributesOfItem(atPath: spool.path(name))
      #expect((facts[.posixPermissions] as? Int) == 0o600, "\(name)")
    }
  }

  @Test func `two never have one spool`() throws {
    let spool = try TestSpool()
    let error = #expect(throws: SpoolError.self) { try JobStore(directory: spool.directory) }
    #expect(
      error?.sentence
        == "spool lock \(spool.path("spool.lock")): another voicemail-milter has this "
        + "spool open; stop it, or choose another state_directory")
  }

  @Test func `the next one has it as soon as the first is gone`() throws {
    let spool = try TestSpool()
    for number in 0..<30 {
      try spool.store.accept(.sample("job\(number)"))
      try spool.reopen()
    }
    #expect(try spool.number("SELECT count(*) FROM message") == 30)
  }

  @Test func `a spool of a newer program is refused and left alone`() throws {
    let spool = try TestSpool()
    try spool.store.accept(.sample())
    let newer = Schema.current.version + 1
    try spool.run("PRAGMA user_version = \(newer)")
    let error = #expect(throws: SpoolError.self) { try spool.reopen() }
    #expect(
      error?.sentence
        == "spool \(spool.file): has schema version \(newer), this program knows \(newer - 1); "
        + "install the newer voicemail-milter again")
  }

  @Test func `no directory, and no spool where one must be`() throws {
    let directory = try TemporaryDirectory()
    let missing = directory.file("none")
    let lost = #expect(throws: SpoolError.self) { try JobStore(directory: missing) }
    #expect(lost?.sentence == "spool lock \(missing)/spool.lock: No such file or directory")
    let none = #expect(throws: SpoolError.self) {
      try JobStore(directory: directory.path, mayCreate: false)
    }
    #expect(
      none?.sentence
        == "there is no spool at \(directory.file("spool.sqlite")); is [daemon] state_directory "
        + "right?")
    // A command that root gives must leave nothing that keeps the daemon out.
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
  }

  @Test func `kill -9 in the middle of commits loses nothing that was promised`() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let store = try JobStore(directory: path)
      let promised = open(path + "/promised", O_WRONLY | O_CREAT | O_APPEND, 0o600)
      let count = Mutex(0)
      onThreads(6) { thread in
        for number in 0..<1_000 {
          let id = "job\(thread).\(number)"
          guard (try? store.accept(.sample(id, content: noise(40_000)))) != nil else { _exit(9) }
          // One write: the answer to the MTA.
          let line = Array((id + "\n").utf8)
          _ = write(promised, line, line.count)
          // The others are in the middle of something.
          if count.withLock({
            $0 += 1
            return $0
          }) == 150 {
            kill(getpid(), SIGKILL)
          }
        }
      }
    }
    let promised = try String(contentsOfFile: path + "/promised", encoding: .utf8)
      .split(separator: "\n").map(String.init)
    #expect(promised.count >= 150)
    let store = try JobStore(directory: path)
    try store.voidLeases(nowMS: 2_000)
    var found: Set<String> = []
    let content = noise(40_000)
    while let job = try store.leaseForTranscription(holder: "w", nowMS: 3_000) {
      #expect(job.content == content)
      found.insert(job.id)
    }
    #expect(Set(promised).subtracting(found).isEmpty)
    let health = try store.commits.perform { connection throws(SpoolError) in
      try connection.query("PRAGMA integrity_check") { $0.text(0) }
    }
    #expect(health == ["ok"])
  }

  @Test func `killed with leases out, all of them are taken back`() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let store = try JobStore(directory: path)
      for id in ["a", "b"] { try store.accept(.sample(id)) }
      _ = try store.leaseForTranscription(holder: "w", nowMS: 2_000)
      kill(getpid(), SIGKILL)
    }
    let store = try JobStore(directory: path)
    #expect(try store.statistics(nowMS: 3_000).messages["transcribing"] == 1)
    try store.voidLeases(nowMS: 3_000)
    #expect(try store.statistics(nowMS: 3_000).messages["waiting"] == 2)
  }
}
