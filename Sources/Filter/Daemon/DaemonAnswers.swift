internal import Glibc
internal import Operations
internal import Spool
internal import Voicemail

/// What the daemon says on its control socket.
struct DaemonAnswers {
  let context: DaemonContext
  let orders: Orders
  let reloader: Reloader

  /// Each request is a command's words; the answer is what the command prints.
  func answer(_ request: ControlRequest) -> ControlReply {
    let words = request.words
    switch words.first {
    case "status":
      do throws(SpoolError) {
        let now = Clock.nowMS()
        let report = StatusReport(
          context, try context.store.statistics(nowMS: now), nowMS: now)
        return .init(report.print(asJSON: words.last == "--json"))
      } catch {
        return .init(failed: true, error.sentence)
      }
    case "engines":
      let report = EnginesReport(
        nowMS: Clock.nowMS(), isRunning: true, engines: context.engines.statuses)
      return .init(report.print(asJSON: words.last == "--json"))
    case "reload": return reload()
    case "trace" where words.count == 2:
      do throws(SpoolError) {
        let id = try context.store.newest(withMessageID: words[1])
        let details = try id.flatMap { id throws(SpoolError) in try context.store.details(id) }
        return .init(details.map { MessageTrace($0).lines } ?? "")
      } catch {
        return .init(failed: true, error.sentence)
      }
    case "drain" where words.count > 1: return drain(limitMS: Int64(words[1]) ?? 0)
    default: break
    }
    let who = userName(request.userID)
    let engines = context.settings.allEngines.map(\.name)
    let answers = SpoolAnswers(store: context.store, who: who, engines: engines) { verb, id in
      context.log.info("administrator", ["verb": verb, "id": id, "by": who])
      context.targetHealth.tryNow()
      context.wakeAll()
      context.housekeeping.noteWork()
    }
    return answers.answer(words) ?? .init(failed: true, "unknown request")
  }

  private func reload() -> ControlReply {
    do throws(CommandFailure) {
      return .init(try reloader.reload())
    } catch {
      return .init(failed: true, error.sentence + "\nnothing changed")
    }
  }

  /// Who asked hears the end of the connection when the process has ended.
  private func drain(limitMS: Int64) -> ControlReply {
    context.log.info("draining")
    context.transcription.stop(threads: context.settings.workers)
    let left = context.closing.drain(limitMS: min(max(limitMS, 0), 3_600_000))
    let text = left > 0 ? "stopped; messages cut: \(left)\n" : "stopped\n"
    context.log.info("drained", ["messages_open": "\(left)"])
    return .init(text, last: { [orders] in orders.send(.stopNow) })
  }
}

extension StatusReport {
  /// Of a daemon that runs.
  init(_ context: DaemonContext, _ spool: SpoolStatistics, nowMS now: Int64) {
    self.init(
      version: Version.program, nowMS: now,
      daemon: .init(
        pid: getpid(), uptimeSeconds: Double(now - context.startedMS) / 1_000,
        workers: context.board.workers, engines: context.engines.statuses,
        delivery: context.deliveryBoard.status(target: context.settings.delivery.target),
        alarms: context.alarms.counts),
      spool: spool)
  }
}
