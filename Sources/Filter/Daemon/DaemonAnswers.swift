internal import Glibc
internal import Operations
internal import Spool

/// What the daemon says on its control socket.
struct DaemonAnswers {
  let context: DaemonContext

  /// Each request is a command's words; the answer is what the command prints.
  func answer(_ request: [String]) -> ControlSocket.Reply {
    do throws(SpoolError) {
      let asJSON = request.last == "--json"
      switch request.first {
      case "status": return .init(try status().print(asJSON: asJSON))
      case "show" where request.count > 1:
        return try ShowReport.find(request[1], in: context.store, asJSON: asJSON)
      default: return .init(failed: true, "unknown request")
      }
    } catch {
      return .init(failed: true, error.sentence)
    }
  }

  private func status() throws(SpoolError) -> StatusReport {
    let now = Clock.nowMS()
    return StatusReport(
      version: Version.program, nowMS: now,
      daemon: .init(
        pid: getpid(), uptimeSeconds: Double(now - context.startedMS) / 1_000,
        workers: context.board.workers, engines: context.board.knownEngines,
        delivery: context.deliveryBoard.status(target: context.settings.deliveryTarget)),
      spool: try context.store.statistics(nowMS: now))
  }
}
