internal import Operations
internal import Spool
internal import Voicemail

/// The page for people: one screen on a telephone, without scripts, refreshed by itself.
struct StatusPage {
  private let snapshot: Snapshot
  private let nowMS: Int64

  init(_ snapshot: Snapshot, nowMS: Int64) {
    self.snapshot = snapshot
    self.nowMS = nowMS
  }

  var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="refresh" content="15">
    <meta name="color-scheme" content="light dark">
    <title>\(snapshot.readiness.ready ? "" : "NOT READY - ")voicemail-milter on \(safe(snapshot.host))</title>
    <link rel="stylesheet" href="/status.css">
    </head>
    <body>
    \(header)
    <main>
    \(troubles)\(tiles)\(charts)\(machinery)\(alarms)\(messages)</main>
    <footer>As of \(Clock.text(nowMS)), again every 15 s.
    <a href="/status.json">JSON</a> <a href="/metrics">metrics</a> <a href="/health/ready">readiness</a></footer>
    </body>
    </html>

    """
  }

  private var header: String {
    let ready = snapshot.readiness.ready
    return """
      <header><h1>voicemail-milter <small>on \(safe(snapshot.host))</small></h1>
      <p class="pill \(ready ? "good" : "bad")">\(ready ? "ready" : "not ready")</p></header>
      """
  }

  private var troubles: String {
    let parts = snapshot.readiness.parts.filter { !$0.ready }
    guard !parts.isEmpty else { return "" }
    return "<ul class=\"troubles\">\n"
      + parts.map { "<li><b>\(safe($0.name))</b> \(safe($0.why ?? ""))</li>\n" }.joined()
      + "</ul>\n"
  }

  private var tiles: String {
    guard let spool = snapshot.status?.spool else { return "" }
    let open = JobState.allCases.filter(\.isOpen)
      .map { (state: $0, count: spool.messages[$0.rawValue] ?? 0) }
    let stuck = open.filter { [.held, .failed].contains($0.state) }.map(\.count).reduce(0, +)
    let states = open.filter { $0.count > 0 }.map { "\($0.count) \($0.state.rawValue)" }
    var tiles = [
      tile("in the spool", "\(open.map(\.count).reduce(0, +))", states.joined(separator: ", ")),
      tile(
        "oldest", spool.oldestReceivedMS.map { Output.age(nowMS - $0) } ?? "-",
        stuck > 0 ? "\(stuck) need\(stuck == 1 ? "s" : "") you" : "", isBad: stuck > 0),
      tile(
        "delivered", "\(spool.deliveredLastHour)",
        "in the last hour, \(spool.deliveredLastDay) in the last day"),
      tile(
        "without transcript", "\(spool.withoutTranscriptLastDay)", "in the last day"),
      tile(
        "time to delivery", spool.medianSeconds.map { "\(Output.tenths($0)) s" } ?? "-",
        spool.longestSeconds.map { "median; slowest \(Output.tenths($0)) s" } ?? ""),
    ]
    if let free = snapshot.freeBytes {
      tiles.append(
        tile("disk", Output.size(free), "free; the spool has \(Output.size(spool.spoolBytes))"))
    }
    return "<dl class=\"tiles\">\n\(tiles.joined())</dl>\n"
  }

  private func tile(_ label: String, _ value: String, _ note: String, isBad: Bool = false) -> String
  {
    "<div\(isBad ? " class=\"bad\"" : "")><dt>\(label)</dt><dd>\(safe(value))</dd>"
      + "<dd class=\"note\">\(safe(note))</dd></div>\n"
  }

  private var charts: String {
    let day = snapshot.day
    let untranscribed = day.withoutTranscript.map(Double.init)
    return "<section class=\"charts\">\n"
      + DayChart(
        title: "delivered", unit: "per 15 min", values: day.delivered.map(Double.init),
        shaded: untranscribed, shadedName: "without transcript"
      ).svg
      + DayChart(title: "slowest delivery", unit: "s", values: day.slowestSeconds).svg
      + DayChart(title: "in the spool", unit: "messages", values: day.inSpool.map(Double.init)).svg
      + "</section>\n"
  }

  private var machinery: String {
    guard let daemon = snapshot.status?.daemon else { return "" }
    var rows = daemon.engines.map { engine in
      row(
        "engine \(engine.name)", engine.state == .ready,
        EnginesReport.condition(engine, nowMS: nowMS))
    }
    let delivery = daemon.delivery
    let isFailing = (delivery.lastFailureMS ?? 0) > (delivery.lastSuccessMS ?? 0)
    let last = delivery.lastSuccessMS.map { "last delivery \(Output.age(nowMS - $0)) ago" }
    rows.append(
      row(
        "MTA", !isFailing,
        isFailing
          ? delivery.lastFailure ?? "" : "\(delivery.target), \(last ?? "nothing delivered yet")"))
    for worker in daemon.workers {
      let doing = worker.stage?.rawValue ?? worker.doing.rawValue
      rows.append(
        row("worker \(worker.number)", true, "\(doing) for \(Output.age(nowMS - worker.sinceMS))")
      )
    }
    let up = Output.age(Int64(daemon.uptimeSeconds * 1_000))
    rows.append(row("daemon", true, "version \(Version.program), pid \(daemon.pid), up \(up)"))
    return "<section><h2>Parts</h2>\n<table class=\"parts\">\n\(rows.joined())</table></section>\n"
  }

  private func row(_ name: String, _ isGood: Bool, _ text: String) -> String {
    "<tr><th scope=\"row\">\(safe(name))</th><td\(isGood ? "" : " class=\"bad\"")>\(safe(text))</td></tr>\n"
  }

  private var alarms: String {
    let rows = snapshot.alarms.sorted { $0.atMS > $1.atMS }.map { alarm in
      "<li><b>\(safe(alarm.alarm.replacing("_", with: " ")))</b> \(Output.age(nowMS - alarm.atMS)) ago, "
        + "\(alarm.count) since the start<br>\(safe(alarm.why))</li>\n"
    }
    guard !rows.isEmpty else {
      return "<section><h2>Alarms</h2><p>none since the start</p></section>\n"
    }
    return "<section><h2>Alarms</h2>\n<ul class=\"troubles\">\n\(rows.joined())</ul></section>\n"
  }

  private var messages: String {
    guard !snapshot.recent.isEmpty else {
      return "<section><h2>Messages</h2><p>none yet</p></section>\n"
    }
    let rows = snapshot.recent.map { message in
      let end = message.finishedMS.map {
        "\(Output.tenths(Double($0 - message.receivedMS) / 1_000)) s"
      }
      let result = message.result
      let audio = result.map { Output.clock($0.audioSeconds) } ?? ""
      let transcript = result.map {
        "\($0.status.rawValue)\($0.engine.isEmpty ? "" : ", \($0.engine)")"
      }
      let isBad = [.held, .failed].contains(message.state)
      return "<tr><td class=\"id\">\(safe(message.id))"
        + message.recipients.map { "<br>\(safe($0))" }.joined()
        + "</td><td>\(time(message.receivedMS))</td>"
        + "<td\(isBad ? " class=\"bad\"" : "")>\(message.state.rawValue)</td><td>\(end ?? "")</td>"
        + "<td>\(audio)</td><td>\(safe(transcript ?? ""))</td></tr>\n"
    }
    return """
      <section><h2>Messages</h2>
      <div class="wide"><table class="messages">
      <tr><th>id</th><th>received</th><th>state</th><th>took</th><th>audio</th><th>transcript</th></tr>
      \(rows.joined())</table></div></section>

      """
  }

  /// `21:59:01`, or `11-20 21:59` of another day.
  private func time(_ ms: Int64) -> Substring {
    let text = Clock.text(ms)
    return text.prefix(10) == Clock.text(nowMS).prefix(10)
      ? text.suffix(8) : text.dropFirst(5).prefix(11)
  }

  /// Text for HTML, whoever wrote it.
  private func safe(_ text: String) -> String {
    Output.safe(text).replacing("&", with: "&amp;").replacing("<", with: "&lt;")
      .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
  }
}
