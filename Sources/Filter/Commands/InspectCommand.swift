internal import Mail
internal import Voicemail

/// `inspect`: what the filter would do with a message, and why.
enum InspectCommand {
  static func run(_ words: [String]) throws(CommandFailure) -> Int32 {
    let arguments = try Arguments(
      words, options: Arguments.envelopeOptions,
      flags: Arguments.envelopeFlags.union(["--json", "--explain", "--learn"]))
    try arguments.requireOperands(1...Int.max, "a file with a message")
    if arguments.has("--learn") { return try LearnCommand.run(arguments) }
    let examiner = try MessageExaminer(arguments.settings())
    let envelope = try arguments.envelope()
    let client = try arguments.client()
    var status: Int32 = 0
    for file in arguments.operands {
      do throws(CommandFailure) {
        let report = try inspect(file, examiner, envelope, client)
        Output.text(
          arguments.has("--json")
            ? JSONText.line(report)
            : InspectText.text(report, explain: arguments.has("--explain")))
      } catch {
        Output.complain(error.sentence)
        status = 1
      }
    }
    return status
  }

  private static func inspect(
    _ file: String, _ examiner: MessageExaminer, _ envelope: Envelope, _ client: ClientFacts
  ) throws(CommandFailure) -> InspectReport {
    let message = try readOperand(file)
    do throws(StepFailure) {
      let (facts, verdict) = try examiner.examine(message, envelope: envelope, client: client)
      let rules = examiner.recognition.trials(facts, envelope, client)
      switch verdict {
      case .pass(let reason):
        return InspectReport(
          file: file, verdict: "pass", reason: reason, rule: nil, mailbox: nil, time: nil,
          statedSeconds: nil, durationSeconds: nil, rules: rules.map { .init($0) })
      case .voicemail(let voicemail):
        var report = InspectReport(
          file: file, verdict: "voicemail", reason: voicemail.reason, rule: voicemail.rule,
          caller: .init(
            number: voicemail.caller.number, e164: voicemail.caller.e164,
            name: voicemail.caller.name),
          mailbox: voicemail.mailbox, time: voicemail.time, statedSeconds: voicemail.statedSeconds,
          urgent: voicemail.isUrgent, private: voicemail.privacy != nil, durationSeconds: nil,
          rules: rules.map { .init($0) },
          foundIn: rules.first { $0.match != nil }?.match?.origins ?? [:])
        let recipients = envelope.recipients.map(\.address)
        report.policies = (recipients.isEmpty ? [""] : recipients).map { recipient in
          .init(
            examiner.policies.choice(voicemail, sender: envelope.sender, recipient: recipient),
            voicemail)
        }
        for part in facts.parts {
          guard let kind = RecordingParts.kind(part) else { continue }
          report.audio.append(try audio(part, kind, message, examiner))
        }
        let durations = report.audio.filter {
          $0.kind != RecordingParts.Kind.spokenName.rawValue
        }.compactMap(\.durationSeconds)
        report.durationSeconds = durations.isEmpty ? nil : durations.reduce(0, +)
        return report
      }
    } catch {
      throw CommandFailure("\(file): \(error.sentence)")
    }
  }

  private static func audio(
    _ part: PartFacts, _ kind: RecordingParts.Kind, _ message: [UInt8], _ examiner: MessageExaminer
  ) throws(StepFailure) -> InspectReport.Audio {
    let content = try examiner.reader.content(ofPart: part.index, in: message)
    var audio = InspectReport.Audio(
      filename: part.filename, contentType: part.contentType, kind: kind.rawValue, codec: nil,
      sampleRateHz: nil,
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
}
