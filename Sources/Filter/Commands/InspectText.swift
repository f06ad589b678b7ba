internal import Voicemail

/// What `inspect` says, in words.
enum InspectText {
  static func text(_ report: InspectReport, explain: Bool) -> String {
    var text = "\(report.file): \(report.verdict)\n"
    text += Output.row("reason", Output.safe(report.reason))
    if explain { text += explanation(report.rules) }
    guard let rule = report.rule else { return text }
    text += Output.row("rule", rule)
    if let trial = report.rules.first(where: \.matches) {
      for line in found(trial) { text += Output.row("found", line) }
    }
    text += Output.row("caller", caller(report))
    if let mailbox = report.mailbox {
      text += Output.row("mailbox", Output.safe(mailbox) + origin(report, "mailbox"))
    }
    if let time = report.time {
      text += Output.row("time", Output.safe(time) + origin(report, "time"))
    }
    let length = report.statedSeconds.map {
      Output.clock(Double($0)) + origin(report, "duration")
    }
    let said = [
      length, report.urgent ? "urgent" + origin(report, "urgent") : nil,
      report.private ? "private" + origin(report, "private") : nil,
    ].compactMap(\.self)
    if !said.isEmpty { text += Output.row("PBX says", said.joined(separator: ", ")) }
    for one in report.policies {
      text += Output.row("policy", policy(one))
      if one.mode != Policy.Mode.off.rawValue, let objection = one.objection {
        text += Output.row("", "it passes: \(objection)")
      }
    }
    for audio in report.audio { text += Output.row(row(audio), recording(audio)) }
    if let line = LengthDifference.sentence(
      stated: report.statedSeconds, heard: report.durationSeconds)
    {
      text += Output.row("note", line)
    }
    return text
  }

  /// `sales for ann@example.com, mode hold: recipient`
  static func policy(_ policy: InspectReport.PolicyReport) -> String {
    let recipient = policy.recipient.map { " for \(Output.safe($0))" } ?? ""
    return "\(policy.policy)\(recipient), mode \(policy.mode): \(policy.reason)"
  }

  private static func caller(_ report: InspectReport) -> String {
    let caller = report.caller
    let international = caller.e164 == caller.number ? nil : caller.e164
    let parts = [
      caller.name.map { Output.safe($0) + origin(report, "name") },
      caller.number.map { Output.safe($0) + origin(report, "number") },
      international,
    ]
    let known = parts.compactMap(\.self)
    return known.isEmpty ? "unknown" : known.joined(separator: ", ")
  }

  private static func origin(_ report: InspectReport, _ fact: String) -> String {
    report.foundIn[fact].map { " (\($0))" } ?? ""
  }

  private static func row(_ audio: InspectReport.Audio) -> String {
    audio.kind == RecordingParts.Kind.message.rawValue ? "recording" : audio.kind
  }

  private static func recording(_ audio: InspectReport.Audio) -> String {
    var line =
      "\(Output.safe(audio.filename ?? "(no name)")), \(Output.safe(audio.contentType)), "
    if let codec = audio.codec, let rate = audio.sampleRateHz, let channels = audio.channels {
      line +=
        "\(codec), \(rate) Hz, \(channels) channel\(channels == 1 ? "" : "s"), "
        + "\(Output.clock(audio.durationSeconds ?? 0)), "
    }
    line += Output.size(Int64(audio.bytes))
    if let trouble = audio.trouble { line += ": \(Output.safe(trouble))" }
    return line
  }

  /// A line for each condition that holds.
  private static func found(_ trial: InspectReport.Trial) -> [String] {
    trial.conditions.filter(\.holds).map { condition in
      let value = condition.found.map { ": \(Output.safe($0))" } ?? ""
      return condition.condition + value
    }
  }

  /// A line for each rule: whether it matches, and which condition decided.
  private static func explanation(_ trials: [InspectReport.Trial]) -> String {
    trials.map { trial in
      Output.row("rule tried", "\(trial.rule): \(Output.safe(decision(trial)))")
    }.joined()
  }

  private static func decision(_ trial: InspectReport.Trial) -> String {
    let held = trial.conditions.filter(\.holds).map(\.condition)
    let missed = trial.conditions.filter { !$0.holds }
    if trial.matches { return "matches by \(held.joined(separator: ", "))" }
    guard trial.needsAll || missed.count == 1, let first = missed.first else {
      return "no, there is none of \(missed.map(\.condition).joined(separator: ", "))"
    }
    let nothing =
      first.condition.hasPrefix("text")
      ? "the text does not match" : "there is no \(first.condition)"
    let why = first.found.map { "\(first.condition) is \"\($0)\"" } ?? nothing
    return held.isEmpty
      ? "no, \(why)" : "no, \(why), though \(held.joined(separator: ", ")) would match"
  }
}
