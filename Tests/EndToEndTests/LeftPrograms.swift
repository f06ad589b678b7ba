import Foundation
import Glibc
import TestSupport
import Testing

/// A program that has a recording does not outlive whoever gave it the recording.
@Suite(.serialized) struct LeftPrograms {
  enum Ending: CaseIterable { case daemonIsStopped, daemonIsKilled, workerIsKilled }

  @Test(arguments: Ending.allCases)
  func `a program that hears a recording, and what it has started, end with the worker`(
    _ ending: Ending
  ) throws {
    let directory = try TemporaryDirectory()
    // Open for writing as long as one of them lives.
    let pipe = directory.file("alive")
    try #require(mkfifo(pipe, 0o600) == 0)
    let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    defer { close(reader) }
    try ChildProcess.install(
      script: "exec 3>\(pipe); echo >&3; sleep 1000 & sleep 1000", at: directory.file("sleeper"))
    let server = try FakeHTTPServer(Engines.answer)
    let session = try Session([
      "engine sleeper.type": "command", "engine sleeper.program": directory.file("sleeper"),
      "engine sleeper.timeout": "10min", "engine sleeper.memory": "64MB",
      "engine whisper.type": "whisper-server", "engine whisper.url": server.url,
      "transcription.engines": "sleeper, whisper",
    ])
    try session.deliver(AsteriskMail(try VoicemailRecording.short()).bytes)
    func tells(_ event: Int16) -> Bool {
      var entry = pollfd(fd: reader, events: event, revents: 0)
      return poll(&entry, 1, 60_000) == 1 && entry.revents & event != 0
    }
    try #require(tells(Int16(POLLIN)))
    switch ending {
    case .daemonIsStopped: session.milter.process.signal(SIGTERM)
    case .daemonIsKilled: session.milter.kill()
    case .workerIsKilled: kill(try session.milter.waitForTranscribingWorker(), SIGKILL)
    }
    #expect(tells(Int16(POLLHUP)))
  }
}
