import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing
import Voicemail

@testable import Spool

/// A damaged file is replaced by one that is whole and on disk, or not at all.
@Suite struct Repairing {
  @Test func `what a damaged spool has left of a message has a story`() throws {
    let directory = try TemporaryDirectory()
    try Self.damagedSpool(in: directory)
    let store = try JobStore(directory: directory.path)
    for _ in 0..<100 {
      guard (try? store.leaseForTranscription(holder: "w", nowMS: 5_000)) != nil else { continue }
    }
    let failed = try store.list(ListFilter(states: [.failed]), after: "", limit: 100)
    #expect(!failed.isEmpty)
    for job in failed {
      let story = try unwrap(try store.details(job.id)).events.map(\.what)
      #expect(story.last?.hasPrefix("failed: the spool was damaged, ") == true, "\(story)")
    }
  }

  /// Forty messages of 30,000 bytes, and pages of recordings in the middle that are damaged.
  private static func damagedSpool(in directory: TemporaryDirectory) throws {
    let path = directory.file("spool.sqlite")
    do {
      let store = try JobStore(directory: directory.path)
      for number in 0..<40 {
        try store.accept(.sample("job\(number)", content: noise(30_000, seed: UInt64(number))))
      }
    }
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    for page in 100..<130 {
      bytes.replaceSubrange(page * 4_096..<page * 4_096 + 64, with: noise(64))
    }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  private static func names(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).filter {
      $0.contains(".damaged-") && !$0.hasSuffix("-wal")
    }
  }

  @Test func `a damaged spool stays where it is until there is room for what can be saved`() throws
  {
    let directory = try TemporaryDirectory()
    try Self.damagedSpool(in: directory)
    // The schema, which each start reads.
    let file = try #require(FileHandle(forUpdatingAtPath: directory.file("spool.sqlite")))
    let root = try Self.page(of: "message_due", in: directory.file("spool.sqlite"))
    try file.seek(toOffset: UInt64(root - 1) * 4_096)
    try file.write(contentsOf: Data(noise(4_096)))
    try file.close()
    let state = directory.file("state")
    try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: false)
    guard mount("tmpfs", state, "tmpfs", 0, "size=6M,mode=0700") == 0 else {
      throw SpoolError("mount: the tests need root")
    }
    defer { umount2(state, Int32(MNT_DETACH)) }
    try FileManager.default.copyItem(
      atPath: directory.file("spool.sqlite"), toPath: state + "/spool.sqlite")
    let filler = state + "/filler"
    #expect(FileManager.default.createFile(atPath: filler, contents: nil))
    let full = try #require(FileHandle(forWritingAtPath: filler))
    while (try? full.write(contentsOf: Data(count: 4_096))) != nil {}
    // Enough to open the file, too little for what is in it.
    try full.truncate(atOffset: try full.offset() - 200_000)
    try full.close()
    // Twice: the second within the same second.
    for _ in 0..<2 {
      let store = try JobStore(directory: state)
      let damage = #expect(throws: SpoolError.self) {
        try store.leaseForTranscription(holder: "w", nowMS: 5_000)
      }
      #expect(damage?.isDamage == true)
      let error = #expect(throws: SpoolError.self) {
        try store.leaseForTranscription(holder: "w", nowMS: 5_000)
      }
      #expect(error?.isOneLine == true)
      #expect(error?.sentence.contains(", and cannot be repaired: ") == true, "\(error as Any)")
      #expect(try Self.names(in: state) == [])
    }
    try FileManager.default.removeItem(atPath: filler)
    let store = try JobStore(directory: state)
    #expect(throws: SpoolError.self) { try store.leaseForTranscription(holder: "w", nowMS: 5_000) }
    #expect(try store.leaseForTranscription(holder: "w", nowMS: 5_000) != nil)
    #expect(try store.find("job").count == 20)
    #expect(try store.statistics(nowMS: 1).messages.values.reduce(0, +) == 40)
    #expect(try Self.names(in: state).count == 1)
  }

  private static func page(of name: String, in path: String) throws -> Int64 {
    try Connection(unprepared: path).query(
      "SELECT rootpage FROM sqlite_schema WHERE name = ?", .text(name)
    ) { $0.integer(0) }.first ?? 0
  }

  @Test(arguments: ["repair read", "repair salvaged", "repair aside", "repair aside,repair aside"])
  func `killed while a damaged spool is replaced, it loses nothing`(place: String) async throws {
    let directory = try TemporaryDirectory()
    try Self.damagedSpool(in: directory)
    let path = directory.path
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [path = path as String, place = place as String] in
      setenv("VOICEMAIL_MILTER_KILL_AT", place, 1)
      let store = try JobStore(directory: path)
      for _ in 0..<100 { _ = try? store.leaseForTranscription(holder: "w", nowMS: 5_000) }
    }
    let notices = Mutex<[SpoolNotice]>([])
    let store = try JobStore(directory: path) { notice in notices.withLock { $0.append(notice) } }
    for _ in 0..<100 { _ = try? store.leaseForTranscription(holder: "w", nowMS: 5_000) }
    #expect(try store.statistics(nowMS: 1).messages.values.reduce(0, +) == 40)
    let health = try store.commits.perform { connection throws(SpoolError) in
      try connection.query("PRAGMA integrity_check") { $0.text(0) }
    }
    #expect(health == ["ok"])
    let aside = try Self.names(in: path)
    #expect(aside.count == 1)
    #expect(
      notices.withLock { $0 }.contains {
        switch $0 {
        case .setAside(directory.file(aside[0]), _, 40, 0): place == "repair read"
        case .repairFinished(directory.file(aside[0])): place != "repair read"
        default: false
        }
      })
    let left = try FileManager.default.contentsOfDirectory(atPath: path)
    #expect(!left.contains { $0.contains(".new") || $0.contains(".salvaged") }, "\(left)")
  }
}
