internal import Glibc

/// One run of a program that is an engine: the recording on its standard input, its answer on standard output.
///
/// It leads a process group, which is killed with it; prlimit(1) sets its limits, as the limits of this process are
/// not for it. No shell, no descriptor and no environment of ours.
struct ProgramRun {
  enum End: Equatable {
    case exited(Int32)
    case signal(Int32)
    case timedOut
    case tooLarge
    case notStarted(String)
  }

  /// Path and arguments.
  var command: [String]
  var environment: [String] = []
  var memoryBytes: Int

  private static let answerLimit = 8 << 20
  private static let complaintLimit = 4_096
  private static let fileLimit = 1 << 30
  /// Between looks at whether it has ended; its end alone makes no descriptor ready.
  private static let lookEveryMS: Int32 = 20

  /// Returns when it has ended and is reaped. `lastLine` is the last one of its standard error.
  func run(_ input: [UInt8], before deadline: ContinuousClock.Instant)
    -> (end: End, output: [UInt8], lastLine: String)
  {
    guard let path = command.first, unsafe access(path, X_OK) == 0 else {
      return (.notStarted(unsafe String(cString: strerror(errno))), [], "")
    }
    let limits = [
      "/usr/bin/prlimit", "--as=\(memoryBytes)", "--fsize=\(Self.fileLimit)", "--core=0",
      "--nofile=256", "--",
    ]
    do throws(Unstarted) {
      var child = try Child(
        limits + command, ["PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8"] + environment)
      let end = child.serve(input, before: deadline)
      return (end, child.output, Self.lastLine(of: child.errors))
    } catch {
      return (.notStarted(error.reason), [], "")
    }
  }

  private static func lastLine(of errors: [UInt8]) -> String {
    let line = errors.split { $0 == 0x0A || $0 == 0x0D }.last ?? []
    return String(decoding: line, as: UTF8.self)
  }

  private struct Unstarted: Error { let reason: String }

  private struct Child: ~Copyable {
    private let pid: pid_t
    private var stdin: Int32
    private let stdout: Int32
    private let stderr: Int32
    private(set) var output: [UInt8] = []
    private(set) var errors: [UInt8] = []

    /// C: `socketpair` in place of `pipe`: what is written to a program that has gone is an error, no SIGPIPE.
    private static func pair() throws(Unstarted) -> (ours: Int32, theirs: Int32) {
      var pair: [Int32] = [-1, -1]
      let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
      guard unsafe socketpair(AF_UNIX, kind, 0, &pair) == 0 else {
        throw Unstarted(reason: unsafe String(cString: strerror(errno)))
      }
      _ = fcntl(pair[0], F_SETFL, O_NONBLOCK)
      return (pair[0], pair[1])
    }

    init(_ command: [String], _ environment: [String]) throws(Unstarted) {
      let input = try Self.pair()
      defer { close(input.theirs) }
      let output = try Self.pair()
      defer { close(output.theirs) }
      let errors = try Self.pair()
      defer { close(errors.theirs) }
      var actions = unsafe posix_spawn_file_actions_t()
      unsafe posix_spawn_file_actions_init(&actions)
      defer { unsafe posix_spawn_file_actions_destroy(&actions) }
      for (number, end) in [(Int32(0), input), (1, output), (2, errors)] {
        unsafe posix_spawn_file_actions_adddup2(&actions, end.theirs, number)
      }
      var attributes = posix_spawnattr_t()
      unsafe posix_spawnattr_init(&attributes)
      defer { unsafe posix_spawnattr_destroy(&attributes) }
      var (none, all) = (sigset_t(), sigset_t())
      unsafe sigemptyset(&none)
      unsafe sigfillset(&all)
      unsafe posix_spawnattr_setsigmask(&attributes, &none)
      unsafe posix_spawnattr_setsigdefault(&attributes, &all)
      unsafe posix_spawnattr_setpgroup(&attributes, 0)
      unsafe posix_spawnattr_setflags(
        &attributes,
        Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
      var argv = unsafe command.map { unsafe strdup($0) } + [nil]
      var envp = unsafe environment.map { unsafe strdup($0) } + [nil]
      defer { unsafe (argv + envp).forEach { unsafe free($0) } }
      var child: pid_t = 0
      let code = unsafe posix_spawn(&child, command[0], &actions, &attributes, &argv, &envp)
      guard code == 0 else {
        [input.ours, output.ours, errors.ours].forEach { _ = close($0) }
        throw Unstarted(reason: unsafe String(cString: strerror(code)))
      }
      (pid, stdin, stdout, stderr) = (child, input.ours, output.ours, errors.ours)
    }

    deinit {
      if stdin >= 0 { close(stdin) }
      close(stdout)
      close(stderr)
    }

    /// Writes the input, reads what it says, reaps.
    mutating func serve(_ input: [UInt8], before deadline: ContinuousClock.Instant) -> End {
      var rest = input[...]
      while true {
        write(&rest)
        var entries = [
          pollfd(fd: stdout, events: Int16(POLLIN), revents: 0),
          pollfd(fd: stderr, events: Int16(POLLIN), revents: 0),
          pollfd(fd: stdin, events: Int16(POLLOUT), revents: 0),
        ]
        _ = unsafe poll(&entries, 3, ProgramRun.lookEveryMS)
        readAll()
        if let end = reaped(WNOHANG) {
          readAll()
          // What it has started may go on without it.
          kill(-pid, SIGKILL)
          return output.count > ProgramRun.answerLimit ? .tooLarge : end
        }
        let isTooLarge = output.count > ProgramRun.answerLimit
        if isTooLarge || ContinuousClock.now >= deadline {
          kill(-pid, SIGKILL)
          _ = reaped(0)
          return isTooLarge ? .tooLarge : .timedOut
        }
      }
    }

    /// C: `send`. A program that reads no further says why by its exit status.
    private mutating func write(_ rest: inout ArraySlice<UInt8>) {
      while stdin >= 0, !rest.isEmpty {
        let count = unsafe rest.withUnsafeBytes { buffer in
          unsafe send(stdin, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
        }
        if count >= 0 {
          rest = rest.dropFirst(count)
        } else if errno == EAGAIN {
          return
        } else if errno != EINTR {
          rest = []
        }
      }
      guard stdin >= 0 else { return }
      close(stdin)
      stdin = -1
    }

    private mutating func readAll() {
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      while output.count <= ProgramRun.answerLimit {
        let count = unsafe recv(stdout, &chunk, chunk.count, 0)
        guard count > 0 else { break }
        output += chunk[..<count]
      }
      while true {
        let count = unsafe recv(stderr, &chunk, chunk.count, 0)
        guard count > 0 else { break }
        errors = (errors + chunk[..<count]).suffix(ProgramRun.complaintLimit)
      }
    }

    /// C: `waitpid`; the status word as wait(2) defines it.
    private func reaped(_ options: Int32) -> End? {
      var status: Int32 = 0
      while true {
        let found = unsafe waitpid(pid, &status, options)
        if found == pid { break }
        guard found < 0, errno == EINTR else { return nil }
      }
      return status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signal(status & 0x7F)
    }
  }
}
