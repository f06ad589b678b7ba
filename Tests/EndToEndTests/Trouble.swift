import Foundation
import Glibc
import TestSupport
import Testing

/// Whatever happens to a recording, a worker or the daemon: the message arrives, once, and says
/// honestly what it lacks.
@Suite(.serialized) struct Trouble {
  static let broken: [(name: String, recording: [UInt8])] = [
    ("empty", []), ("no sound at all", Array("this is no recording".utf8)),
    ("a header and nothing else", Array("RIFF\u{24}\0\0\0WAVEfmt ".utf8)),
  ]

  @Test(arguments: broken)
  func `a broken recording arrives unharmed with an honest line`(
    _ name: String, _ recording: [UInt8]
  ) throws {
    let session = try Session()
    try session.deliver(AsteriskMail(recording).bytes)
    #expect(session.mta.waitForMessages(1, seconds: 60))
    let arrived = try #require(session.mta.messages.first).received
    #expect(arrived.recordings == [recording])
    #expect(arrived["X-Voicemail-Transcript"] == "failed")
    let line = "No transcript: the recording could not be read. Please listen to the recording."
    #expect(try #require(arrived.part("text/plain")).text.unfolded.hasPrefix(line))
    #expect(try #require(arrived.part("text/html")).text.contains(line))
    #expect(try session.milter.waitForStatus { $0.count("delivered") == 1 }.count("held") == 0)
    #expect(session.mta.messages.count == 1)
  }

  @Test func `a recording without speech says so`() throws {
    let session = try Session()
    try session.deliver(AsteriskMail(try VoicemailRecording.silence(seconds: 3)).bytes)
    #expect(session.mta.waitForMessages(1, seconds: 60))
    let arrived = try #require(session.mta.messages.first).received
    #expect(arrived["X-Voicemail-Transcript"] == "none")
    let text = try #require(arrived.part("text/plain")).text
    #expect(text.hasPrefix("No speech found in this recording (0:03)."))
  }

  @Test func `a worker killed in the middle of a transcription costs one attempt, no more`() throws
  {
    let session = try Session()
    let mail = AsteriskMail(try VoicemailRecording.long())
    let id = try session.deliver(mail.bytes)
    kill(try session.milter.waitForTranscribingWorker(), SIGKILL)

    #expect(session.mta.waitForMessages(1, seconds: 90))
    let arrived = try #require(session.mta.messages.first).received
    let status = try #require(arrived["X-Voicemail-Transcript"])
    #expect(["ok", "low"].contains(status))
    #expect(try #require(arrived.part("text/plain")).text.contains("operating system"))
    #expect(arrived.recordings == [mail.recording])
    #expect(session.milter.waitForLog(containing: "info: delivered", "id=\(id)"))

    let story = try session.milter.command("show", id)
    #expect(story.status == 0)
    #expect(story.text.contains("lost"))
    #expect(story.text.contains("it waits for another worker"))
    #expect(story.text.contains("transcript \(status) by pocketsphinx"))
    #expect(story.text.contains("delivered as FAKE1"))
    let details = try JSON.object(session.milter.command("show", id, "--json").text)
    #expect(details["worker_attempts"] as? Int == 2)
    #expect(session.mta.messages.count == 1)
  }

