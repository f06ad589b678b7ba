import Glibc

/// One run of another program: input on its standard input, what it complains of collected.
enum ProgramRun {
  enum End: Equatable {
    case exited(Int32)
    case signal(Int32)
    /// Killed, with the processes it had started.
    case timedOut
    case notStarted(String)
  }

  private static let environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]
  /// Of what it says; the end counts.
  private static let keptBytes = 4_096
  /// Between looks at whether it has ended; its end alone makes no descriptor ready.
  private static let lookEveryMS: Int32 = 10

  /// Returns when it has ended and is reaped. `lastLine` is the last one of its standard error.
  static func run(
    _ path: String, _ arguments: [String], input: [UInt8], before deadline: Deadline
  ) -> (end: End, lastLine: String) {
    do throws(Unstarted) {
      var child = try Child(path, arguments, environment: environment)
      let end = child.serve(input, before: deadline)
      return (end, lastLine(of: child.errors))
    } catch {
      return (.notStarted(error.reason), "")
    }
  }

  private static func lastLine(of errors: [UInt8]) -> String {
    let lines = errors.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D })
    return lines.last.map { ReplyParser.printable($0) } ?? ""
  }

  private struct Unstarted: Error {
    let reason: String
  }

  private struct Child: ~Copyable {
    private let pid: pid_t
    private var stdin: Int32
    private let stderr: Int32
    private(set) var errors: [UInt8] = []
    private var hasSaidAll = false

    /// C: `socketpair` in place of `pipe`: what is written to a program that has gone is an error, no SIGPIPE.
    private static func pair() throws(Unstarted) -> (ours: Int32, theirs: Int32) {
      var pair: [Int32] = [-1, -1]
      let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue
      guard unsafe socketpair(AF_UNIX, Int32(kind), 0, &pair) == 0 else {
        throw Unstarted(reason: Connection.words(errno))
      }
      // Only our end: the program expects calls that wait.
      _ = fcntl(pair[0], F_SETFL, O_NONBLOCK)
      return (pair[0], pair[1])
    }

    /// C: `posix_spawn`, as the leader of a process group, with a clean signal mask and no descriptor of ours.
    init(_ path: String, _ arguments: [String], environment: [String]) throws(Unstarted) {
      let input = try Self.pair()
      defer { close(input.theirs) }
      let errors: (ours: Int32, theirs: Int32)
      do throws(Unstarted) {
        errors = try Self.pair()
      } catch {
        close(input.ours)
        throw error
      }
      defer { close(errors.theirs) }
      var actions = unsafe posix_spawn_file_actions_t()
      unsafe posix_spawn_file_actions_init(&actions)
      defer { unsafe posix_spawn_file_actions_destroy(&actions) }
      unsafe posix_spawn_file_actions_adddup2(&actions, input.theirs, 0)
      unsafe posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
      unsafe posix_spawn_file_actions_adddup2(&actions, errors.theirs, 2)
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
      var argv = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
      var envp = unsafe environment.map { unsafe strdup($0) } + [nil]
      defer { unsafe (argv + envp).forEach { unsafe free($0) } }
      var child: pid_t = 0
      let code = unsafe posix_spawn(&child, path, &actions, &attributes, &argv, &envp)
      guard code == 0 else {
        close(input.ours)
        close(errors.ours)
        throw Unstarted(reason: Connection.words(code))
      }
      (pid, stdin, stderr) = (child, input.ours, errors.ours)
    }

    deinit {
      if stdin >= 0 { close(stdin) }
      close(stderr)
    }

    /// Writes the input, reads complaints, reaps.
    mutating func serve(_ input: [UInt8], before deadline: Deadline) -> End {
      var rest = input[...]
      var end: End?
      while end == nil {
        write(&rest)
        var entries = [
          pollfd(fd: hasSaidAll ? -1 : stderr, events: Int16(POLLIN), revents: 0),
          pollfd(fd: stdin, events: Int16(POLLOUT), revents: 0),
        ]
        _ = unsafe poll(&entries, 2, min(deadline.millisecondsLeft, ProgramRun.lookEveryMS))
        read()
        end = reaped(WNOHANG)
        if end == nil, deadline.hasPassed {
          kill(-pid, SIGKILL)
          _ = reaped(0)
          end = .timedOut
        }
      }
      read()
      return end ?? .timedOut
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

    private mutating func read() {
      var chunk = [UInt8](repeating: 0, count: ProgramRun.keptBytes)
      while true {
        let count = unsafe chunk.withUnsafeMutableBytes { buffer in
          unsafe recv(stderr, buffer.baseAddress, buffer.count, 0)
        }
        guard count > 0 else {
          hasSaidAll = count == 0
          return
        }
        errors = (errors + chunk.prefix(count)).suffix(ProgramRun.keptBytes)
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
