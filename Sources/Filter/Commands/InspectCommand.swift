internal import Mail
internal import Voicemail

/// `inspect`: what the filter would do with a message, and why.
enum InspectCommand {
  struct Report: Encodable {
    struct CallerReport: Encodable {
      @OrNull var number: String?
      @OrNull var name: String?
    }
    struct Audio: Encodable {
      @OrNull var filename: String?
      var contentType: String
      @OrNull var codec: String?
      @OrNull var sampleRateHz: Int?
      @OrNull var channels: Int?
      @OrNull var durationSeconds: Double?
      var bytes: Int
      /// Why the recording cannot be read.
      @OrNull var trouble: String?
    }
    struct Trial: Encodable {
      struct Condition: Encodable {
        var condition: String
        var holds: Bool
      }
      var rule: String
      var matches: Bool
      var conditions: [Condition]

      init(_ trial: RuleTrial) {
        rule = trial.rule
        matches = trial.match != nil
        conditions = trial.steps.map { Condition(condition: $0.key, holds: $0.holds) }
      }
    }
    /// For one recipient; for whoever it is when the command names none.
    struct PolicyReport: Encodable {
      @OrNull var recipient: String?
      var policy: String
      var mode: String
      var reason: String

      init(_ choice: Policies.Choice) {
        recipient = choice.recipient.isEmpty ? nil : choice.recipient
        (policy, mode, reason) = (choice.policy.name, choice.policy.mode.rawValue, choice.reason)
      }
    }
    var file: String
    var verdict: String
    var reason: String
    @OrNull var rule: String?
    var caller = CallerReport(number: nil, name: nil)
    @OrNull var mailbox: String?
    /// As the PBX says it.
    @OrNull var statedSeconds: Int?
    var urgent = false
    @OrNull var durationSeconds: Double?
    var audio: [Audio] = []
    /// All rules in the order they are asked; the first that matches decides.
    var rules: [Trial] = []
    var policies: [PolicyReport] = []
  }

  static func run(_ words: [String]) throws(CommandFailure) -> Int32 {
    let arguments = try Arguments(
      words, options: Arguments.envelopeOptions,
      flags: Arguments.envelopeFlags.union(["--json", "--explain"]))
    try arguments.requireOperands(1...Int.max, "a file with a message")
    let examiner = try MessageExaminer(arguments.settings())
    let envelope = try arguments.envelope()
    let client = try arguments.client()
    var status: Int32 = 0
    for file in arguments.operands {
      do throws(CommandFailure) {
        let report = try inspect(file, examiner, envelope, client)
        Output.text(
          arguments.has("--json")
            ? JSONText.line(report) : text(report, explain: arguments.has("--explain")))
      } catch {
        Output.complain(error.sentence)
        status = 1
      }
    }
    return status
  }

  private static func inspect(
    _ file: String, _ examiner: MessageExaminer, _ envelope: Envelope, _ client: ClientFacts
  ) throws(CommandFailure) -> Report {
    let message = try readOperand(file)
    do throws(StepFailure) {
      let (facts, verdict) = try examiner.examine(message, envelope: envelope, client: client)
      let rules = examiner.recognition.trials(facts, envelope, client).map { Report.Trial($0) }
      switch verdict {
      case .pass(let reason):
        return Report(
          file: file, verdict: "pass", reason: reason, rule: nil, mailbox: nil, statedSeconds: nil,
          durationSeconds: nil, rules: rules)
      case .voicemail(let voicemail):
        var report = Report(
          file: file, verdict: "voicemail", reason: voicemail.reason, rule: voicemail.rule,
          caller: .init(number: voicemail.caller.number, name: voicemail.caller.name),
          mailbox: voicemail.mailbox, statedSeconds: voicemail.statedSeconds,
          urgent: voicemail.isUrgent, durationSeconds: nil, rules: rules)
        let recipients = envelope.recipients.map(\.address)
        report.policies = (recipients.isEmpty ? [""] : recipients).map { recipient in
          .init(
            examiner.policies.choice(voicemail, sender: envelope.sender, recipient: recipient))
        }
        for index in voicemail.audioParts where facts.parts.indices.contains(index) {
          report.audio.append(try audio(facts.parts[index], message, examiner))
        }
        let durations = report.audio.compactMap(\.durationSeconds)
        report.durationSeconds = durations.isEmpty ? nil : durations.reduce(0, +)
        return report
      }
    } catch {
      throw CommandFailure("\(file): \(error.sentence)")
    }
  }

