internal import Dispatch
internal import Glibc
internal import Mail
internal import MilterBridge
internal import Operations
internal import Speech
internal import Spool
internal import Synchronization
internal import Voicemail

/// The daemon: every thread, and the order in which they start and stop.
///
/// Threads: main (signals), the daemon's own (orders), libmilter's listener and its pool of callbacks, one per worker
/// process, deliveries, the spool's queue, the control socket. None is of Swift's cooperative pool: all of them block.
struct Daemon {
  /// What a signal grants to open messages; `drain` has a limit of its own.
  private static let drainLimitMS: Int64 = 10_000

  let settings: Settings
  /// The file they come from; nil is the standard one.
  let configuration: String?
  let log: Log

  /// Serves until a signal. Everything that can be wrong with the settings is found before the first message.
  func run() throws(CommandFailure) {
    let orders = try Orders()
    signal(SIGPIPE, SIG_IGN)
    let ending = Ending<CommandFailure>()
    let ended = DispatchSemaphore(value: 0)
    DispatchQueue(label: "daemon").async {
      do throws(CommandFailure) {
        try serve(orders)
      } catch {
        ending.error.withLock { $0 = error }
      }
      ended.signal()
    }
    // This thread takes the signals, which interrupt nothing here; Dispatch blocks them in its own.
    ended.wait()
    if let error = ending.error.withLock({ $0 }) { throw error }
  }

