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
  try holdReply(to: message, enhancement, splicer, reader, recognition)
  // A refusal is an answer: the original goes out then.
  guard let output = try? splicer.enhance(message, with: enhancement) else { return }

  let after = try reader.read(output)
  try hold(
    recordings(after, output, reader) == recordings(facts, message, reader), "recordings are kept")
  if case .voicemail = recognition.verdict(after, Fuzzing.envelope, Fuzzing.client) {
    throw BrokenPromise(description: "what was enhanced is not taken over again")
  }
}

/// Whatever the message is, a reply to it can be written, and is known as ours when it comes back.
private func holdReply(
  to message: [UInt8], _ enhancement: Enhancement, _ splicer: MessageSplicer, _ reader: GMimeReader,
  _ recognition: Recognition
) throws {
  let head = ReplyWriter.head(to: message).fields(
    .init(
      id: "fuzz", host: "mail.example.com", address: "vm@example.com", unixSeconds: 0,
      utcOffsetSeconds: 0))
  var enhancement = enhancement
  enhancement.headers = [
    Fuzzing.loopGuard.marker(
      id: "fuzz", unixSeconds: 0, message: MessageFacts(headers: head, contentType: "text/plain"))
  ]
  let reply: [UInt8]
  do throws(StepFailure) {
    reply = try splicer.reply(head: head, with: enhancement)
  } catch {
    throw BrokenPromise(description: "a reply can be written: \(error.sentence)")
  }
  let lines = reply.split(separator: UInt8(ascii: "\n"))
  try hold(lines.allSatisfy { $0.count <= 998 }, "no line of a reply is too long")
  guard case .valid = Fuzzing.loopGuard.check(reader.readHeaders(reply)) else {
    throw BrokenPromise(description: "a reply is known by its marker")
  }
}

private func recordings(_ facts: MessageFacts, _ message: [UInt8], _ reader: GMimeReader)
  -> [[UInt8]]
{
  facts.parts.filter { $0.contentType.hasPrefix("audio/") }.map { part in
    (try? reader.content(ofPart: part.index, in: message)) ?? []
  }
}
