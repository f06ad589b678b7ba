internal import Glibc
internal import Voicemail

/// A child process of this program that transcribes; killed and reaped with the value.
///
/// Decoders, MIME and recognisers are C fed by strangers: what a recording does to them, it does in here.
final class WorkerProcess {
  let pid: pid_t
  let setup: WorkerSetup
  private(set) var hello = WorkerHello(engines: [])
  private let channel: WorkerChannel

  /// Loading a model from a cold disk takes seconds.
  private static let startLimit = Duration.seconds(60)

  /// A worker reads at once what it asked for; one that does not is stopped or broken.
  private static let sendLimitSeconds = 30

  init(setup: WorkerSetup) throws(StepFailure) {
    let started = try Self.spawn()
    self.setup = setup
    pid = started.pid
    channel = WorkerChannel(descriptor: started.descriptor)
    channel.limitSending(seconds: Self.sendLimitSeconds)
    do throws(ChannelError) {
      try channel.send(.setup, json: setup)
      let frame = try channel.receive(until: .now + Self.startLimit)
      hello = try WorkerChannel.decode(WorkerHello.self, frame.payload)
    } catch {
      // The value is complete: its deinit kills and reaps.
      throw .transient("worker \(pid): did not start: \(error)")
    }
  }

  deinit {
    kill(pid, SIGKILL)
    close(channel.descriptor)
    while waitpid(pid, nil, 0) < 0 && errno == EINTR {}
  }

  /// Whether it has died while nothing was asked of it.
  var isDead: Bool { channel.isClosed }

  /// Hands over one message and waits for what becomes of it.
  func perform(
    _ order: WorkOrder, on message: [UInt8], limit: Duration, clerk: EngineClerk,
    stage: (WorkStage) -> Void
  ) throws(ChannelError) -> (result: WorkResult, enhanced: [UInt8]?) {
    let deadline = ContinuousClock.now + limit
    try channel.send(.order, json: order)
    try channel.send(.message, message)
    while true {
      let frame = try clerk.receive(from: channel, until: deadline)
      switch frame.kind {
      case .question:
        let question = try WorkerChannel.decode(EngineQuestion.self, frame.payload)
        try channel.send(.pass, json: clerk.enter(question))
      case .report: clerk.leave(try WorkerChannel.decode(EngineReport.self, frame.payload))
      case .stage: stage(try WorkerChannel.decode(WorkStage.self, frame.payload))
      case .outcome:
        let outcome = try WorkerChannel.decode(WorkOutcome.self, frame.payload)
        guard outcome.messageFollows else { return (outcome.result, nil) }
        return (outcome.result, try channel.receive(until: deadline).payload)
      case .setup, .order, .message, .hello, .pass:
        throw .damaged("frame \(frame.kind) in place of an outcome")
      }
    }
  }

  /// This program again, with the hidden command and our end of a socket pair as descriptor 3, nothing else.
  private static func spawn() throws(StepFailure) -> (pid: pid_t, descriptor: Int32) {
    var pair: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &pair) == 0 else {
      throw .transient("worker: socketpair: \(unsafe String(cString: strerror(errno)))")
    }
    defer { close(pair[1]) }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, pair[1], WorkCommand.descriptor)

    // libmilter's thread waits for these, so they are blocked here; a worker must die of them.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    // A terminal's ctrl-C is for the daemon: it ends its workers itself.
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))

    var pid: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe [
      strdup("voicemail-milter"), strdup(WorkCommand.name), nil,
    ]
    defer { unsafe arguments.forEach { unsafe free($0) } }
    let code = unsafe posix_spawn(
      &pid, "/proc/self/exe", &actions, &attributes, &arguments, environ)
    guard code == 0 else {
      close(pair[0])
      throw .transient("worker: cannot be started: \(unsafe String(cString: strerror(code)))")
    }
    return (pid, pair[0])
  }
}
