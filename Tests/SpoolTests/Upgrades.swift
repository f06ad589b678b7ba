import Foundation
import Synchronization
import TestSupport
import Testing
import Voicemail

@testable import Spool

/// Spools of earlier programs. `Tests/OldSpools/make` makes them with those programs' own tables.
@Suite struct Upgrades {
  static let old = ["version-1", "version-1-policies", "version-2"]

  /// A directory with such a spool; `extra`: SQL that is run on it.
  private static func directory(_ schema: String, extra: String = "") throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    let mail = directory.file("mail")
    try Data(content).write(to: URL(fileURLWithPath: mail))
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../OldSpools").path
    let file = directory.file("spool.sqlite")
    let maker = try ChildProcess(
      "/bin/sh",
      [
        "-ec",
        #""$1/make" "$1/$2.sql" "$3" "$4"; [ -z "$5" ] || echo "$5" | python3 -c '"#
          + #"import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.stdin.read())"#
          + #"' "$4""#, "sh", folder, schema, mail, file, extra,
      ])
    guard maker.waitForExit(seconds: 20) == 0 else { throw MakerFailure(words: maker.errors) }
    return directory
  }

  private struct MakerFailure: Error { var words: String }

  /// More than one chunk.
  private static let content = noise(300_000)

  private static func read<T: Sendable>(
    _ path: String, _ sql: String, _ row: @escaping @Sendable (Row) -> T
  ) throws -> [T] {
    try Connection(unprepared: path).query(sql, row: row)
  }

  @Test(arguments: old)
  func `each message of an older program is there, as it was`(schema: String) throws {
    let directory = try Self.directory(schema)
    let file = directory.file("spool.sqlite")
    func text(_ sql: String) throws -> [String?] { try Self.read(file, sql) { $0.text(0) } }
    let facts = """
      SELECT concat_ws FROM (SELECT id || state || stage || due_ms || form || lease_token
        || coalesce(lease_holder, '-') || coalesce(reason, '-') || coalesce(held_by, '-')
        || coalesce(finished_ms, '-') || coalesce(result, '-') AS concat_ws FROM message ORDER BY id)
      """
    let kept = [
      facts, "SELECT state || messages FROM tally ORDER BY state",
      "SELECT message_id || address || delivered || coalesce(reply, '-') FROM recipient ORDER BY address",
      "SELECT message_id || what FROM event ORDER BY rowid", "SELECT hex(fingerprint) FROM seen",
      "SELECT message_id || form || chunk || hex(bytes) FROM content ORDER BY rowid",
    ]
    let before = try kept.map(text)
    let notices = Mutex<[SpoolNotice]>([])
    let store = try JobStore(directory: directory.path) { notice in
      notices.withLock { $0.append(notice) }
    }
    let version = schema.hasPrefix("version-1") ? 1 : 2 as Int64
    #expect(notices.withLock { $0 } == [.upgrading(from: version, to: Schema.current.version)])
    // Recordings stay where they are: the log holds what was written, and they are some 5 MB.
    let written = try FileManager.default.attributesOfItem(atPath: file + "-wal")[.size] as? Int
    #expect((1..<1_000_000).contains(try #require(written)))
    for (now, then) in zip(try kept.map(text), before) { #expect(now == then) }
    #expect(try text("PRAGMA integrity_check") == ["ok"])
    #expect(try text("PRAGMA foreign_key_check").isEmpty)
    let settings = try store.commits.perform { connection throws(SpoolError) in
      try connection.query("PRAGMA foreign_keys") { $0.integer(0) }
    }
    #expect(settings == [1])
    #expect(try text("SELECT allowed_ms FROM message WHERE id = 'waiting'") == ["300000"])
    // The tables are those of a new spool.
    let fresh = try TemporaryDirectory()
    _ = try JobStore(directory: fresh.path)
    let tables =
      "SELECT replace(sql, '\"', '') FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
    let shapes = try [file, fresh.file("spool.sqlite")].map { path in
      try Self.read(path, tables) { row in
        (row.text(0) ?? "").split(separator: "\n").map { $0.prefix { $0 != "-" } }.joined()
          .filter { !$0.isWhitespace }
      }
    }
    #expect(shapes[0] == shapes[1])
    // And they work: counting, leases, deliveries.
    try store.voidLeases(nowMS: 1 << 50)
    var ids: Set<String> = []
    while let job = try store.leaseForTranscription(holder: "w", nowMS: 1 << 50) {
      #expect(job.content == Self.content)
      #expect(job.policy == .builtIn)
      try store.finishTranscription(job.lease, result: .sample, outgoing: nil, nowMS: 1 << 50)
    }
    while let job = try store.leaseForDelivery(holder: "d", nowMS: 1 << 50) {
      ids.insert(job.id)
      try store.finishDelivery(
        job.lease, replies: job.accepted, newQueueID: "4B", deliveryMS: 1, outcome: .done,
        nowMS: 1 << 50)
    }
    #expect(
      ids == [
        "waiting", "transcribing", "worker-lost", "ready", "original", "delivering", "deferred",
        "partly",
      ])
    let messages = try store.statistics(nowMS: 1 << 50).messages
    #expect(
      messages.filter { $0.value > 0 } == ["delivered": 9, "held": 2, "failed": 1, "deleted": 1])
    for id in try store.find("") { #expect(try store.details(id)?.events.isEmpty == false) }
  }

  @Test func `where a trigger alone is new, no table is rebuilt`() throws {
    let directory = try Self.directory("version-2")
    let file = directory.file("spool.sqlite")
    let tables = "SELECT name || rootpage FROM sqlite_schema WHERE type <> 'trigger' ORDER BY name"
    let before = try Self.read(file, tables) { $0.text(0) }
    _ = try JobStore(directory: directory.path)
    #expect(try Self.read(file, tables) { $0.text(0) } == before)
    #expect(try Self.read(file, "PRAGMA user_version") { $0.integer(0) } == [3])
  }

  @Test func `a column that no version has ends with the version`() throws {
    let directory = try Self.directory(
      "version-1", extra: "ALTER TABLE message ADD COLUMN colour TEXT; CREATE TABLE extra (x);")
    let store = try JobStore(directory: directory.path)
    let columns = try store.commits.perform { connection throws(SpoolError) in
      try connection.columns(of: "message")
    }
    #expect(!columns.contains("colour"))
    #expect(try store.find("").count == 13)
  }

  /// A command may be the first to open it.
  @Test func `a command upgrades it too, and says in a line when it cannot`() throws {
    let directory = try Self.directory("version-1")
    let lock = try Locker(directory.file("spool.sqlite"))
    let busy = #expect(throws: SpoolError.self) {
      try JobStore(directory: directory.path, mayCreate: false)
    }
    #expect(busy?.isBusy == true && busy?.isOneLine == true)
    lock.end()
    let store = try JobStore(directory: directory.path, mayCreate: false)
    #expect(try store.find("").count == 13)
  }

  @Test func `an upgrade that cannot be finished leaves the file as it was`() throws {
    // A message that no program of ours could have written.
    let directory = try Self.directory(
      "version-1",
      extra:
        "PRAGMA ignore_check_constraints = ON; UPDATE message SET form = 'x' WHERE id = 'held';")
    let error = #expect(throws: SpoolError.self) { try JobStore(directory: directory.path) }
    #expect(error?.isOneLine == true)
    #expect(error?.sentence.contains("CHECK constraint failed") == true)
    let file = directory.file("spool.sqlite")
    #expect(try Self.read(file, "PRAGMA user_version") { $0.integer(0) } == [1])
    #expect(try Self.read(file, "SELECT count(*) FROM message") { $0.integer(0) } == [13])
    #expect(
      try Self.read(file, "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%new%'") {
        $0.integer(0)
      } == [0])
  }

  @Test func `of an older file that is damaged, what can be read goes on in a new one`() throws {
    let directory = try Self.directory("version-1")
    let file = directory.file("spool.sqlite")
    let root = try Self.read(file, "SELECT rootpage FROM sqlite_schema WHERE name = 'message_due'")
    {
      $0.integer(0)
    }
    // The file itself, not its log.
    _ = try Self.read(file, "PRAGMA wal_checkpoint(TRUNCATE)") { $0.integer(0) }
    let handle = try #require(FileHandle(forUpdatingAtPath: file))
    try handle.seek(toOffset: UInt64(root[0] - 1) * 4_096)
    try handle.write(contentsOf: Data(noise(4_096)))
    try handle.close()
    let notices = Mutex<[SpoolNotice]>([])
    let store = try JobStore(directory: directory.path) { notice in
      notices.withLock { $0.append(notice) }
    }
    #expect(
      notices.withLock { $0 }.contains {
        if case .setAside(_, _, 11, 0) = $0 { true } else { false }
      }, "\(notices.withLock { $0 })")
    #expect(try store.leaseForTranscription(holder: "w", nowMS: 1 << 50)?.allowedMS == 300_000)
  }
}
