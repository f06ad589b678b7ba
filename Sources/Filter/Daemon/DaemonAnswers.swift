internal import Glibc
internal import Operations
internal import Spool

/// What the daemon says on its control socket.
struct DaemonAnswers {
  let context: DaemonContext
  let orders: Orders
  let reloader: Reloader

  /// Each request is a command's words; the answer is what the command prints.
  func answer(_ request: [String]) -> ControlSocket.Reply {
    do throws(SpoolError) {
      let asJSON = request.last == "--json"
      switch request.first {
      case "status": return .init(try status().print(asJSON: asJSON))
      case "show" where request.count > 1:
        return try ShowReport.find(request[1], in: context.store, asJSON: asJSON)
      case "reload": return reload()
      case "drain" where request.count > 1: return drain(limitMS: Int64(request[1]) ?? 0)
      default: return .init(failed: true, "unknown request")
      }
    } catch {
      return .init(failed: true, error.sentence)
    }
  }

  private func reload() -> ControlSocket.Reply {
    do throws(CommandFailure) {
      return .init(try reloader.reload())
    } catch {
      return .init(failed: true, error.sentence + "\nnothing changed")
    }
  }

  /// Who asked hears the end of the connection when the process has ended.
  private func drain(limitMS: Int64) -> ControlSocket.Reply {
    context.log.info("draining")
    context.transcription.stop(threads: context.settings.workers)
    let left = context.closing.drain(limitMS: min(max(limitMS, 0), 3_600_000))
    let text = left > 0 ? "stopped; messages cut: \(left)\n" : "stopped\n"
    context.log.info("drained", ["messages_open": "\(left)"])
    return .init(text, last: { [orders] in orders.send(.stopNow) })
  }

  private func status() throws(SpoolError) -> StatusReport {
    let now = Clock.nowMS()
    return StatusReport(
      version: Version.program, nowMS: now,
      daemon: .init(
        pid: getpid(), uptimeSeconds: Double(now - context.startedMS) / 1_000,
        workers: context.board.workers, engines: context.board.knownEngines,
        delivery: context.deliveryBoard.status(target: context.settings.delivery.target),
        alarms: context.alarms.counts),
      spool: try context.store.statistics(nowMS: now))
  }
}
