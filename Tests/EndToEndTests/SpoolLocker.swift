import Glibc
import TestSupport

/// Another program that holds the spool's write lock.
final class SpoolLocker {
  private let process: ChildProcess

  init(_ state: String) throws {
    let script = """
      import signal, sqlite3, sys
      spool = sqlite3.connect(sys.argv[1] + "/spool.sqlite", isolation_level=None)
      spool.execute("BEGIN IMMEDIATE")
      print("locked", file=sys.stderr, flush=True)
      signal.pause()
      """
    process = try ChildProcess("/usr/bin/python3", ["-c", script, state])
    guard process.waitForErrors(seconds: 20, until: { $0.contains("locked") }) else {
      throw MilterClient.Failure("no lock: \(process.errors)")
    }
  }

  func end() {
    process.signal(SIGKILL)
    _ = process.waitForExit(seconds: 20)
  }
}
