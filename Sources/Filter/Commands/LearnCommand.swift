internal import Operations
internal import Voicemail

/// `inspect --learn`: a rule for an unknown phone system, proposed from sample messages of it.
enum LearnCommand {
  private struct Sample {
    var file: String
    var facts: MessageFacts
    var verdict: Verdict
  }

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    let examiner = try MessageExaminer(arguments.settings())
    let envelope = try arguments.envelope()
    let client = try arguments.client()
    var samples: [Sample] = []
    for file in arguments.operands {
      let message = try readOperand(file)
      do throws(StepFailure) {
        let (facts, verdict) = try examiner.examine(message, envelope: envelope, client: client)
        samples.append(Sample(file: file, facts: facts, verdict: verdict))
      } catch {
        throw CommandFailure("\(file): \(error.sentence)")
      }
    }
    let known = samples.compactMap { sample in
      if case .voicemail(let facts) = sample.verdict { (sample.file, facts.rule) } else { nil }
    }
    for (file, rule) in known {
      Output.complain("\(file): is recognised already, by rule \(rule)")
    }
    if known.count == samples.count { return 0 }
    samples.removeAll { sample in
      guard RecordingParts.indices(in: sample.facts.parts).isEmpty else { return false }
      Output.complain("\(sample.file): holds no recording, so it is no sample")
      return true
    }
    guard !samples.isEmpty else { throw CommandFailure("no sample holds a recording") }
    return try propose(samples, envelope, client, examiner)
  }

  private static func propose(
    _ samples: [Sample], _ envelope: Envelope, _ client: ClientFacts, _ examiner: MessageExaminer
  ) throws(CommandFailure) -> Int32 {
    var proposal = RuleProposal(samples.map(\.facts))
    proposal.keep { line in
      guard !line.key.hasPrefix("find ") else { return true }
      guard let rule = rule([line]) else { return false }
      return samples.allSatisfy { rule.match($0.facts, envelope, client) != nil }
    }
    guard proposal.isUsable, let rule = rule(proposal.lines) else {
      throw CommandFailure(
        "the samples have nothing in common that other mail has not: are they of one phone system? "
          + "A rule by its address may do: [rule NAME] with client = ADDRESS and part name = \\.wav$"
      )
    }
    Output.text(section(proposal, rule, samples, envelope, client))
    var recognition = examiner.recognition
    recognition.rules.insert(rule, at: 0)
    for sample in samples {
      guard
        case .pass(let reason) = recognition.verdict(sample.facts, envelope, client)
      else { continue }
      Output.complain("\(sample.file): would pass all the same: \(Output.safe(reason))")
    }
    return 0
  }

  private static func rule(_ lines: [RuleProposal.Line]) -> ProfileRule? {
    do throws(InvalidRule) {
      return try ProfileRule(name: "my-pbx", lines: lines.map { ($0.key, $0.value) }) {
        text throws(InvalidRule) in try RegularExpression(text)
      }
    } catch {
      return nil
    }
  }

  private static func section(
    _ proposal: RuleProposal, _ rule: ProfileRule, _ samples: [Sample], _ envelope: Envelope,
    _ client: ClientFacts
  ) -> String {
    let count = samples.count
    var text =
      "# Proposed from \(count) sample\(count == 1 ? "" : "s"). Give it a name, look at each line, and put it into\n"
      + "# the configuration. All lines but those with find must hold.\n"
    if count == 1 {
      text +=
        "# One message does not show what varies from one to the next: two or three more make this safer.\n"
    }
    for sample in samples {
      let facts = rule.match(sample.facts, envelope, client)
      let found = [
        facts?.caller.name.map { "name \($0)" }, facts?.caller.number.map { "number \($0)" },
        facts?.mailbox.map { "mailbox \($0)" },
        facts?.statedSeconds.map { "length \(Output.clock(Double($0)))" },
      ].compactMap(\.self)
      let shown = found.isEmpty ? "no facts of the call" : found.joined(separator: ", ")
      text += "# \(Output.safe(sample.file)): \(Output.safe(shown))\n"
    }
    text += "[rule my-pbx]\n"
    for line in proposal.lines {
      if let comment = line.comment { text += "# \(comment)\n" }
      text += "\(line.key) = \(line.value)\n"
    }
    return text
  }
}
