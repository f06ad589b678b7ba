import Foundation
import TestSupport
import Testing

@testable import Filter

/// Answers that are longer than one reply: each line and byte of them once.
struct LongAnswers {
  /// A spool of 450 messages, the first with 600,000 bytes of content; made by another program.
  private static let maker = """
    import sqlite3, sys
    schema, path = sys.argv[1:]
    spool = sqlite3.connect(path)
    spool.execute("PRAGMA auto_vacuum = INCREMENTAL")
    spool.execute("PRAGMA journal_mode = WAL")
    spool.executescript(open(schema).read())
    spool.execute("PRAGMA user_version = 2")
    for number in range(450):
        id = "%014d" % number
        spool.execute("INSERT INTO message (id, state, stage, received_ms, due_ms, sender,"
            " sender_parameters, client, voicemail, size_bytes)"
            " VALUES (?, 'deferred', 'delivery', 1, 1, 'a@b.c', '[]', '{}', '{}', 600000)", (id,))
        spool.execute("INSERT INTO recipient (message_id, position, address, parameters)"
            " VALUES (?, 0, 'ann@example.com', '[]')", (id,))
    for chunk in range(3):
        spool.execute("INSERT INTO content VALUES ('00000000000000', 'original', ?, ?)",
            (chunk, bytes([chunk]) * 200000))
    spool.commit()
    """

  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try FileManager.default.createDirectory(
      atPath: directory.file("state"), withIntermediateDirectories: true)
    try RunningMilter.write([:], to: directory.file("c.conf"), in: directory)
    let schema = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/Spool/schema.sql")
    let python = try ChildProcess(
      "/usr/bin/python3",
      ["-c", Self.maker, schema.path, directory.file("state/spool.sqlite")])
    #expect(python.waitForExit(seconds: 30) == 0, "\(python.errors)")
  }

  private func run(_ words: String...) throws -> RunningMilter.Ended {
    try RunningMilter.run(words + ["--config", directory.file("c.conf")])
  }

  @Test func `a list of several pages has one heading, one end and each message once`() throws {
    let wanted = (0..<450).map { String(repeating: "0", count: 14 - "\($0)".count) + "\($0)" }
    let objects = try run("list", "--json").lines.map { try JSON.object($0)["id"] as? String }
    #expect(objects == wanted)
    let lines = try run("list").lines
    #expect(lines.filter { $0.hasPrefix("ID ") }.count == 1)
    #expect(lines.filter { $0.hasPrefix("0") }.map { String($0.prefix(14)) } == wanted)
    #expect(lines.last == "-- 257.5 MB in 450 messages")
    #expect(try run("flush").text == "450 messages are tried again now\n")
    #expect(try run("list", "--state", "ready", "--json").lines.count == 450)
  }

  @Test func `in a terminal what is long goes on below its value`() {
    func wrap(_ line: String) -> String { Output.wrapped(line[...], 30) }
    #expect(wrap("  oldest  nothing") == "  oldest  nothing")
    #expect(
      wrap("  reason    the server said 451 4.3.2 come again")
        == "  reason    the server said\n            451 4.3.2 come\n            again")
    // A number stays with what it counts.
    #expect(
      wrap("  messages  1 waiting  3 deferred") == "  messages  1 waiting\n            3 deferred")
    #expect(wrap("one two three four five six seven") == "one two three four five six\nseven")
    // What cannot be divided stays.
    let long = String(repeating: "x", count: 50)
    #expect(wrap(long) == long)
    #expect(wrap("  a   \(long) b") == "  a   \(long) b")
    for length in 0...60 {
      let line = String(repeating: " a", count: length)
      #expect(wrap(line).filter { $0 == "a" }.count == length)
    }
  }

  @Test func `a message of several pieces comes whole`() throws {
    let ended = try run("cat", "00000000000000")
    #expect(ended.status == 0)
    #expect(ended.output == (0..<3).flatMap { [UInt8](repeating: $0, count: 200_000) })
  }
}
