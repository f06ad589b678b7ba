internal import Operations
internal import Spool
internal import Voicemail

/// Figures for Prometheus, in its text format 0.0.4.
enum MetricsText {
  static func text(of context: DaemonContext) -> String {
    let now = Clock.nowMS()
    let spool = try? context.store.statistics(nowMS: now)
    return text(
      counts: context.figures.now, alarms: context.alarms.counts, workers: context.board.workers,
      readiness: Readiness(context, spool: spool == nil ? "it cannot be read" : nil, spool),
      engines: context.engines.statuses, spool: spool,
      freeBytes: (try? context.store.freeBytes()) ?? nil, startedMS: context.startedMS, nowMS: now)
  }

  private static let prefix = "voicemail_milter_"

  static func text(
    counts: Figures.Counts, alarms: [String: Int], workers: [WorkerStatus], readiness: Readiness,
    engines: [EngineStatus], spool: SpoolStatistics?, freeBytes: Int64?,
    startedMS: Int64, nowMS: Int64
  ) -> String {
    var text = ""
    func add(
      _ name: String, _ kind: String, _ help: String, _ lines: [(labels: String, value: Double)]
    ) {
      guard !lines.isEmpty else { return }
      text += "# HELP \(prefix)\(name) \(help)\n# TYPE \(prefix)\(name) \(kind)\n"
      for line in lines { text += "\(prefix)\(name)\(line.labels) \(number(line.value))\n" }
    }
    func add(_ name: String, _ help: String, _ histogram: Figures.Histogram) {
      text += "# HELP \(prefix)\(name) \(help)\n# TYPE \(prefix)\(name) histogram\n"
      var sum = 0
      for (index, count) in histogram.counts.enumerated() {
        sum += count
        let bound = index < histogram.bounds.count ? number(histogram.bounds[index]) : "+Inf"
        text += "\(prefix)\(name)_bucket\(label("le", bound)) \(sum)\n"
      }
      text += "\(prefix)\(name)_sum \(number(histogram.sum))\n\(prefix)\(name)_count \(sum)\n"
    }
    add(
      "build_info", "gauge", "The version that runs; always 1.",
      [(label("version", Version.program), 1)])
    add(
      "start_time_seconds", "gauge", "When the daemon started, in seconds since 1970.",
      [("", Double(startedMS) / 1_000)])
    add(
      "ready", "gauge", "Whether each part that voicemail needs can be used.",
      readiness.parts.map { (label("part", $0.name), $0.ready ? 1 : 0) })
    add(
      "received_total", "counter", "Voicemails taken over.", [("", Double(counts.received))])
    add(
      "transcribed_total", "counter", "Messages transcribed, by what became of the transcript.",
      TranscriptStatus.allCases.map { status in
        (label("status", status.rawValue), Double(counts.transcribed[status.rawValue] ?? 0))
      })
    add(
      "delivered_total", "counter", "Messages handed back to the MTA.",
      [("", Double(counts.delivered))])
    add(
      "deferred_total", "counter", "Deliveries that failed for now.",
      [("", Double(counts.deferred))])
    add(
      "held_total", "counter", "Messages held for the administrator.", [("", Double(counts.held))])
    add(
      "recognize_seconds", "Time that the engines took for a message.", counts.recognizeSeconds)
    add(
      "delivery_seconds", "Time from reception of a message to its delivery.",
      counts.deliverySeconds)
    add(
      "alarms_total", "counter", "Alarms raised, by kind.",
      alarms.sorted { $0.key < $1.key }.map { (label("alarm", $0.key), Double($0.value)) })
    add(
      "workers", "gauge", "Worker processes, by what they do.",
      [WorkerStatus.Doing.starting, .idle, .working, .stopped].map { doing in
        (
          label("doing", doing.rawValue),
          Double(workers.filter { $0.doing == doing }.count)
        )
      })
    add(
      "engine_ready", "gauge", "Whether a speech engine can be used.",
      engines.map { (label("engine", $0.name), $0.state == .ready ? 1 : 0) })
    add(
      "engine_state", "gauge", "The state of a speech engine, by its name: 1 where it is.",
      engines.flatMap { engine in
        EngineStatus.State.allCases.map { state in
          (
            labels([("engine", engine.name), ("state", state.rawValue)]),
            engine.state == state ? 1 : 0
          )
        }
      })
    add(
      "engine_requests_total", "counter", "Times a speech engine was asked, by how that ended.",
      engines.flatMap { engine in
        [("answered", engine.answered), ("failed", engine.failed)].map { end, count in
          (labels([("engine", engine.name), ("end", end)]), Double(count))
        }
      })
    add(
      "engine_audio_seconds_today", "gauge",
      "Length of the recordings that a speech engine was asked for since midnight (UTC).",
      engines.map { (label("engine", $0.name), ($0.minutesToday * 60_000).rounded() / 1_000) })
    guard let spool else { return text }
    add(
      "messages", "gauge", "Messages in the spool, by state.",
      JobState.allCases.filter(\.isOpen).map {
        (label("state", $0.rawValue), Double(spool.messages[$0.rawValue] ?? 0))
      })
    add(
      "oldest_message_age_seconds", "gauge",
      "Age of the oldest message in the spool; 0 when it is empty.",
      [("", spool.oldestReceivedMS.map { Double(max(nowMS - $0, 0)) / 1_000 } ?? 0)])
    add(
      "oldest_moving_age_seconds", "gauge",
      "Age of the oldest message that is neither held nor failed; 0 when there is none.",
      [("", spool.oldestMovingMS.map { Double(max(nowMS - $0, 0)) / 1_000 } ?? 0)])
    add(
      "spool_bytes", "gauge", "Bytes of the spool's file in use.", [("", Double(spool.spoolBytes))])
    add(
      "spool_free_bytes", "gauge", "Bytes left on the spool's disk.",
      freeBytes.map { [("", Double($0))] } ?? [])
    return text
  }

  private static func label(_ name: String, _ value: String) -> String {
    labels([(name, value)])
  }

  private static func labels(_ pairs: [(name: String, value: String)]) -> String {
    let inner = pairs.map { name, value in
      let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        .replacing("\n", with: "\\n")
      return "\(name)=\"\(escaped)\""
    }
    return "{\(inner.joined(separator: ","))}"
  }

  /// Whole numbers without a point.
  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }
}
