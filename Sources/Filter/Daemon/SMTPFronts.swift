internal import Operations
internal import SMTP

/// The SMTP servers of the daemon: the content filter's, if it is set, and the one that `enqueue` uses.
struct SMTPFronts {
  private let servers: [SMTPServer]

  /// Below the state directory, which keeps others out.
  static func submissionSocket(stateDirectory: String) -> String { stateDirectory + "/submit.sock" }

  /// Checks the address, so that it is found wrong before anything runs.
  static func check(_ settings: Settings) throws(CommandFailure) {
    guard let text = settings.contentFilterListen else { return }
    do throws(SMTPServerFailure) {
      _ = try SMTPListenAddress(InheritedSockets.assumed(text))
    } catch {
      throw CommandFailure("[content_filter] listen: \(error.sentence)")
    }
  }

  /// Listens; clients that connect are served from now on.
  init(context: DaemonContext) throws {
    let settings = context.settings
    let submission = Self.submissionSocket(stateDirectory: settings.stateDirectory)
    let commons = ContentFilterCommons()
    var servers: [SMTPServer] = []
    for (text, mode, group) in [
      (
        settings.contentFilterListen, settings.contentFilterSocketMode,
        settings.contentFilterSocketGroup
      ), ("unix:\(submission)", 0o660, nil),
    ] {
      guard let text else { continue }
      servers.append(
        try SMTPServer(
          SMTPListenAddress(InheritedSockets.resolved(text)), mode: mode, group: group,
          hostname: settings.hostname,
          activity: context.closing.smtp
        ) {
          ContentFilter(context: context, commons: commons)
        })
    }
    self.servers = servers
  }

  /// Ends each connection when its command in progress is answered; false when one still runs after that time.
  func stop(withinSeconds seconds: Int) -> Bool {
    servers.map { $0.stop(within: seconds) }.allSatisfy { $0 }
  }
}
