internal import Glibc
internal import Synchronization

/// One run of another program: bytes to its standard input, what it writes collected.
///
/// It leads a process group, which is killed with it. No shell, no descriptor, no environment and no signal mask of ours.
package struct ProgramRun: Sendable {
  package enum End: Sendable, Equatable {
    case exited(Int32)
    case signal(Int32)
    /// Killed, as it took longer than allowed.
    case timedOut
    /// Killed, as it wrote more than allowed.
    case wroteTooMuch
    case notStarted(String)
  }

  /// What it left behind; what it wrote until its end counts, however it ended.
  package struct Outcome: Sendable {
    package var end: End
    package var output: [UInt8] = []
    /// The last 8 KB that it said on standard error.
    package var complaint: [UInt8] = []

    /// The last line of that, without its end; empty if there is none.
    package var lastLine: ArraySlice<UInt8> {
      complaint.split { $0 == 0x0A || $0 == 0x0D }.last ?? []
    }
  }

  /// Given to it by prlimit(1), which is on every Debian system: those of this process are not for it. Whoever a program
  /// with limits has started ends with it, and all of them with this process, whatever ends that.
  package struct Limits: Sendable {
    package var memoryBytes: Int
    package var fileBytes: Int
    package var cpuSeconds: Int?

    package init(memoryBytes: Int, fileBytes: Int = 0, cpuSeconds: Int? = nil) {
      (self.memoryBytes, self.fileBytes, self.cpuSeconds) = (memoryBytes, fileBytes, cpuSeconds)
    }

    /// No core file: it would hold a message.
    fileprivate var command: [String] {
      [
        "/usr/bin/prlimit", "--as=\(memoryBytes)", "--fsize=\(fileBytes)", "--core=0",
        "--nofile=256",
      ]
        + (cpuSeconds.map { ["--cpu=\($0)"] } ?? []) + ["--"]
    }
  }

  private let path: String
  private let arguments: [String]
  private let environment: [String]
  private let limits: Limits?
  private let outputBytes: Int

  /// `environment`: all of it, as `NAME=value`; `limits`: nil gives it ours; `outputBytes`: more has it killed, and with 0
  /// nobody hears its standard output.
  package init(
    _ path: String, _ arguments: [String], environment: [String], limits: Limits? = nil,
    outputBytes: Int = 0
  ) {
    self.path = path
    self.arguments = arguments
    self.environment = environment
    self.limits = limits
    self.outputBytes = outputBytes
  }

  /// Returns when it has ended and is reaped. One that may not be killed, as a setuid program makes itself another user's,
  /// or a security module forbids it, is left to itself some seconds after its time.
  package func run(_ input: [UInt8], before deadline: ContinuousClock.Instant) -> Outcome {
    guard unsafe access(path, X_OK) == 0 else { return Outcome(end: .notStarted(words(errno))) }
    do throws(Unstarted) {
      Child.reapThoseLeft()
      var child = try Child.spawning.withLock { _ throws(Unstarted) in
        try Child(
          (limits?.command ?? []) + [path] + arguments, environment, hearsOutput: outputBytes > 0,
          isConfined: limits != nil)
      }
      return child.serve(input, before: deadline, outputBytes)
    } catch {
      return Outcome(end: .notStarted(error.reason))
    }
  }
}

private struct Unstarted: Error { let reason: String }

private func words(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }

/// The process, and our ends of its standard streams.
private struct Child: ~Copyable {
  /// Between looks at whether it has ended; its end alone makes no descriptor ready.
  private static let lookEveryMS: Int32 = 10
  private static let keptComplaint = 8_192
  /// For the end of one that was killed.
  private static let patience = Duration.seconds(5)
  /// Children that did not end then: they are reaped when another program is run.
  private static let left = Mutex<[pid_t]>([])

  /// One at a time: there is no pipe2 here, and no program shall inherit another's pipes, whose end it would keep open.
  static let spawning = Mutex<Void>(())

  private let pid: pid_t
  private let guardian: Guardian?
  /// -1 when closed, as both below.
  private var input: Int32
  private var output: Int32
  private var errors: Int32
  private let isConfined: Bool
  private var outcome = ProgramRun.Outcome(end: .timedOut)

