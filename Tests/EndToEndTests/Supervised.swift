import Foundation
import Glibc
import TestSupport
import Testing

/// As a service of systemd: what the unit files rely on.
@Suite struct Supervised {
  private func environment(_ notify: NotifySocket, watchdogMS: Int) -> [String] {
    [
      "/usr/bin/env", "NOTIFY_SOCKET=\(notify.path)", "WATCHDOG_USEC=\(watchdogMS * 1_000)",
    ]
  }

  @Test func `systemd hears when it serves, that it lives, and when it stops`() throws {
    let directory = try TemporaryDirectory()
    let notify = try NotifySocket(in: directory)
    let milter = try RunningMilter(
      in: directory, by: environment(notify, watchdogMS: 300), waitUntilReady: false)
    #expect(notify.next() == ["STATUS=opening the spool"])
    #expect(notify.next() == ["READY=1", "STATUS=serving"])
    // Whoever was told so may connect.
    #expect(try MTA(milter).sendEnvelope(to: ["<ann@example.com>"], queueID: "Q1") == "c")
    for _ in 1...3 { #expect(notify.next() == ["WATCHDOG=1"]) }
    milter.process.signal(SIGTERM)
    var last = notify.next()
    while last == ["WATCHDOG=1"] { last = notify.next() }
    #expect(last == ["STOPPING=1", "STATUS=stopping"])
    #expect(milter.process.waitForExit(seconds: 20) == 0)
  }

  @Test func `the watchdog hears nothing while the spool's thread hangs`() throws {
    let directory = try TemporaryDirectory()
    let notify = try NotifySocket(in: directory)
    let milter = try RunningMilter(in: directory, by: environment(notify, watchdogMS: 150))
    while notify.next() != ["WATCHDOG=1"] {}
    let lock = try SpoolLocker(milter.stateDirectory)
    // It waits for the lock, and whatever comes later waits for it.
    let pause = try ChildProcess(
      RunningMilter.program, ["pause", "transcription", "--config", milter.configuration])
    let end = ContinuousClock.now + .seconds(20)
    var isSilent = false
    while !isSilent, ContinuousClock.now < end { isSilent = notify.next(withinMS: 800) == nil }
    #expect(isSilent)
    lock.end()
    #expect(notify.next() == ["WATCHDOG=1"])
    #expect(pause.waitForExit(seconds: 20) != nil)
  }

  /// What systemd does with a socket unit, then it becomes the program.
  private static let activation = """
    import os, socket, sys
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen(8)
    os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
    os.execv(sys.argv[2], sys.argv[2:])
    """

  /// The same, but it stays, as systemd does, and looks at the end whether somebody waits in its socket.
  private static let keeping = """
    import os, select, signal, socket, sys
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen(8)
    child = os.fork()
    if child == 0:
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        os.execv(sys.argv[2], sys.argv[2:])
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.exit(status or (99 if select.select([listener], [], [], 0)[0] else 0))
    """

  @Test(arguments: ["drain", "SIGTERM"])
  func `a daemon that ends leaves no connection behind that would start the next`(how: String)
    throws
  {
    let directory = try TemporaryDirectory()
    let socket = directory.file("milter.sock")
    let milter = try RunningMilter(
      in: directory, by: ["/usr/bin/python3", "-c", Self.keeping, socket])
    #expect(try MTA(milter).sendEnvelope(to: ["<ann@example.com>"], queueID: "Q1") == "c")
    if how == "drain" {
      #expect(try milter.command("drain", "--timeout", "200ms").status == 0)
    } else {
      milter.process.signal(SIGTERM)
    }
    #expect(milter.process.waitForExit(seconds: 20) == 0)
    withExtendedLifetime(directory) {}
  }

  /// In each notation that libmilter has for it.
  @Test(arguments: ["unix:", "local:", ""])
  func `systemd's socket at the path of the milter is taken, and outlives the daemon`(kind: String)
    throws
  {
    let directory = try TemporaryDirectory()
    let socket = directory.file("milter.sock")
    let milter = try RunningMilter(
      ["milter.listen": kind + socket], in: directory,
      by: ["/usr/bin/python3", "-c", Self.activation, socket])
    let client = try MilterClient("unix:" + socket)
    try client.negotiate()
    #expect(try client.connect(address: "127.0.0.1") == "c")
    client.close()
    #expect(try milter.command("drain", "--timeout", "200ms").status == 0)
    #expect(milter.process.waitForExit(seconds: 20) == 0)
    // The directory goes with its last user.
    withExtendedLifetime(directory) {
      #expect(FileManager.default.fileExists(atPath: socket))
    }
  }
}
