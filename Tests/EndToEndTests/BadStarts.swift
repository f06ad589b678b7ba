import Foundation
import Glibc
import TestSupport
import Testing

/// What an administrator gets wrong is told in one line, with exit status 1, before anything runs.
struct BadStarts {
  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var settings: RunningMilter.Settings
    /// The one line; $ stands for the test's directory.
    var line: String

    init(_ name: String, _ settings: RunningMilter.Settings, _ line: String) {
      (testDescription, self.settings, self.line) = (name, settings, line)
    }
  }

  static let cases = [
    Case(
      "a value that is no number", ["daemon.workers": "many"],
      "$/voicemail-milter.conf:4: [daemon] workers = many: must be a whole number from 0 to 64"),
    Case(
      "a time without sense", ["transcription.deadline": "soon"],
      "$/voicemail-milter.conf:17: [transcription] deadline = soon: must be a time such as 30s, "
        + "5min, 2h or 5d"),
    Case(
      "a misspelt key", ["delivery.traget": "x"],
      "$/voicemail-milter.conf:7: [delivery] traget: no such key; did you mean target?"),
    Case(
      "a misspelt section", ["spol.x": "x"],
      "$/voicemail-milter.conf:13: [spol]: no such section; did you mean spool?"),
    Case(
      "a target that is none", ["delivery.target": "nowhere"],
      "[delivery] target: target 'nowhere': expected smtp:HOST:PORT, smtp:[IPV6]:PORT, unix:PATH or sendmail:PATH"
    ),
    Case(
      "a source that is none", ["recognition.sources": "127.0.0.1, mars"],
      "[recognition] sources: "),
    Case(
      "an address that is none", ["milter.listen": "carrier-pigeon"],
      "milter socket carrier-pigeon: "),
    Case(
      "a content filter for the world", ["content_filter.listen": "inet:10025@0.0.0.0"],
      "[content_filter] listen: SMTP socket inet:10025@0.0.0.0: only loopback"),
    Case(
      "a content filter's socket below nothing", ["content_filter.listen": "unix:$/no/filter.sock"],
      "SMTP socket unix:$/no/filter.sock: cannot listen: No such file or directory"),
    Case(
      "a socket path that is too long",
      ["milter.listen": "unix:/tmp/\(String(repeating: "x", count: 120))"], "the path has 125 bytes"
    ),
    Case(
      "a state directory below nothing", ["daemon.state_directory": "$/no/state"],
      "state directory $/no/state: No such file or directory; make it"),
    Case(
      "a file in place of the state directory", ["daemon.state_directory": "$/file"],
      "state directory $/file: "),
    Case("a socket below nothing", ["milter.listen": "unix:$/no/milter.sock"], "milter.sock"),
    Case("a file in place of the socket", ["milter.listen": "unix:$/file"], "no socket"),
  ]

  @Test(arguments: [
    ("transcription.acoustic_model", "/no-such-model", "no acoustic model at /no-such-model"),
    ("transcription.dictionary", "/no.dict", "no dictionary at /no.dict"),
    ("transcription.language", "de", "de is known to none of engines = pocketsphinx"),
  ])
  func `engines that can make no transcript keep no voicemail from arriving`(
    _ key: String, _ value: String, _ line: String
  ) throws {
    let session = try Session([key: value])
    #expect(
      session.milter.waitForLog(containing: "error:", "alarm=engine_unusable", "\(line)"))
    try session.deliver(AsteriskMail(try VoicemailRecording.short()).bytes)
    #expect(session.mta.waitForMessages(1, seconds: 60))
    #expect(session.mta.messages.first?.received["X-Voicemail-Transcript"] == "failed")
  }

  @Test(arguments: cases) func `run says in one line what is wrong`(_ example: Case) throws {
    let directory = try TemporaryDirectory()
    try Data("x".utf8).write(to: directory.url.appendingPathComponent("file"))
    func here(_ text: String) -> String { text.replacing("$", with: directory.path) }
    let milter = try RunningMilter(
      example.settings.mapValues(here), in: directory, waitUntilReady: false)
    let status = milter.process.waitForExit(seconds: 60)
    #expect(status == 1)
    #expect(milter.log.hasPrefix("voicemail-milter: "))
    #expect(milter.log.contains(here(example.line)), "\(milter.log)")
    #expect(milter.log.split(separator: "\n").count == 1, "\(milter.log)")
    #expect(FileManager.default.fileExists(atPath: directory.file("file")))
    #expect(!FileManager.default.fileExists(atPath: directory.file("milter.sock")))
  }

  @Test func `a configuration that cannot be read is named`() throws {
    let directory = try TemporaryDirectory()
    let none = try RunningMilter.run(["run", "--config", directory.file("none.conf")])
    #expect(none.status == 1)
    #expect(
      none.errors
        == "voicemail-milter: configuration \(directory.file("none.conf")): "
        + "No such file or directory\n")
    let folder = try RunningMilter.run(["run", "--config", directory.path])
    #expect(folder.status == 1)
    #expect(
      folder.errors == "voicemail-milter: configuration \(directory.path): Is a directory\n")
    let path = directory.file("broken.conf")
    try "[daemon]\nthis is no setting\n".write(toFile: path, atomically: true, encoding: .utf8)
    let broken = try RunningMilter.run(["run", "--config", path])
    #expect(broken.status == 1)
    #expect(broken.errors.hasPrefix("voicemail-milter: \(path):2: "))
  }

  @Test func `a second daemon on a spool or a socket is refused, and the first goes on`() throws {
    let first = try RunningMilter()
    let sameSpool = try RunningMilter(
      ["daemon.state_directory": first.stateDirectory], waitUntilReady: false)
    #expect(sameSpool.process.waitForExit(seconds: 60) == 1)
    #expect(sameSpool.log.contains("another voicemail-milter has this spool open"))
    let sameSocket = try RunningMilter(
      ["milter.listen": first.milterAddress], waitUntilReady: false)
    #expect(sameSocket.process.waitForExit(seconds: 60) == 1)
    #expect(sameSocket.log.contains("\(first.milterAddress): already in use by a running process"))
    #expect(sameSocket.log.split(separator: "\n").count == 1)

    #expect(try first.status().daemon?.pid == first.process.pid)
    #expect(try MTA(first).send(OrdinaryMail.all[0].bytes, to: ["<a@b.c>"], queueID: "Q") == "a")
  }

  @Test func `the sockets a killed daemon left are replaced`() throws {
    let directory = try TemporaryDirectory()
    try RunningMilter(in: directory).kill()
    #expect(FileManager.default.fileExists(atPath: directory.file("milter.sock")))
    #expect(FileManager.default.fileExists(atPath: directory.file("state/control.sock")))
    let milter = try RunningMilter(in: directory)
    #expect(try MTA(milter).send(OrdinaryMail.all[0].bytes, to: ["<a@b.c>"], queueID: "Q") == "a")
    #expect(try milter.status().daemon?.pid == milter.process.pid)
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func `a signal ends the daemon, its workers and its sockets`(_ signal: Int32) throws {
    let milter = try RunningMilter(["daemon.workers": "2"])
    let ready = try milter.waitForStatus {
      $0.daemon?.workers.allSatisfy { $0.doing == "idle" } ?? false
    }
    let workers = ready.daemon?.workers.compactMap(\.pid) ?? []
    #expect(workers.count == 2)
    milter.process.signal(signal)
    #expect(milter.process.waitForExit(seconds: 30) == 0)
    #expect(milter.log.hasSuffix("info: stopped\n"))
    for worker in workers { #expect(waitUntilGone(worker)) }
    #expect(!FileManager.default.fileExists(atPath: milter.directory.file("milter.sock")))
  }

  @Test func `a signal in the middle of a transcription keeps the message`() throws {
    let session = try Session()
    let mail = AsteriskMail(try VoicemailRecording.veryLong())
    let id = try session.deliver(mail.bytes)
    let worker = try session.milter.waitForTranscribingWorker()
    session.milter.process.signal(SIGTERM)
    #expect(session.milter.process.waitForExit(seconds: 30) == 0)
    #expect(waitUntilGone(worker))
    #expect(session.mta.messages.isEmpty)
    // Nothing went wrong.
    #expect(session.milter.logLines("error:").isEmpty)
    // With the daemon down the command reads the spool itself.
    let status = try session.milter.status()
    #expect(status.daemon == nil)
    #expect(status.count("waiting") + status.count("transcribing") == 1)
    #expect(try session.milter.command("show", id).text.hasPrefix("\(id): "))
    #expect(try session.milter.spoolHoldsContent)
  }
}