  @Test func `a message that takes two workers down arrives with an honest line`() throws {
    let session = try Session()
    let mail = AsteriskMail(try VoicemailRecording.long())
    let id = try session.deliver(mail.bytes)
    let first = try session.milter.waitForTranscribingWorker()
    kill(first, SIGKILL)
    kill(try session.milter.waitForTranscribingWorker(otherThan: first), SIGKILL)

    #expect(session.mta.waitForMessages(1, seconds: 60))
    let arrived = try #require(session.mta.messages.first).received
    #expect(arrived["X-Voicemail-Transcript"] == "failed")
    #expect(arrived.recordings == [mail.recording])
    let text = try #require(arrived.part("text/plain")).text
    #expect(
      text.unfolded.hasPrefix(
        "No transcript: the recording could not be processed. Please listen to the recording."))
    #expect(session.milter.waitForLog(containing: "info: delivered", "id=\(id)"))
    #expect(session.mta.messages.count == 1)
  }

  @Test func `an idle worker's death costs nothing`() throws {
    let session = try Session()
    let idle = try session.milter.waitForStatus {
      $0.daemon?.workers.first?.doing == "idle"
    }
    let worker = try #require(idle.daemon?.workers.first?.pid)
    kill(worker, SIGKILL)
    #expect(waitUntilGone(worker))
    let id = try session.deliver(AsteriskMail(try VoicemailRecording.short()).bytes)
    #expect(session.mta.waitForMessages(1, seconds: 60))
    let arrived = try #require(session.mta.messages.first).received
    #expect(["ok", "low"].contains(arrived["X-Voicemail-Transcript"]))
    let details = try JSON.object(session.milter.command("show", id, "--json").text)
    #expect(details["worker_attempts"] as? Int == 1)
  }

  @Test func `a daemon killed while transcribing delivers after its restart, once`() throws {
    let directory = try TemporaryDirectory()
    let mta = try FakeSMTPServer()
    let settings = ["delivery.target": mta.target]
    let mail = AsteriskMail(try VoicemailRecording.long())
    let worker: pid_t
    do {
      let milter = try RunningMilter(settings, in: directory)
      #expect(try MTA(milter).send(mail.bytes, to: ["<ann@example.com>"], queueID: "QQ1") == "d")
      worker = try milter.waitForTranscribingWorker()
      milter.kill()
    }
    // A worker does not outlive its daemon. It is nobody's child now, so there is no event.
    #expect(waitUntilGone(worker))
    #expect(mta.messages.isEmpty)

    let milter = try RunningMilter(settings, in: directory)
    #expect(mta.waitForMessages(1, seconds: 90))
    let arrived = try #require(mta.messages.first).received
    #expect(["ok", "low"].contains(arrived["X-Voicemail-Transcript"]))
    #expect(arrived.recordings == [mail.recording])
    #expect(milter.waitForLog(containing: "info: delivered"))
    let id = try #require(arrived["X-Voicemail-Id"])
    #expect(try milter.command("show", id).text.contains("transcribing interrupted by a restart"))
    #expect(try milter.status().count("delivered") == 1)
    #expect(mta.messages.count == 1)
  }

  @Test func `restarts are not held against a recording`() throws {
    let directory = try TemporaryDirectory()
    let mta = try FakeSMTPServer()
    let settings = ["delivery.target": mta.target]
    let mail = AsteriskMail(try VoicemailRecording.long())
    for start in 0..<3 {
      let milter = try RunningMilter(settings, in: directory)
      if start == 0 {
        #expect(try MTA(milter).send(mail.bytes, to: ["<ann@example.com>"], queueID: "QQ1") == "d")
      }
      _ = try milter.waitForTranscribingWorker()
      milter.kill()
    }
    let milter = try RunningMilter(settings, in: directory)
    #expect(mta.waitForMessages(1, seconds: 90))
    let arrived = try #require(mta.messages.first).received
    #expect(["ok", "low"].contains(arrived["X-Voicemail-Transcript"]))
    #expect(milter.waitForLog(containing: "info: delivered"))
    #expect(mta.messages.count == 1)
  }

  @Test func `at the transcription deadline the message goes out with an honest line`() throws {
    let session = try Session(["transcription.deadline": "2s"])
    let mail = AsteriskMail(try VoicemailRecording.veryLong())
    let start = ContinuousClock.now
    try session.deliver(mail.bytes)
    #expect(session.mta.waitForMessages(1, seconds: 60))
    // The deadline, a new worker and the delivery; a minute of speech takes far longer.
    #expect(ContinuousClock.now - start < .seconds(15))
    let arrived = try #require(session.mta.messages.first).received
    #expect(arrived["X-Voicemail-Transcript"] == "failed")
    #expect(arrived.recordings == [mail.recording])
    let text = try #require(arrived.part("text/plain")).text
    #expect(
      text.unfolded.hasPrefix(
        "No transcript: it was not ready in time. Please listen to the recording."))
    #expect(session.milter.waitForLog(containing: "transcription deadline"))
  }

  @Test func `while the spool cannot be written, voicemail passes as it came`() throws {
    let session = try Session()
    let mail = try AsteriskMail.silent().bytes
    // Another program's write lock stands for all that can be wrong with a spool.
    let script = """
      import signal, sqlite3, sys
      spool = sqlite3.connect(sys.argv[1], isolation_level=None)
      spool.execute("BEGIN IMMEDIATE")
      print("locked", file=sys.stderr, flush=True)
      signal.pause()
      """
    let other = try ChildProcess(
      "/usr/bin/python3", ["-c", script, session.milter.stateDirectory + "/spool.sqlite"])
    #expect(other.waitForErrors(seconds: 20) { $0.contains("locked") }, "\(other.errors)")
    // MilterClient waits 10 s for an answer; Postfix is told to wait 30.
    #expect(try MTA(session.milter).send(mail, to: ["<ann@example.com>"], queueID: "Q1") == "a")
    #expect(
      session.milter.waitForLog(containing: "error: voicemail passes unchanged", "queue_id=Q1"))
    other.signal(SIGKILL)
    #expect(other.waitForExit(seconds: 20) != nil)
    // It recovers by itself.
    try session.deliver(mail, queueID: "Q2")
    #expect(session.mta.waitForMessages(1, seconds: 60))
    #expect(try session.milter.status().spool.messages.values.reduce(0, +) == 1)
  }

  @Test func `nothing of a delivered message is left in the state directory`() throws {
    let session = try Session()
    var mail = AsteriskMail(try VoicemailRecording.short())
    mail.extraHeaders = ["X-Note: swordfish"]
    try session.deliver(mail.bytes)
    #expect(session.milter.waitForLog(containing: "info: delivered"))
    // Its answer comes after all that was to be done before.
    #expect(try session.milter.status().count("delivered") == 1)
    session.milter.kill()
    let state = URL(fileURLWithPath: session.milter.stateDirectory)
    for name in try FileManager.default.contentsOfDirectory(atPath: state.path) {
      guard let bytes = try? Data(contentsOf: state.appendingPathComponent(name)) else { continue }
      for word in ["swordfish", "just left a 0:05 long", "number is not"] {
        #expect(bytes.range(of: Data(word.utf8)) == nil, "\(word) in \(name)")
      }
    }
  }
}

/// Looks every 10 ms until it is so; whether it is when the limit passes.
///
/// For what rings no bell: processes that are nobody's child here, another program's files.
func eventually(seconds: Double = 30, _ isSo: () -> Bool) -> Bool {
  let end = Date(timeIntervalSinceNow: seconds)
  while !isSo(), Date() < end { usleep(10_000) }
  return isSo()
}

/// Whether a process ends within the limit; one that nobody has reaped yet has ended.
func waitUntilGone(_ pid: pid_t) -> Bool {
  eventually {
    guard let facts = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else {
      return true
    }
    return facts.contains(") Z ") || facts.contains(") X ")
  }
}

/// One line of JSON that a command printed.
enum JSON {
  static func object(_ line: String) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
  }
}

extension String {
  /// Lines of a paragraph as one.
  var unfolded: String { replacing("\n", with: " ") }
}
