internal import Voicemail

/// What `engines` tells, and `status` in a line each.
struct EnginesReport: Encodable {
  var nowMS: Int64
  /// Without the daemon only limits and spending are known.
  var isRunning: Bool
  var engines: [EngineStatus]

  func print(asJSON: Bool) -> String {
    guard !asJSON else { return JSONText.line(self) }
    let blocks = engines.map { Self.block($0, nowMS: nowMS) }.joined(separator: "\n")
    return (isRunning ? "" : "The daemon is not running: states are not known.\n\n") + blocks
  }

  /// `whisper (whisper-server) resting for 25 s: no answer: Couldn't connect to server`.
  static func line(_ engine: EngineStatus, nowMS: Int64) -> String {
    engine.name + (engine.type == engine.name ? " " : " (\(engine.type)) ")
      + condition(engine, nowMS: nowMS)
  }

  /// The line without the name.
  static func condition(_ engine: EngineStatus, nowMS: Int64) -> String {
    var text = engine.state.rawValue
    if engine.state == .resting, let until = engine.untilMS {
      text += until > nowMS ? " for \(Output.age(until - nowMS))" : ", the next message tries it"
    }
    if let why = engine.why { text += ": \(Output.safe(why))" }
    return text
  }

  private static func block(_ engine: EngineStatus, nowMS: Int64) -> String {
    var text = line(engine, nowMS: nowMS) + "\n"
    let limit = engine.concurrency > 0 ? " of \(engine.concurrency)" : ""
    text += Output.row("running", "\(engine.running)\(limit)")
    text += Output.row("since start", "\(engine.answered) answered, \(engine.failed) failed")
    if let failure = engine.lastFailure, let at = engine.lastFailureMS {
      text += Output.row(
        "last failure", "\(Output.age(nowMS - at)) ago: \(Output.safe(failure))", labelWidth: 14)
    }
    func spent(_ minutes: Double, _ limit: Int) -> String {
      "\(Output.tenths(minutes)) min" + (limit > 0 ? " of \(limit)" : "")
    }
    return text
      + Output.row("today", spent(engine.minutesToday, engine.minutesPerDay))
      + Output.row("this month", spent(engine.minutesThisMonth, engine.minutesPerMonth))
  }
}