  init(_ command: [String], _ environment: [String], hearsOutput: Bool, isConfined: Bool)
    throws(Unstarted)
  {
    var (ours, theirs): ([Int32], [Int32]) = ([], [])
    defer { theirs.forEach { _ = close($0) } }
    for stream in 0..<3 {
      guard let pipe = Self.pipe() else {
        let why = words(errno)
        ours.forEach { _ = close($0) }
        throw Unstarted(reason: why)
      }
      let end = stream == 0 ? pipe.write : pipe.read
      // Only our end: the program expects calls that wait.
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      ours.append(end)
      theirs.append(stream == 0 ? pipe.read : pipe.write)
    }
    let (child, code) = Self.spawn(
      command, environment, [theirs[0], hearsOutput ? theirs[1] : nil, theirs[2]], group: 0)
    guard code == 0 else {
      ours.forEach { _ = close($0) }
      throw Unstarted(reason: words(code))
    }
    (pid, input, output, errors) = (child, ours[0], ours[1], ours[2])
    self.isConfined = isConfined
    guardian = isConfined ? Guardian(of: child) : nil
  }

  /// Ends a program's group when this process ends, in whatever way, as nobody else holds the pipe then that it reads.
  /// prctl(2) has a signal for that, but the program's own children do not get it.
  private struct Guardian {
    private static let command = ["/bin/sh", "-c", "read _; kill -s KILL 0"]
    let pid: pid_t
    let lifeline: Int32

    /// nil: it cannot be started, and the program works without one.
    init?(of group: pid_t) {
      guard let pipe = Child.pipe() else { return nil }
      let (pid, code) = Child.spawn(Self.command, [], [pipe.read, nil, nil], group: group)
      close(pipe.read)
      guard code == 0 else {
        close(pipe.write)
        return nil
      }
      (self.pid, lifeline) = (pid, pipe.write)
    }

    func dismiss() {
      kill(pid, SIGKILL)
      while waitpid(pid, nil, 0) < 0 && errno == EINTR {}
      close(lifeline)
    }
  }

