package import Foundation
import Glibc
import Synchronization

/// A program a test starts: what it says is collected as it comes; killed and reaped with the value.
package final class ChildProcess: Sendable {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  package let pid: pid_t
  private let record: Record

  /// What the reading threads collect; they ring at every change.
  private final class Record: Sendable {
    struct State {
      var output: [UInt8] = []
      var errors: [UInt8] = []
      var openStreams = 2
      var status: Int32?
    }
    let state = Mutex(State())
    let changed = NSCondition()

    func change(_ body: (inout State) -> Void) {
      changed.lock()
      state.withLock { body(&$0) }
      changed.broadcast()
      changed.unlock()
    }

    /// Waits until the state is as wanted; false when the limit passed first.
    func wait(seconds: Double, until isSo: (State) -> Bool) -> Bool {
      let deadline = Date(timeIntervalSinceNow: seconds)
      changed.lock()
      defer { changed.unlock() }
      while !state.withLock({ isSo($0) }) {
        guard changed.wait(until: deadline) else { return state.withLock { isSo($0) } }
      }
      return true
    }
  }

  /// Starts a program with these bytes as its standard input.
  package init(_ program: String, _ arguments: [String], input: [UInt8] = []) throws {
    // Close-on-exec from the start, which pipe(2) has not: tests start programs in parallel.
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    var (outer, errors): ([Int32], [Int32]) = ([0, 0], [0, 0])
    guard socketpair(AF_UNIX, kind, 0, &outer) == 0, socketpair(AF_UNIX, kind, 0, &errors) == 0
    else { throw Failure(description: "no socket pairs") }
    let stdin = try Self.file(with: input)
    defer { close(stdin) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, stdin, 0)
    posix_spawn_file_actions_adddup2(&actions, outer[1], 1)
    posix_spawn_file_actions_adddup2(&actions, errors[1], 2)
    // Signals blocked or ignored here are not for the child to inherit.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (none, all) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    var argv = ([program] + arguments).map { strdup($0) } + [nil]
    // Where the tests run as a service, the program would take its log for the journal's.
    let environment = ProcessInfo.processInfo.environment.filter { $0.key != "JOURNAL_STREAM" }
    var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, program, &actions, &attributes, &argv, &envp)
    [outer[1], errors[1]].forEach { _ = close($0) }
    guard code == 0 else {
      [outer[0], errors[0]].forEach { _ = close($0) }
      throw Failure(description: "\(program): \(String(cString: strerror(code)))")
    }
    pid = child
    let record = Record()
    self.record = record
    let (stdout, stderr) = (outer[0], errors[0])
    Thread.detachNewThread { Self.read(stdout, record) { $0.output += $1 } }
    Thread.detachNewThread { Self.read(stderr, record) { $0.errors += $1 } }
    Thread.detachNewThread { [pid] in
      // Looked at before it is reaped: until then the number cannot become another's.
      var facts = siginfo_t()
      while waitid(P_PID, id_t(pid), &facts, WEXITED | WNOWAIT) < 0, errno == EINTR {}
      record.change { state in
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        state.status = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
      }
    }
  }

  deinit { signal(SIGKILL) }

  /// What it has written to standard output so far.
  package var output: [UInt8] { record.state.withLock { $0.output } }
  /// What it has written to standard error so far.
  package var errors: String {
    String(decoding: record.state.withLock { $0.errors }, as: UTF8.self)
  }
  package var isRunning: Bool { record.state.withLock { $0.status == nil } }

  /// Does nothing when it has ended.
  package func signal(_ number: Int32) {
    record.state.withLock { state in
      if state.status == nil { _ = kill(pid, number) }
    }
  }

  /// Waits until standard error says what is wanted, its end, or the limit; whether it says so.
  package func waitForErrors(seconds: Double, until isSo: (String) -> Bool) -> Bool {
    func matches(_ state: Record.State) -> Bool {
      isSo(String(decoding: state.errors, as: UTF8.self))
    }
    _ = record.wait(seconds: seconds) {
      matches($0) || ($0.openStreams == 0 && $0.status != nil)
    }
    return isSo(errors)
  }

  /// Writes a shell script that can be run at once.
  ///
  /// A child writes it: written here, a process that another test starts just then would hold it open, and
  /// the kernel runs no file that is open for writing (ETXTBSY).
  package static func install(script: String, at path: String) throws {
    let writer = try ChildProcess(
      "/bin/sh", ["-c", "cat >\"$0\" && chmod 755 \"$0\"", path],
      input: Array("#!/bin/sh\n\(script)\n".utf8))
    guard writer.waitForExit(seconds: 20) == 0 else {
      throw Failure(description: "cannot write \(path): \(writer.errors)")
    }
  }

  /// Exit status, or 128 and the number of the signal; nil when it still runs at the limit.
  ///
  /// Then all it has said is there.
  package func waitForExit(seconds: Double) -> Int32? {
    let ended = record.wait(seconds: seconds) { $0.status != nil && $0.openStreams == 0 }
    return ended ? record.state.withLock { $0.status } : nil
  }

  /// Runs a program to its end, which must be a good one; what it has written to standard output.
  @discardableResult
  package static func run(
    _ program: String, _ arguments: String..., input: [UInt8] = []
  ) throws -> [UInt8] {
    let process = try ChildProcess(program, arguments, input: input)
    guard process.waitForExit(seconds: 30) == 0 else {
      throw Failure(description: "\(program): \(process.errors)")
    }
    return process.output
  }

  /// A file without a name, read from its beginning.
  private static func file(with bytes: [UInt8]) throws -> Int32 {
    let path = "/tmp/voicemail-milter-test-\(UUID().uuidString)"
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Failure(description: "cannot write \(path)") }
    unlink(path)
    guard write(descriptor, bytes, bytes.count) == bytes.count, lseek(descriptor, 0, SEEK_SET) == 0
    else { throw Failure(description: "cannot write \(path)") }
    return descriptor
  }

  private static func read(
    _ descriptor: Int32, _ record: Record, _ add: (inout Record.State, ArraySlice<UInt8>) -> Void
  ) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      record.change { add(&$0, buffer[..<count]) }
    }
    close(descriptor)
    record.change { $0.openStreams -= 1 }
  }
}
