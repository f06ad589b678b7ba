internal import Mail
internal import Operations
internal import Voicemail

/// `preview`: the message as it would go out.
enum PreviewCommand {
  /// For a message that is no voicemail; it comes out byte for byte.
  static let notVoicemail: Int32 = 3

  static func run(_ words: [String]) throws(CommandFailure) -> Int32 {
    // As the worker does, which it stands for.
    returnLargeMemory()
    let arguments = try Arguments(
      words, options: Arguments.envelopeOptions.union(["--text", "--policy"]),
      flags: Arguments.envelopeFlags)
    try arguments.requireOperands(1...1, "a file with a message")
    let file = arguments.operands[0]
    let examiner = try MessageExaminer(arguments.settings())
    let original = try readOperand(file)
    let client = try arguments.client()
    do throws(StepFailure) {
      let (_, verdict) = try examiner.examine(
        original, envelope: try envelope(arguments), client: client)
      guard case .voicemail(let voicemail) = verdict else {
        if case .pass(let reason) = verdict { Output.complain("\(file): no voicemail: \(reason)") }
        Output.bytes(original)
        return notVoicemail
      }
      let envelope = try envelope(arguments)
      let choice = try choice(arguments, examiner, voicemail, envelope)
      let policy = choice.policy
      if !examiner.policies.rules.isEmpty {
        Output.complain("\(file): policy \(InspectText.policy(.init(choice, voicemail)))")
      }
      if let reason = ReceptionPlan.objection(policy, voicemail) {
        Output.complain("\(file): \(reason)")
        Output.bytes(original)
        return notVoicemail
      }
      let order = OrderMaker(
        settings: examiner.settings, recognition: examiner.recognition,
        style: policy.style(
          over: examiner.settings.style,
          templates: policy.template.flatMap { Wiring.templates(examiner.settings)[$0] })
      ).order(
        for: .init(
          id: "preview", receivedMS: Clock.nowMS(), original: original, envelope: envelope,
          client: client, voicemail: voicemail, policy: policy,
          isReply: policy.mode.repliesLater))
      let job = ProcessJob(
        reader: examiner.reader,
        transcriber: Transcriber(
          decoder: examiner.decoder, chain: try chain(arguments, examiner)),
        enhancer: MessageSplicer())
      let (result, enhanced) = job.run(order, on: original) { _ in }
      for note in result.notes { Output.complain("\(file): \(note)") }
      guard let enhanced else {
        throw StepFailure.permanent(result.refusal ?? "could not be enhanced")
      }
      Output.bytes(enhanced)
      return 0
    } catch {
      throw CommandFailure("\(file): \(error.sentence)")
    }
  }

  /// The one that is named, else the first recipient's.
  private static func choice(
    _ arguments: Arguments, _ examiner: MessageExaminer, _ voicemail: VoicemailFacts,
    _ envelope: Envelope
  ) throws(StepFailure) -> Policies.Choice {
    let recipient = envelope.recipients.first?.address ?? ""
    guard let name = arguments.all("--policy").last else {
      return examiner.policies.choice(voicemail, sender: envelope.sender, recipient: recipient)
    }
    let known = examiner.policies.rules.map(\.policy) + [.builtIn]
    guard let policy = known.first(where: { $0.name == name }) else {
      throw .permanent(
        "--policy: no such policy as \(Output.safe(name)); known are "
          + known.map(\.name).joined(separator: ", "))
    }
    return Policies.Choice(recipient: recipient, policy: policy, reason: "named by --policy")
  }

  private static func envelope(_ arguments: Arguments) throws(StepFailure) -> Envelope {
    do throws(CommandFailure) {
      return try arguments.envelope()
    } catch {
      throw .permanent(error.sentence)
    }
  }

  private static func chain(_ arguments: Arguments, _ examiner: MessageExaminer)
    throws(StepFailure) -> EngineChain
  {
    do throws(CommandFailure) {
      var chain = try Wiring.chain(examiner.settings)
      if let text = arguments.all("--text").last {
        (chain.source, chain.names) = (GivenText(text: text), ["given"])
      }
      return chain
    } catch {
      throw .permanent(error.sentence)
    }
  }
}

/// Stands in for an engine when the administrator gives the words; those in `[brackets?]` are in doubt, as the mail
/// writes them.
private final class GivenText: SpeechEngine, EngineSource {
  private let text: String
  let name = "given"
  let lowConfidence = 0.0
  let mayInvent = false

  init(text: String) { self.text = text }

  func engine(_ name: String) throws(EngineFailure) -> any SpeechEngine { self }
  func limit(audioSeconds: Double) -> Duration { .seconds(60) }
  func hears(_ languages: [String]) -> Bool { true }

  func recognize(_ request: SpeechRequest) throws(EngineFailure) -> SpeechAnswer {
    let spoken = text.split(whereSeparator: \.isWhitespace)
    let length = request.recording.durationSeconds
    let step = length / Double(max(spoken.count, 1))
    var isDoubtful = false
    let words = spoken.enumerated().map { index, mark in
      var word = String(mark)
      if word.hasPrefix("[") {
        isDoubtful = true
        word.removeFirst()
      }
      let confidence = isDoubtful ? 0.1 : 1
      if isDoubtful, word.hasSuffix("?]") {
        isDoubtful = false
        word.removeLast(2)
      }
      return Word(
        text: word, start: Double(index) * step, end: Double(index + 1) * step,
        confidence: confidence)
    }
    let segment = Segment(start: 0, end: length, text: text, confidence: 1, words: words)
    return SpeechAnswer([HeardSegment(segment)], language: "en")
  }
}
