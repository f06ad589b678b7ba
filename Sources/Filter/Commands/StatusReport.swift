internal import Spool
internal import Voicemail

/// What `status` tells; with the daemon down, of the spool alone.
struct StatusReport: Encodable, Sendable {
  struct DaemonFacts: Encodable, Sendable {
    var pid: Int32
    var uptimeSeconds: Double
    var workers: [WorkerStatus]
    var engines: [EngineStatus]
    var delivery: DeliveryStatus
    /// By kind: how often it was raised since the start.
    var alarms: [String: Int]
  }

  var version: String
  var nowMS: Int64
  /// nil: the daemon is not running.
  @OrNull var daemon: DaemonFacts?
  var spool: SpoolStatistics

  func print(asJSON: Bool) -> String { asJSON ? JSONText.line(self) : text }

  private var text: String {
    var text = "voicemail-milter \(version)"
    if let daemon {
      text += ", pid \(daemon.pid), up \(Output.age(Int64(daemon.uptimeSeconds * 1_000)))\n"
    } else {
      text += ": not running\n"
    }
    text += Output.row("messages", messages.joined(separator: "  "))
    for pause in spool.paused {
      text += Output.row(
        "PAUSED",
        "\(pause.stage.rawValue), by \(pause.who), for \(Output.age(nowMS - pause.sinceMS))")
    }
    text += Output.row(
      "oldest",
      spool.oldestReceivedMS.map { Output.age(nowMS - $0) } ?? "nothing in the spool")
    text += Output.row("delivered", deliveredText)
    guard let daemon else { return text }
    for worker in daemon.workers { text += Output.row("worker \(worker.number)", describe(worker)) }
    for engine in daemon.engines {
      text += Output.row("engine", EnginesReport.line(engine, nowMS: nowMS))
    }
    text += Output.row("delivery", describe(daemon.delivery))
    let raised = daemon.alarms.filter { $0.value > 0 }.sorted { $0.key < $1.key }
    if !raised.isEmpty {
      text += Output.row(
        "alarms",
        raised.map { "\($0.key) \($0.value)" }.joined(separator: "  ") + " since the start")
    }
    return text
  }

  /// In the order of their way; what is over is history, not told here.
  private var messages: [String] {
    let found = JobState.allCases.compactMap { state in
      let count = spool.messages[state.rawValue] ?? 0
      return state.isOpen && count > 0 ? "\(count) \(state.rawValue)" : nil
    }
    return found.isEmpty ? ["none"] : found
  }

  private var deliveredText: String {
    var text =
      "\(spool.deliveredLastHour) in the last hour, \(spool.deliveredLastDay) in the last day"
    if spool.withoutTranscriptLastDay > 0 {
      text += " (\(spool.withoutTranscriptLastDay) without a transcript)"
    }
    if let median = spool.medianSeconds, let longest = spool.longestSeconds {
      text += "; median \(Output.tenths(median)) s, slowest \(Output.tenths(longest)) s"
    }
    return text
  }

  private func describe(_ worker: WorkerStatus) -> String {
    var text = worker.stage.map(\.rawValue) ?? worker.doing.rawValue
    if let id = worker.id { text += " \(id)" }
    text += " for \(Output.age(nowMS - worker.sinceMS))"
    if let pid = worker.pid { text += ", pid \(pid)" }
    return text
  }

  private func describe(_ delivery: DeliveryStatus) -> String {
    var text = delivery.target
    if let success = delivery.lastSuccessMS {
      text += ", last success \(Output.age(nowMS - success)) ago"
    }
    if let failure = delivery.lastFailureMS, failure > delivery.lastSuccessMS ?? 0 {
      let why = delivery.lastFailure ?? ""
      let place = "\(delivery.target) at "
      text += ", FAILING, last \(Output.age(nowMS - failure)) ago: "
      text += why.hasPrefix(place) ? String(why.dropFirst(place.count)) : why
    }
    return text
  }
}
