import Foundation
import TestSupport
import Testing

/// The real program on a spool of an earlier one; Tests/OldSpools/make says what is in it.
struct Upgrading {
  /// A state directory with such a spool, each of whose messages is that voicemail.
  private static func directory(_ schema: String, _ mail: AsteriskMail) throws -> TemporaryDirectory
  {
    let directory = try TemporaryDirectory()
    try FileManager.default.createDirectory(
      atPath: directory.file("state"), withIntermediateDirectories: false)
    try Data(mail.bytes).write(to: URL(fileURLWithPath: directory.file("mail")))
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../OldSpools").path
    let maker = try ChildProcess(
      folder + "/make",
      ["\(folder)/\(schema).sql", directory.file("mail"), directory.file("state/spool.sqlite")])
    #expect(maker.waitForExit(seconds: 20) == 0, "\(maker.errors)")
    return directory
  }

  /// The first value of a query, by another program, which changes nothing.
  private static func ask(_ directory: TemporaryDirectory, _ sql: String) throws -> String {
    let python = try ChildProcess(
      "/usr/bin/python3",
      [
        "-c",
        "import sqlite3, sys; print(sqlite3.connect('file:' + sys.argv[1] + '?mode=ro', uri=True)"
          + ".execute(sys.argv[2]).fetchone()[0])",
        directory.file("state/spool.sqlite"), sql,
      ])
    #expect(python.waitForExit(seconds: 20) == 0, "\(python.errors)")
    return String(decoding: python.output, as: UTF8.self).filter { $0 != "\n" }
  }

  @Test(arguments: ["version-1", "version-1-policies", "version-2"])
  func `after an upgrade each message of the earlier program arrives`(schema: String) throws {
    let mail = try AsteriskMail.silent()
    let directory = try Self.directory(schema, mail)
    let version = schema.hasPrefix("version-1") ? "1" : "2"
    // A kill in the middle: nothing has happened.
    let mta = try FakeSMTPServer()
    let settings = ["delivery.target": mta.target]
    let victim = try RunningMilter(
      settings, in: directory,
      by: ["/usr/bin/env", "VOICEMAIL_MILTER_KILL_AT=schema before commit"], waitUntilReady: false)
    #expect(victim.process.waitForExit(seconds: 30) != nil)
    #expect(victim.log.contains("info: the spool is brought up to date from=\(version) to=3"))
    #expect(try Self.ask(directory, "PRAGMA user_version") == version)
    #expect(try Self.ask(directory, "SELECT count(*) FROM message") == "13")

    let milter = try RunningMilter(settings, in: directory)
    #expect(milter.logLines("warning:").isEmpty && milter.logLines("error:").isEmpty)
    #expect(mta.waitForMessages(8, seconds: 60))
    #expect(try milter.command("release", "held").status == 0)
    #expect(try milter.command("release", "holding").status == 0)
    #expect(try milter.command("retry", "failed").status == 0)
    #expect(mta.waitForMessages(11, seconds: 60))
    #expect(try milter.waitForStatus { $0.count("delivered") == 12 }.count("delivered") == 12)
    #expect(try Self.ask(directory, "PRAGMA integrity_check") == "ok")
    #expect(try Self.ask(directory, "PRAGMA user_version") == "3")

    let recipients = mta.messages.flatMap(\.recipients)
    #expect(
      Set(recipients)
        == Set(
          [
            "waiting", "transcribing", "worker-lost", "ready", "original", "delivering", "deferred",
            "partly", "held", "holding", "failed",
          ].map { "RCPT TO:<\($0)@example.com>" }))
    #expect(recipients.count == 11)
    for message in mta.messages { #expect(message.received.recordings == [mail.recording]) }
    // What the filter makes now, and what the earlier program had made.
    let transcribed = try #require(
      mta.messages.first { $0.recipients == ["RCPT TO:<waiting@example.com>"] })
    #expect(transcribed.received["X-Voicemail-Id"] == "waiting")

    #expect(try milter.command("list").text.contains("0 messages") == false)
    let story = try milter.command("show", "partly").text
    #expect(story.contains("has-it@example.com") && story.contains("an event of partly"))
    #expect(try milter.command("show", "deleted").text.contains("an event of deleted"))
  }

  /// A command may be the first to see the older spool.
  @Test func `a command without a daemon brings the spool up to date, too`() throws {
    let directory = try Self.directory(
      "version-1", try AsteriskMail.silent())
    try RunningMilter.write([:], to: directory.file("c.conf"), in: directory)
    let listed = try RunningMilter.run(["list", "--json", "--config", directory.file("c.conf")])
    #expect(listed.status == 0)
    #expect(listed.errors == "")
    #expect(listed.lines.count == 11)
    #expect(try Self.ask(directory, "PRAGMA user_version") == "3")
  }
}