  /// C: `posix_spawn`. `streams`: its standard streams; nil is /dev/null. `group`: 0 is one of its own.
  private static func spawn(
    _ command: [String], _ environment: [String], _ streams: [Int32?], group: pid_t
  ) -> (pid: pid_t, code: Int32) {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (number, end) in streams.enumerated() {
      if let end {
        unsafe posix_spawn_file_actions_adddup2(&actions, end, Int32(number))
      } else {
        unsafe posix_spawn_file_actions_addopen(&actions, Int32(number), "/dev/null", O_WRONLY, 0)
      }
    }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var (none, all) = (sigset_t(), sigset_t())
    unsafe sigemptyset(&none)
    unsafe sigfillset(&all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setpgroup(&attributes, group)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    var argv = unsafe command.map { unsafe strdup($0) } + [nil]
    var envp = unsafe environment.map { unsafe strdup($0) } + [nil]
    defer { unsafe (argv + envp).forEach { unsafe free($0) } }
    var child: pid_t = 0
    let code = unsafe posix_spawn(&child, command[0], &actions, &attributes, &argv, &envp)
    return (child, code)
  }

  deinit {
    for descriptor in [input, output, errors] where descriptor >= 0 { close(descriptor) }
  }

  /// No sockets: a program may open /dev/stdin or /dev/stdout, as whisper-cli does, which these refuse (unix(7)).
  private static func pipe() -> (read: Int32, write: Int32)? {
    var pair: [Int32] = [-1, -1]
    guard unsafe Glibc.pipe(&pair) == 0 else { return nil }
    for end in pair { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (pair[0], pair[1])
  }

  /// Writes the input, hears what it says, reaps.
  mutating func serve(
    _ content: [UInt8], before deadline: ContinuousClock.Instant, _ outputBytes: Int
  ) -> ProgramRun.Outcome {
    var rest = content[...]
    while true {
      write(&rest)
      var entries = [
        pollfd(fd: output, events: Int16(POLLIN), revents: 0),
        pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
        pollfd(fd: input, events: Int16(POLLOUT), revents: 0),
      ]
      _ = unsafe poll(&entries, 3, Self.lookEveryMS)
      hear(outputBytes)
      let end = reaped(WNOHANG)
      // What it wrote last, and what nobody shall wait for.
      if end != nil { hear(outputBytes) }
      let isTooMuch = outcome.output.count > outputBytes
      guard end != nil || isTooMuch || ContinuousClock.now >= deadline else { continue }
      if end == nil || isConfined { kill(-pid, SIGKILL) }
      if end == nil { endOrLeave() }
      guardian?.dismiss()
      outcome.end = isTooMuch ? .wroteTooMuch : end ?? .timedOut
      return outcome
    }
  }

  /// It may have left its group, and it may be out of our reach: a thread must not wait for that for ever.
  private func endOrLeave() {
    kill(pid, SIGKILL)
    let limit = ContinuousClock.now + Self.patience
    while ContinuousClock.now < limit {
      if reaped(WNOHANG) != nil { return }
      _ = poll(nil, 0, Self.lookEveryMS)
    }
    Self.left.withLock { $0.append(pid) }
  }

  /// Those that have ended since.
  static func reapThoseLeft() {
    left.withLock { left in
      left.removeAll { waitpid($0, nil, WNOHANG) != 0 }
    }
  }

  /// C: `write`. A program that reads no further has what it needs, or says why not by its exit status.
  private mutating func write(_ rest: inout ArraySlice<UInt8>) {
    while input >= 0, !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { buffer in
        Self.withoutSIGPIPE { unsafe Glibc.write(input, buffer.baseAddress, buffer.count) }
      }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        return
      } else if errno != EINTR {
        rest = []
      }
    }
    guard input >= 0 else { return }
    close(input)
    input = -1
  }

  /// What is written to a program that has gone is an error here, and no signal: one that comes is for this thread, which
  /// keeps it back and takes it (pthread_sigmask(3), sigtimedwait(2)). `errno` is that of the body.
  private static func withoutSIGPIPE(_ body: () -> Int) -> Int {
    var (pipe, before, pending) = (sigset_t(), sigset_t(), sigset_t())
    unsafe sigemptyset(&pipe)
    unsafe sigaddset(&pipe, SIGPIPE)
    unsafe sigpending(&pending)
    let wasPending = unsafe sigismember(&pending, SIGPIPE) == 1
    unsafe pthread_sigmask(SIG_BLOCK, &pipe, &before)
    let count = body()
    let code = errno
    if count < 0, code == EPIPE, !wasPending {
      var now = timespec()
      unsafe sigtimedwait(&pipe, nil, &now)
    }
    unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
    errno = code
    return count
  }

  private mutating func hear(_ outputBytes: Int) {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while outcome.output.count <= outputBytes, let count = Self.receive(&output, &chunk) {
      outcome.output += chunk[..<count]
    }
    // One that says more than is read does not keep us here.
    for _ in 0..<16 {
      guard let count = Self.receive(&errors, &chunk) else { return }
      outcome.complaint = (outcome.complaint + chunk[..<count]).suffix(Self.keptComplaint)
    }
  }

  /// How much is there now; nil: nothing. Closes the descriptor when the other end is closed.
  private static func receive(_ descriptor: inout Int32, _ chunk: inout [UInt8]) -> Int? {
    guard descriptor >= 0 else { return nil }
    let count = unsafe read(descriptor, &chunk, chunk.count)
    if count == 0 {
      close(descriptor)
      descriptor = -1
    }
    return count > 0 ? count : nil
  }

  /// C: `waitpid`; the status word as wait(2) defines it.
  private func reaped(_ options: Int32) -> ProgramRun.End? {
    var status: Int32 = 0
    while true {
      let found = unsafe waitpid(pid, &status, options)
      if found == pid { break }
      guard found < 0, errno == EINTR else { return nil }
    }
    return status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signal(status & 0x7F)
  }
}
