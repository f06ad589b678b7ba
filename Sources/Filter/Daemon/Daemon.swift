internal import Dispatch
internal import Glibc
internal import Mail
internal import MilterBridge
internal import Operations
internal import SMTP
internal import Speech
internal import Spool
internal import Voicemail

/// The daemon: every thread, and the order in which they start and stop.
///
/// Threads: main (libmilter's listener, and its pool of callbacks), one per worker process, deliveries, the spool's
/// queue, the control socket. None is of Swift's cooperative pool: all of them block.
struct Daemon {
  private static let deliveries = 2

  let settings: Settings
  let log: Log

  /// Serves until a signal. Everything that can be wrong with the settings is found before the first message.
  func run() throws(CommandFailure) {
    MilterServer.blockStopSignals()
    signal(SIGPIPE, SIG_IGN)
    let target = try Self.target(settings)
    let setup = Wiring.setup(settings)
    try SMTPFronts.check(settings)
    try Self.checkModels(setup)
    try prepareStateDirectory()

    do {
      let store = try JobStore(directory: settings.stateDirectory)
      try store.voidLeases(nowMS: Clock.nowMS())
      let key = try secret(at: settings.stateDirectory + "/secret")
      let context = DaemonContext(
        settings: settings, log: log, store: store,
        recognition: try Wiring.recognition(settings, key: key),
        board: WorkerBoard(workers: settings.workers, nowMS: Clock.nowMS()))
      let fronts = try SMTPFronts(context: context, target: target)
      let milter = try milterServer(context)
      try ControlSocket.serve(at: ControlSocket.path(stateDirectory: settings.stateDirectory)) {
        DaemonAnswers(context: context).answer($0)
      }
      let group = DispatchGroup()
      start(context, target, group)
      log.info(
        "ready",
        [
          "version": Version.program, "milter": milter == nil ? nil : settings.milterListen,
          "content_filter": settings.contentFilterListen,
          "target": settings.deliveryTarget, "workers": "\(settings.workers)",
        ])
      if let milter { try milter.run() } else { Self.waitForStopSignal() }
      if !fronts.stop(withinSeconds: 10) {
        log.warning("stopped with an SMTP session in progress; its client keeps the message")
      }
      stop(context, group)
    } catch let error as SpoolError {
      throw CommandFailure(error.sentence)
    } catch let error as SMTPServerFailure {
      throw CommandFailure(error.sentence)
    } catch let error as FileError {
      throw CommandFailure(error.sentence)
    } catch let error as ControlError {
      throw CommandFailure(error.sentence)
    } catch let error as CommandFailure {
      throw error
    } catch {
      throw CommandFailure("\(error)")
    }
  }

  /// nil when the milter is off: Exim has none.
  private func milterServer(_ context: DaemonContext) throws -> MilterServer? {
    guard !settings.milterListen.isEmpty else { return nil }
    return try MilterServer(
      .init(listen: ListenAddress(settings.milterListen), socketMode: settings.socketMode)
    ) { FrontDoor(context: context) }
  }

  /// For what libmilter does else. C: `sigwait`
  private static func waitForStopSignal() {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    for signal in [SIGTERM, SIGHUP, SIGINT] { unsafe sigaddset(&signals, signal) }
    var signal: Int32 = 0
    while unsafe sigwait(&signals, &signal) == EINTR {}
  }

  private func start(_ context: DaemonContext, _ target: SMTPTarget, _ group: DispatchGroup) {
    for number in 1...settings.workers {
      DispatchQueue(label: "worker \(number)").async(group: group) {
        WorkerSlot(number: number, context: context).run()
      }
    }
    for number in 1...Self.deliveries {
      DispatchQueue(label: "delivery \(number)").async(group: group) {
        DeliverySlot(context: context, target: target).run()
      }
    }
  }

  /// What is leased now is given back at the next start; the spool has it.
  private func stop(_ context: DaemonContext, _ group: DispatchGroup) {
    context.transcription.stop(threads: settings.workers)
    context.delivery.stop(threads: Self.deliveries)
    context.board.killWorkers()
    if group.wait(timeout: .now() + .seconds(10)) == .timedOut {
      log.warning("stopped with a delivery in progress; it is tried again at the next start")
    }
    log.info("stopped")
  }

  private func prepareStateDirectory() throws(CommandFailure) {
    let path = settings.stateDirectory
    if unsafe mkdir(path, 0o700) != 0, errno != EEXIST {
      throw CommandFailure(
        "state directory \(path): \(unsafe String(cString: strerror(errno))); make it, owned by the "
          + "user that runs voicemail-milter, or set [daemon] state_directory")
    }
    guard unsafe access(path, R_OK | W_OK | X_OK) == 0 else {
      throw CommandFailure(
        "state directory \(path): not writable by user id \(geteuid()): "
          + "\(unsafe String(cString: strerror(errno)))")
    }
  }

  /// A missing speech model is found before the first message finds it.
  private static func checkModels(_ setup: WorkerSetup) throws(CommandFailure) {
    do throws(StepFailure) {
      try PocketSphinxEngine.checkModels(Wiring.pocketSphinx(setup))
    } catch {
      throw CommandFailure(error.sentence)
    }
  }

  private static func target(_ settings: Settings) throws(CommandFailure) -> SMTPTarget {
    do throws(InvalidTarget) {
      return try SMTPTarget(settings.deliveryTarget)
    } catch {
      throw CommandFailure("[delivery] target: \(error.sentence)")
    }
  }
}