  private static func audio(_ part: PartFacts, _ message: [UInt8], _ examiner: MessageExaminer)
    throws(StepFailure) -> Report.Audio
  {
    let content = try examiner.reader.content(ofPart: part.index, in: message)
    var audio = Report.Audio(
      filename: part.filename, contentType: part.contentType, codec: nil, sampleRateHz: nil,
      channels: nil, durationSeconds: nil, bytes: content.count, trouble: nil)
    do throws(StepFailure) {
      let facts = try examiner.decoder.facts(
        content, contentType: part.contentType, filename: part.filename)
      audio.codec = facts.codec
      audio.sampleRateHz = facts.sampleRateHz
      audio.channels = facts.channels
      audio.durationSeconds = facts.durationSeconds
    } catch {
      audio.trouble = error.sentence
    }
    return audio
  }

  private static func text(_ report: Report, explain: Bool) -> String {
    var text = "\(report.file): \(report.verdict)\n"
    text += Output.row("reason", Output.safe(report.reason))
    if explain { text += explanation(report.rules) }
    guard let rule = report.rule else { return text }
    text += Output.row("rule", rule)
    let caller = [report.caller.name, report.caller.number].compactMap(\.self)
    text += Output.row(
      "caller", caller.isEmpty ? "withheld" : Output.safe(caller.joined(separator: ", ")))
    if let mailbox = report.mailbox { text += Output.row("mailbox", Output.safe(mailbox)) }
    if let seconds = report.statedSeconds {
      text += Output.row(
        "PBX says", Output.clock(Double(seconds)) + (report.urgent ? ", urgent" : ""))
    } else if report.urgent {
      text += Output.row("PBX says", "urgent")
    }
    for policy in report.policies {
      let recipient = policy.recipient.map { " for \(Output.safe($0))" } ?? ""
      text += Output.row(
        "policy", "\(policy.policy)\(recipient), mode \(policy.mode): \(policy.reason)")
    }
    for audio in report.audio {
      var line =
        "\(Output.safe(audio.filename ?? "(no name)")), \(Output.safe(audio.contentType)), "
      if let codec = audio.codec, let rate = audio.sampleRateHz, let channels = audio.channels {
        line +=
          "\(codec), \(rate) Hz, \(channels) channel\(channels == 1 ? "" : "s"), "
          + "\(Output.clock(audio.durationSeconds ?? 0)), "
      }
      line += Output.size(Int64(audio.bytes))
      if let trouble = audio.trouble { line += ": \(Output.safe(trouble))" }
      text += Output.row("recording", line)
    }
    return text
  }

  /// A line for each rule: whether it matches, and which of its conditions do not hold.
  private static func explanation(_ trials: [Report.Trial]) -> String {
    var text = ""
    for trial in trials {
      let (held, missed) = (
        trial.conditions.filter(\.holds).map(\.condition),
        trial.conditions.filter { !$0.holds }.map(\.condition)
      )
      var line = "\(trial.rule): \(trial.matches ? "matches" : "no")"
      if !held.isEmpty { line += "; found: \(held.joined(separator: ", "))" }
      if !missed.isEmpty, !trial.matches || !held.isEmpty {
        line += "; not found: \(missed.joined(separator: ", "))"
      }
      text += Output.row("rule tried", line)
    }
    return text
  }
}
