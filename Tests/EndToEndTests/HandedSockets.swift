import Foundation
import TestSupport
import Testing

/// Sockets of systemd's: a restart refuses nobody.
@Suite(.serialized) struct HandedSockets {
  private func begin(_ wire: SMTPWire) throws {
    try wire.reply()
    for line in ["EHLO a", "MAIL FROM:<a@b.c>", "RCPT TO:<bob@example.com>", "DATA"] {
      try wire.say(line)
    }
  }

  /// What systemd does with a .socket unit: listens, hands the socket over as descriptor 3, and
  /// starts the program again whenever it ends.
  private static let supervisor = """
    import ctypes, os, socket, subprocess, sys
    path, program, configuration = sys.argv[1:]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(256)
    os.dup2(listener.fileno(), 3)
    libc = ctypes.CDLL(None)
    while True:
        subprocess.run([program, "run", "--config", configuration], pass_fds=(3,),
                       preexec_fn=lambda: libc.prctl(1, 9))
    """

  @Test func `a restart under load refuses no connection and cuts no message`() throws {
    let directory = try TemporaryDirectory()
    let mta = try FakeSMTPServer()
    let configuration = directory.file("voicemail-milter.conf")
    try RunningMilter.write(
      ["milter.listen": "fd:3", "delivery.target": mta.target], to: configuration, in: directory)
    let address = "unix:" + directory.file("m.sock")
    let supervisor = try ChildProcess(
      "/usr/bin/python3",
      ["-c", Self.supervisor, directory.file("m.sock"), RunningMilter.program, configuration])
    func waitForStart(_ number: Int) -> Bool {
      supervisor.waitForErrors(seconds: 60) {
        $0.components(separatedBy: "info: ready").count > number
      }
    }
    #expect(waitForStart(1))

    let load = MTALoad(address, recording: try VoicemailRecording.silence(seconds: 1))
    load.start(threads: 4)
    for number in 1...2 {
      #expect(load.waitForMessages(load.messages + 40))
      let drain = try RunningMilter.run(["drain", "--config", configuration])
      #expect(drain.text == "stopped\n")
      #expect(waitForStart(number + 1))
    }
    #expect(load.waitForMessages(load.messages + 40))
    load.stop()
    #expect(load.troubles == [])
    // A session that had no message yet may be cut: its MTA begins it again.
    #expect(load.cutSessions <= 2 * 4)
    #expect(mta.waitForMessages(load.voicemails, seconds: 60))
  }

  /// The same for both fronts, named as their units name them (sd_listen_fds(3)).
  private static let supervisorOfTwo = """
    import ctypes, os, socket, subprocess, sys
    milter, filter, program, configuration = sys.argv[1:]
    listeners = []
    for number, path in ((3, filter), (4, milter)):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(256)
        os.dup2(listener.fileno(), number)
        listeners.append(listener)
    libc = ctypes.CDLL(None)
    names = "LISTEN_FDS=2 LISTEN_FDNAMES=content_filter:milter"
    while True:
        subprocess.run(["sh", "-c", names + ' LISTEN_PID=$$ exec "$0" run --config "$1"',
                        program, configuration], pass_fds=(3, 4),
                       preexec_fn=lambda: libc.prctl(1, 9))
    """

  /// Both fronts at sockets of a supervisor's.
  private struct Supervised {
    let directory: TemporaryDirectory
    let mta: FakeSMTPServer
    let configuration: String
    let milter: String
    let filter: String
    private let supervisor: ChildProcess

    init() throws {
      directory = try TemporaryDirectory()
      mta = try FakeSMTPServer()
      configuration = directory.file("voicemail-milter.conf")
      try RunningMilter.write(
        [
          "milter.listen": "fd:milter", "content_filter.listen": "fd:content_filter",
          "delivery.target": mta.target,
        ], to: configuration, in: directory)
      (milter, filter) = (directory.file("m.sock"), directory.file("f.sock"))
      supervisor = try ChildProcess(
        "/usr/bin/python3",
        ["-c", supervisorOfTwo, milter, filter, RunningMilter.program, configuration])
    }

    func waitForLog(_ text: String, times: Int = 1) -> Bool {
      supervisor.waitForErrors(seconds: 60) {
        $0.components(separatedBy: text).count > times
      }
    }
  }

  @Test func `both fronts take their sockets from systemd, by name, and leave them to the next`()
    throws
  {
    let host = try Supervised()
    func sendBoth(_ round: Int) throws {
      let client = try MilterClient("unix:\(host.milter)")
      #expect(
        try MTA(client).send(
          try AsteriskMail.silent("round\(round)").bytes, to: ["<ann@example.com>"],
          queueID: "M\(round)") == "d")
      client.close()
      let wire = try SMTPWire(path: host.filter)
      try begin(wire)
      try wire.write("Subject: round \(round)\r\n\r\nhello\r\n.\r\n")
      #expect(try wire.reply().hasPrefix("250"))
    }
    for round in 1...2 {
      #expect(host.waitForLog("info: ready", times: round))
      try sendBoth(round)
      #expect(host.mta.waitForMessages(2 * round, seconds: 30))
      _ = try RunningMilter.run(["drain", "--config", host.configuration])
    }
    let elsewhere = try TemporaryDirectory()
    let unknown = elsewhere.file("unknown.conf")
    try RunningMilter.write(
      ["milter.listen": "fd:other", "delivery.target": host.mta.target], to: unknown, in: elsewhere)
    let failed = try ChildProcess(RunningMilter.program, ["run", "--config", unknown])
    #expect(failed.waitForExit(seconds: 20) == 1)
    #expect(failed.errors.contains("fd:other: systemd has handed over no sockets with names"))
  }

  @Test func `a drain leaves who connects at systemd's socket to the next daemon`() throws {
    let host = try Supervised()
    #expect(host.waitForLog("info: ready"))
    let open = try SMTPWire(path: host.filter)
    try begin(open)
    let drain = try ChildProcess(
      RunningMilter.program, ["drain", "--timeout", "60s", "--config", host.configuration])
    #expect(host.waitForLog("info: draining"))
    let early = try SMTPWire(path: host.filter)
    #expect(drain.isRunning)
    try open.write(try AsteriskMail.silent("a").bytes)
    #expect(try open.say(".").hasPrefix("250 2.0.0 Ok: voicemail kept"))
    #expect(drain.waitForExit(seconds: 30) == 0)
    try begin(early)
    try early.write("Subject: early\r\n\r\nhello\r\n")
    #expect(try early.say(".").hasPrefix("250"))
    #expect(host.mta.waitForMessages(2, seconds: 60))
  }
}