  private func serve(_ orders: Orders) throws(CommandFailure) {
    // Most voicemails are smaller; what they leave is returned when no more come (ReceptionLimits).
    returnLargeMemory(fromBytes: 2 << 20)
    try prepareStateDirectory()

    do {
      let alarms = Alarms(log, keptAt: settings.stateDirectory + "/alarms.json")
      ServiceManager.tell("STATUS=opening the spool")
      let store = try openSpool(alarms, orders)
      let key = try secret(at: settings.stateDirectory + "/secret")
      let context = DaemonContext(
        live: try LiveSettings(settings, key: key), log: log, store: store, alarms: alarms)
      try context.configureEngines()
      let fronts = try SMTPFronts(context: context)
      let milter = try milterServer(context)
      let reloader = Reloader(configuration: configuration, context: context)
      try ControlSocket.serve(at: ControlSocket.path(stateDirectory: settings.stateDirectory)) {
        DaemonAnswers(context: context, orders: orders, reloader: reloader).answer($0)
      }
      let group = DispatchGroup()
      start(context, group)
      orders.takeHangUp()
      let ending = startMilter(milter, orders)
      log.info(
        "ready",
        [
          "version": Version.program, "milter": milter == nil ? nil : settings.milterListen,
          "content_filter": settings.contentFilterListen,
          "target": settings.delivery.target, "workers": "\(settings.workers)",
        ])
      let page = StatusServer.start(context)
      if settings.marksVoicemail, settings.contentFilterListen == nil {
        log.warning("voicemail is marked for a content filter, but none listens here")
      }
      if settings.contentFilterListen != nil,
        settings.sources.contains(TrustedSources.authenticatedEntry)
      {
        log.warning("no MTA tells the content filter who has logged in: name addresses in sources")
      }
      noteEngines(context)
      try serve(milter, ending, orders, context, reloader)
      if !fronts.stop(withinSeconds: 10) {
        log.warning("stopped with an SMTP session in progress; its client keeps the message")
      }
      page?.stop()
      stop(context, group)
    } catch let error as SpoolError {
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

  /// What the settings have wrong, with the place where that is written.
  ///
  /// `withEngines`: also where no transcript could be made. It keeps no daemon from starting: voicemail goes out without.
  static func checkSettings(
    _ settings: Settings, _ sources: SettingsSources, withEngines: Bool = true
  ) throws(CommandFailure) {
    do throws(CommandFailure) {
      try checkSettings(settings)
      if withEngines { try EngineSettings.check(settings) }
    } catch {
      throw CommandFailure(sources.placed(error.sentence))
    }
  }

  /// What the settings themselves, and the files they name, have wrong.
  private static func checkSettings(_ settings: Settings) throws(CommandFailure) {
    _ = try LiveSettings(settings, key: [])
    do throws(MilterError) {
      if !settings.milterListen.isEmpty {
        _ = try ListenAddress(InheritedSockets.assumed(settings.milterListen))
      }
    } catch {
      throw CommandFailure("[milter] listen: \(error)")
    }
    try SMTPFronts.check(settings)
    try Endpoints.check(settings)
    if let text = settings.statusListen, HTTPListenAddress(text) == nil {
      throw CommandFailure(
        "[status] listen: '\(text)' must be \(HTTPListenAddress.expectation)")
    }
  }

  /// nil when the milter is off: Exim has none.
  private func milterServer(_ context: DaemonContext) throws -> MilterServer? {
    guard !settings.milterListen.isEmpty else { return nil }
    return try MilterServer(
      .init(
        listen: ListenAddress(InheritedSockets.resolved(settings.milterListen)),
        socketMode: settings.socketMode,
        socketGroup: settings.socketGroup, addsFields: settings.marksVoicemail)
    ) { FrontDoor(context: context) }
  }

  private func startMilter(_ server: MilterServer?, _ orders: Orders) -> Ending<MilterError> {
    let ending = Ending<MilterError>()
    guard let server else { return ending }
    DispatchQueue(label: "milter").async {
      do throws(MilterError) {
        try server.run()
      } catch {
        ending.error.withLock { $0 = error }
      }
      orders.send(.ended)
    }
    return ending
  }

  /// Until an order to stop, or libmilter's end.
  private func serve(
    _ server: MilterServer?, _ ending: Ending<MilterError>, _ orders: Orders,
    _ context: DaemonContext, _ reloader: Reloader
  ) throws(MilterError) {
    /// Without a milter there is nothing to wait for.
    func end() {
      if let server { server.stop() } else { orders.send(.ended) }
    }
    let watchdog = Watchdog(context.store)
    ServiceManager.tell("READY=1\nSTATUS=serving")
    while true {
      watchdog.beat()
      switch orders.next(withinMS: watchdog.patienceMS) {
      case .ended:
        if let error = ending.error.withLock({ $0 }) { throw error }
        return
      case .reload:
        _ = try? reloader.reload()
      case .stop:
        // Asked again while it waits, it does not wait.
        let left = context.closing.drain(limitMS: Self.drainLimitMS) {
          orders.next(withinMS: 0) == .stop
        }
        if left > 0 { log.warning("stopping with messages open", ["messages": "\(left)"]) }
        end()
      case .stopNow: end()
      case nil: continue
      }
    }
  }

  private func start(_ context: DaemonContext, _ group: DispatchGroup) {
    for number in 1...settings.workers {
      DispatchQueue(label: "worker \(number)").async(group: group) {
        WorkerSlot(number: number, context: context).run()
      }
    }
    DispatchQueue(label: "housekeeping").async(group: group) {
      Housekeeping(context: context).run()
    }
    DispatchQueue(label: "alarms").async(group: group) { AlarmMailer(context: context).run() }
    for number in 1...settings.delivery.connections {
      DispatchQueue(label: "delivery \(number)").async(group: group) {
        DeliverySlot(context: context, number: number).run()
      }
    }
  }

  /// What is leased now is given back at the next start; the spool has it.
  private func stop(_ context: DaemonContext, _ group: DispatchGroup) {
    ServiceManager.tell("STOPPING=1\nSTATUS=stopping")
    context.transcription.stop(threads: settings.workers)
    context.delivery.stop(threads: settings.delivery.connections)
    context.housekeeping.stop()
    context.alarms.bell.stop(threads: 1)
    context.engines.stop()
    context.board.killWorkers()
    if group.wait(timeout: .now() + .seconds(10)) == .timedOut {
      log.warning("stopped with a delivery in progress; it is tried again at the next start")
    }
    log.info("stopped")
  }

  private func noteEngines(_ context: DaemonContext) {
    do throws(CommandFailure) {
      try EngineSettings.check(settings)
    } catch {
      context.alarms.raise(.engineUnusable, error.sentence)
    }
  }

  private func prepareStateDirectory() throws(CommandFailure) {
    let path = settings.stateDirectory
    // Passable for the group, for the control socket; all files in it are closed to others.
    if unsafe mkdir(path, 0o710) != 0, errno != EEXIST {
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
}

/// How another thread's work ended.
private final class Ending<Failure: Error>: Sendable {
  let error = Mutex<Failure?>(nil)
}
