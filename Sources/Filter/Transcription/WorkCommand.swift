internal import Audio
internal import Dispatch
internal import Glibc
internal import Mail
internal import Operations
internal import Voicemail

/// The worker's side: the hidden command that `WorkerProcess` starts.
enum WorkCommand {
  static let name = "work"
  /// The daemon's socket.
  static let descriptor: Int32 = 3
  /// A model takes 100 MB, ten minutes of speech 400 MB; more is a recording that means harm.
  private static let memoryLimit: rlim_t = 3 << 30
  /// What a program that is an engine may be given.
  private static let programMemoryLimit: rlim_t = 1 << 40

  static func run() -> Int32 {
    // Whatever the daemon had open without close-on-exec is not for a worker.
    closefrom(descriptor + 1)
    // Nor is the daemon's socket for a program that a worker starts.
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    takeName()
    returnLargeMemory()
    limitResources()
    endWithDaemon()
    let channel = WorkerChannel(descriptor: descriptor)
    do throws(ChannelError) {
      let frame = try channel.receive()
      let job = try prepare(WorkerChannel.decode(WorkerSetup.self, frame.payload), channel)
      while true {
        let order = try WorkerChannel.decode(WorkOrder.self, channel.receive().payload)
        let message = try channel.receive().payload
        let (result, enhanced) = job.run(order, on: message) { stage in
          try? channel.send(.stage, json: stage)
        }
        try answer(result, enhanced, to: channel)
      }
    } catch .damaged(let why) {
      Output.complain("worker: \(why)")
      return 1
    } catch {
      // The daemon closed the socket: the end of every worker.
      return 0
    }
  }

  /// The result, and the message that goes with it. One that cannot be written is a refusal: the original goes out.
  static func answer(_ result: WorkResult, _ enhanced: [UInt8]?, to channel: WorkerChannel)
    throws(ChannelError)
  {
    do throws(ChannelError) {
      try channel.send(
        .outcome, json: WorkOutcome(result: result, messageFollows: enhanced != nil))
    } catch .damaged(let why) {
      let refusal = WorkResult(refusal: "the result \(why)")
      try channel.send(.outcome, json: WorkOutcome(result: refusal, messageFollows: false))
      return
    }
    if let enhanced { try channel.send(.message, enhanced) }
  }

  private static func prepare(_ setup: WorkerSetup, _ channel: WorkerChannel) throws(ChannelError)
    -> ProcessJob
  {
    var hello = WorkerHello(engines: [])
    let room = EngineRoom(setup)
    for name in setup.inUse {
      do throws(EngineFailure) {
        _ = try room.engine(name)
        hello.engines.append(.init(name: name, trouble: nil))
      } catch {
        hello.engines.append(.init(name: name, trouble: error.sentence))
      }
    }
    try channel.send(.hello, json: hello)
    return ProcessJob(
      reader: GMimeReader(),
      transcriber: Transcriber(
        decoder: Wiring.decoder(setup),
        chain: EngineChain(source: room, gate: ChannelGate(channel), names: setup.inUse)),
      enhancer: MessageSplicer())
  }

  /// Started through /proc/self/exe, it would be called "exe" in ps and top (proc(5), comm).
  private static func takeName() {
    let file = unsafe open("/proc/self/comm", O_WRONLY)
    guard file >= 0 else { return }
    writeAll(Array("voicemail-work".utf8), to: file)
    close(file)
  }

  private static func limitResources() {
    func limit(_ what: __rlimit_resource_t, _ value: rlim_t, forPrograms: rlim_t? = nil) {
      var bounds = rlimit()
      guard unsafe getrlimit(what, &bounds) == 0 else { return }
      bounds = rlimit(
        rlim_cur: min(value, bounds.rlim_max), rlim_max: min(forPrograms ?? value, bounds.rlim_max))
      unsafe setrlimit(what, &bounds)
    }
    limit(Int32(RLIMIT_AS.rawValue), memoryLimit, forPrograms: programMemoryLimit)
    limit(Int32(RLIMIT_NOFILE.rawValue), 64, forPrograms: 256)
    // No core file: it would hold a message.
    limit(Int32(RLIMIT_CORE.rawValue), 0)
    // Decoders have no reason to write files.
    limit(Int32(RLIMIT_FSIZE.rawValue), 0, forPrograms: 1 << 30)
  }

  /// A worker in the middle of a recording must not outlive its daemon.
  private static func endWithDaemon() {
    DispatchQueue(label: "daemon watch").async {
      // No event asked for: poll(2) tells of a hang-up all the same.
      var entry = pollfd(fd: descriptor, events: 0, revents: 0)
      while unsafe poll(&entry, 1, -1) < 0 {}
      _exit(0)
    }
  }
}
