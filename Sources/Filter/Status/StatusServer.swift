internal import Operations

/// The paths of the status server; nothing behind them changes anything.
struct StatusServer: Sendable {
  let context: DaemonContext

  /// A port that is taken is no reason to lose a voicemail: the daemon serves without its page.
  static func start(_ context: DaemonContext) -> HTTPServer? {
    guard let text = context.settings.statusListen, let address = HTTPListenAddress(text) else {
      return nil
    }
    let server = StatusServer(context: context)
    do throws(HTTPError) {
      let http = try HTTPServer(
        address, names: { [context.settings.hostname.lowercased()] }, answer: server.answer)
      context.log.info("status page", ["listen": text])
      return http
    } catch {
      context.log.error("no status page", ["why": error.sentence])
      return nil
    }
  }

  func answer(_ path: String) -> HTTPAnswer? {
    switch path {
    case "/":
      return HTTPAnswer(
        "text/html; charset=utf-8", StatusPage(Snapshot(context), nowMS: Clock.nowMS()).html)
    case "/status.css": return HTTPAnswer("text/css; charset=utf-8", StatusStyle.css)
    case "/status.json":
      return HTTPAnswer("application/json", JSONText.line(Snapshot(context)))
    case "/metrics":
      return HTTPAnswer(
        "text/plain; version=0.0.4; charset=utf-8", MetricsText.text(of: context))
    // That this is answered is the answer: it waits for nothing.
    case "/health/live": return HTTPAnswer("application/json", "{\"live\":true}\n")
    case "/health/ready":
      let readiness = Snapshot(context).readiness
      return HTTPAnswer(
        status: readiness.ready ? 200 : 503, "application/json", JSONText.line(readiness))
    default: return nil
    }
  }
}
