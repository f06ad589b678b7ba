internal import Glibc
internal import Voicemail

/// One run of another program as a filter: bytes in, bytes out, and none of our descriptors.
///
/// The program reads strangers' bytes with C of its own: it gets limits before it gets a byte.
struct ChildProgram: ~Copyable {
  struct Limits {
    var seconds: Int
    var memoryBytes: Int
    var outputBytes: Int
  }

  enum End: Equatable {
    case exited(Int32)
    case signal(Int32)
    /// Killed, as it took longer than allowed.
    case timedOut
    /// Killed, as it wrote more than allowed.
    case wroteTooMuch
  }

  struct Outcome {
    var end: End
    var output: [UInt8]
    /// The end of what it said on standard error.
    var complaint: [UInt8]
  }

  private static let keptComplaint = 8_192
  private let pid: pid_t
  private var input: Int32
  private let output: Int32
  private let errors: Int32
  private let limits: Limits

  /// Runs it to its end; what it wrote until then counts, however it ended.
  static func run(_ path: String, _ arguments: [String], input: [UInt8], limits: Limits)
    throws(StepFailure) -> Outcome
  {
    var child = try ChildProgram(path, arguments, limits)
    return child.serve(input)
  }

  /// C: `posix_spawn`, by way of prlimit(1), which is on every Debian system.
  private init(_ path: String, _ arguments: [String], _ limits: Limits) throws(StepFailure) {
    var (ours, theirs): ([Int32], [Int32]) = ([], [])
    for _ in 0..<3 {
      guard let pair = Self.pair() else {
        (ours + theirs).forEach { _ = close($0) }
        throw .transient("cannot start \(path): \(Self.words(errno))")
      }
      ours.append(pair.ours)
      theirs.append(pair.theirs)
    }
    defer { theirs.forEach { _ = close($0) } }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (number, end) in theirs.enumerated() {
      unsafe posix_spawn_file_actions_adddup2(&actions, end, Int32(number))
    }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var (none, all) = (sigset_t(), sigset_t())
    unsafe sigemptyset(&none)
    unsafe sigfillset(&all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let words = Self.limiter(limits) + [path] + arguments
    let environment = ["PATH=/usr/bin:/bin", "LC_ALL=C"]
    var argv = unsafe words.map { unsafe strdup($0) } + [nil]
    var envp = unsafe environment.map { unsafe strdup($0) } + [nil]
    defer { unsafe (argv + envp).forEach { unsafe free($0) } }
    var child: pid_t = 0
    let code = unsafe posix_spawn(&child, words[0], &actions, &attributes, &argv, &envp)
    guard code == 0 else {
      ours.forEach { _ = close($0) }
      throw .transient("cannot start \(path): \(Self.words(code))")
    }
    (pid, input, output, errors) = (child, ours[0], ours[1], ours[2])
    self.limits = limits
  }

  deinit {
    if input >= 0 { close(input) }
    close(output)
    close(errors)
  }

  /// C: `socketpair` in place of `pipe`: writing to a program that has gone is an error, no SIGPIPE.
  private static func pair() -> (ours: Int32, theirs: Int32)? {
    var pair: [Int32] = [-1, -1]
    let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue
    guard unsafe socketpair(AF_UNIX, Int32(kind), 0, &pair) == 0 else { return nil }
    // Only our end: the program expects calls that wait.
    _ = fcntl(pair[0], F_SETFL, O_NONBLOCK)
    return (pair[0], pair[1])
  }

  /// No core file, which would hold a message, and no other file either.
  private static func limiter(_ limits: Limits) -> [String] {
    [
      "/usr/bin/prlimit", "--as=\(limits.memoryBytes)", "--cpu=\(limits.seconds)", "--core=0",
      "--fsize=0", "--",
    ]
  }

  /// Writes, reads and at last reaps. A program that closes its output has nothing more to give.
  private mutating func serve(_ content: [UInt8]) -> Outcome {
    let deadline = ContinuousClock.now + .seconds(limits.seconds)
    var rest = content[...]
    var outcome = Outcome(end: .timedOut, output: [], complaint: [])
    var (isOpen, hasMoreToSay) = (true, true)
    while isOpen, ContinuousClock.now < deadline {
      write(&rest)
      var entries = [
        pollfd(fd: output, events: Int16(POLLIN), revents: 0),
        pollfd(fd: hasMoreToSay ? errors : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: input, events: Int16(POLLOUT), revents: 0),
      ]
      let left = (deadline - .now).components
      _ = unsafe poll(&entries, 3, Int32(max(1, min(60_000, left.seconds * 1_000 + 1))))
      hasMoreToSay = Self.read(errors) { chunk in
        outcome.complaint = (outcome.complaint + chunk).suffix(Self.keptComplaint)
      }
      isOpen = Self.read(output) { outcome.output += $0 }
      if outcome.output.count > limits.outputBytes {
        outcome.end = .wroteTooMuch
        break
      }
    }
    if isOpen { kill(pid, SIGKILL) }
    let end = reaped()
    if !isOpen { outcome.end = end }
    _ = Self.read(errors) {
      outcome.complaint = (outcome.complaint + $0).suffix(Self.keptComplaint)
    }
    return outcome
  }

  /// C: `send`. A program that reads no further has what it needs.
  private mutating func write(_ rest: inout ArraySlice<UInt8>) {
    while input >= 0, !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { buffer in
        unsafe send(input, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
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

  /// What is there now, up to a megabyte; false when the other end is closed.
  private static func read(_ descriptor: Int32, take: (ArraySlice<UInt8>) -> Void) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    for _ in 0..<16 {
      let count = unsafe chunk.withUnsafeMutableBytes { buffer in
        unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
      }
      if count < 0 { return errno == EAGAIN || errno == EINTR }
      if count == 0 { return false }
      take(chunk[..<count])
    }
    return true
  }

  /// C: `waitpid`; the status word as wait(2) defines it.
  private func reaped() -> End {
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signal(status & 0x7F)
  }

  private static func words(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
