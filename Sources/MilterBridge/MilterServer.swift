internal import CMilter
internal import Dispatch
internal import Glibc
internal import Synchronization

/// libmilter 8.17 (Debian) in Swift: listens, serves MTAs, makes a session per connection.
///
/// What libmilter dictates:
/// 1. It runs once per process: after `run` has returned there is no second start.
/// 2. It would take SIGTERM, SIGHUP and SIGINT for itself: `milterSignalWait` keeps it from that. SIGPIPE is ignored.
/// 3. It does not drain. `stop` lets each command in progress end and cuts the other connections
///    without `close`; the MTA tempfails their messages. Wait for `MilterActivity.messages` to
///    reach 0, for a bounded time, before `stop`.
/// 4. Callbacks may still run when `run` returns: leave what sessions use alone until exit.
/// 5. A connection costs a descriptor, a thread only while a command is in progress. Out of
///    descriptors it spins: give the process a high limit.
package final class MilterServer: Sendable {
  package struct Settings: Sendable {
    /// Where to listen.
    package var listen: ListenAddress
    /// Permissions of a Unix socket; nil leaves them to the umask. Ignored for other kinds.
    package var socketMode: UInt32?
    /// Group of a Unix socket, by name; nil leaves it.
    package var socketGroup: String?
    /// Seconds after which a silent MTA is given up.
    ///
    /// Long, since Postfix is silent while its client sends a message, and slow clients are slow.
    package var idleSeconds: Int32
    /// Asks MTAs for the right to add header fields (`MilterChanges`).
    package var addsFields: Bool

    package init(
      listen: ListenAddress, socketMode: UInt32? = 0o660, socketGroup: String? = nil,
      idleSeconds: Int32 = 3_600, addsFields: Bool = false
    ) {
      self.listen = listen
      self.socketMode = socketMode
      self.socketGroup = socketGroup
      self.idleSeconds = idleSeconds
      self.addsFields = addsFields
    }
  }

  /// The longest command of an MTA that is read: header fields may be longer than the 64 KB that
  /// libmilter expects, and it would drop the connection over one.
  private static let maximumCommandBytes = 1 << 20

  private let address: ListenAddress
  private let file: SocketFile?
  private let watch: PoolWatch?
  private let isStopping = Atomic<Bool>(false)
  /// The thread in libmilter's loop, while there is one.
  private let listener = Mutex<pthread_t?>(nil)

  /// Listens; MTAs that connect from now on wait until `run`.
  package init(
    _ settings: Settings, makeSession: @escaping @Sendable () -> any MilterSession
  ) throws(MilterError) {
    let address = settings.listen
    let name = address.description
    guard milterProcess.withLock({ $0.makeSession == nil }) else {
      throw MilterError(.usedUp, name, "libmilter runs once per process")
    }
    let socket = try ListeningSocket(
      address, named: name, mode: settings.socketMode, group: settings.socketGroup)
    self.address = address
    watch = SocketAddress(of: socket.descriptor).map { PoolWatch($0) }
    if case .unix(let path) = address { file = SocketFile(path) } else { file = nil }
    milterProcess.withLock { process in
      process.makeSession = makeSession
      process.addsFields = settings.addsFields
    }
    do throws(MilterError) {
      try Self.register(name, actions: settings.addsFields ? UInt(SMFIF_ADDHDRS) : 0)
      try Self.check(smfi_settimeout(max(1, settings.idleSeconds)), name, "set its time-out")
      _ = smfi_setmaxdatasize(Self.maximumCommandBytes)
      try Self.check(connect(to: socket.descriptor), name, "take the socket")
    } catch {
      file?.remove()
      throw error
    }
    _ = socket.handOver()
  }

  /// Serves until `stop`. Blocks its thread. C: `smfi_main`
  package func run() throws(MilterError) {
    watch?.start()
    Self.letBeWoken()
    listener.withLock { $0 = pthread_self() }
    let result = smfi_main()
    listener.withLock { $0 = nil }
    watch?.end()
    file?.remove()
    // Stopped before it has begun, it says it failed.
    guard !isStopping.load(ordering: .relaxed) else { return }
    try Self.check(result, address.description, "serve")
  }

  /// Makes `run` return within moments; may be called from any thread. C: `smfi_stop`
  package func stop() {
    isStopping.store(true, ordering: .relaxed)
    // A connection of ours that libmilter takes no more would start the next daemon, where systemd keeps the socket.
    watch?.end()
    let stopped = DispatchSemaphore(value: 0)
    // Blocks for up to 5 s, until the listening thread looks up from its poll...
    DispatchQueue.global().async {
      _ = smfi_stop()
      stopped.signal()
    }
    // ... which a signal makes it do. One that comes before the stop is noted is wasted, so send it again.
    repeat { wake() } while stopped.wait(timeout: .now() + .milliseconds(20)) == .timedOut
  }

  /// C: poll(2) ends with EINTR, and libmilter's loop looks whether it shall stop.
  private func wake() {
    listener.withLock { thread in
      if let thread { pthread_kill(thread, SIGURG) }
    }
  }

  /// For the calling thread. SIGURG does nothing to whoever does not handle it.
  private static func letBeWoken() {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { _ in }
    unsafe sigaction(SIGURG, &action, nil)
    // Dispatch blocks all signals in its threads.
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGURG)
    unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  // MARK: - libmilter

  /// C: `smfi_register`
  private static func register(_ name: String, actions: UInt) throws(MilterError) {
    let result = unsafe "voicemail-milter".withCString { filter in
      // libmilter copies the name, though it takes `char *`.
      unsafe smfi_register(
        smfiDesc(
          xxfi_name: UnsafeMutablePointer(mutating: filter), xxfi_version: SMFI_VERSION,
          xxfi_flags: actions, xxfi_connect: milterConnect, xxfi_helo: milterHelo,
          xxfi_envfrom: milterEnvelopeFrom, xxfi_envrcpt: milterRecipient,
          xxfi_header: milterHeader, xxfi_eoh: milterEndOfHeaders, xxfi_body: milterBody,
          xxfi_eom: milterEndOfMessage, xxfi_abort: milterAbort, xxfi_close: milterClose,
          xxfi_unknown: nil, xxfi_data: milterData, xxfi_negotiate: milterNegotiate))
    }
    try check(result, name, "register the filter")
  }

  private static func check(
    _ result: Int32, _ name: String, _ attempt: String
  ) throws(MilterError) {
    guard result == MI_SUCCESS else {
      throw MilterError(.library, name, "libmilter could not \(attempt); see its line in syslog")
    }
  }
}

/// C: `smfi_setconn`, `smfi_opensocket`
private func connect(to descriptor: Int32) -> Int32 {
  let result = unsafe "fd:\(descriptor)".withCString { specification in
    // libmilter copies it, though it takes `char *`.
    unsafe smfi_setconn(UnsafeMutablePointer(mutating: specification))
  }
  return result == MI_SUCCESS ? smfi_opensocket(0) : result
}
