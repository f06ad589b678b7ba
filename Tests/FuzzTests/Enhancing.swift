import Mail
import Operations
import Voicemail

/// Any bytes as a message that a transcript is put into.
func fuzzEnhancing(_ message: [UInt8]) throws {
  let reader = GMimeReader()
  let recognition = Recognition(rules: BuiltInRules.all, loopGuard: Fuzzing.loopGuard)
  guard let facts = try? reader.read(message) else { return }
  let verdict = recognition.verdict(facts, Fuzzing.envelope, Fuzzing.client)
  var voicemail = VoicemailFacts(rule: "fuzz", reason: "fuzz")
  if case .voicemail(let found) = verdict { voicemail = found }
  let said = [Word(text: "hello", start: 0, end: 1, confidence: 1)]
  let parts = voicemail.audioParts.map { index in
    TranscribedPart(
      part: facts.parts[index], audio: nil,
      transcript: Transcript(
        status: .ok, engine: "fuzz", language: "en-US", confidence: 1, durationSeconds: 1,
        speechSeconds: 1,
        segments: [Segment(start: 0, end: 1, text: "hello", confidence: 1, words: said)]))
  }
  let subject = SubjectMode.allCases[message.count % SubjectMode.allCases.count]
  let enhancement = EnhancementRenderer(MessageStyle(subject: subject)).render(
    voicemail: voicemail, parts: parts, message: facts, spoolID: "fuzz",
    headers: [Fuzzing.loopGuard.marker(id: "fuzz", unixSeconds: 0, message: facts)])
  let splicer = MessageSplicer { 0x1234_5678_9abc_def0 }
  // A refusal is an answer: the original goes out then.
  guard let output = try? splicer.enhance(message, with: enhancement) else { return }

  let after = try reader.read(output)
  try hold(
    recordings(after, output, reader) == recordings(facts, message, reader), "recordings are kept")
  if case .voicemail = recognition.verdict(after, Fuzzing.envelope, Fuzzing.client) {
    throw BrokenPromise(description: "what was enhanced is not taken over again")
  }
}

private func recordings(_ facts: MessageFacts, _ message: [UInt8], _ reader: GMimeReader)
  -> [[UInt8]]
{
  facts.parts.filter { $0.contentType.hasPrefix("audio/") }.map { part in
    (try? reader.content(ofPart: part.index, in: message)) ?? []
  }
}
