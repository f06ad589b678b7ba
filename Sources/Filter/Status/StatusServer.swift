internal import Operations
internal import Synchronization

/// The paths of the status server; nothing behind them changes anything.
struct StatusServer: Sendable {
  /// Answers that may wait for the spool at once; each has a connection and a thread.
  private static let mostWaiting = 8

  let context: DaemonContext
  private let waiting = Waiting()

  /// How many answers are being made that need the spool.
  private final class Waiting: Sendable {
    let count = Mutex(0)
  }

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
    case "/status.css": return HTTPAnswer("text/css; charset=utf-8", StatusStyle.css)
    // That this is answered is the answer: it waits for nothing.
    case "/health/live": return HTTPAnswer("application/json", "{\"live\":true}\n")
    case "/", "/status.json", "/metrics", "/health/ready": return answerFromSpool(path)
    default: return nil
    }
  }

  /// While another program has the spool locked, nobody knows for how long: those who ask must not take all the
  /// connections that there are.
  private func answerFromSpool(_ path: String) -> HTTPAnswer {
    let mayWait = waiting.count.withLock { count in
      guard count < Self.mostWaiting else { return false }
      count += 1
      return true
    }
    guard mayWait else {
      let readiness = Readiness(context, spool: "it does not answer", nil)
      return HTTPAnswer(status: 503, "application/json", JSONText.line(readiness))
    }
    defer { waiting.count.withLock { $0 -= 1 } }
    switch path {
    case "/":
      return HTTPAnswer(
        "text/html; charset=utf-8", StatusPage(Snapshot(context), nowMS: Clock.nowMS()).html)
    case "/status.json": return HTTPAnswer("application/json", JSONText.line(Snapshot(context)))
    case "/metrics":
      return HTTPAnswer(
        "text/plain; version=0.0.4; charset=utf-8", MetricsText.text(of: context))
    default:
      let readiness = Readiness(asking: context)
      return HTTPAnswer(
        status: readiness.ready ? 200 : 503, "application/json", JSONText.line(readiness))
    }
  }
}
