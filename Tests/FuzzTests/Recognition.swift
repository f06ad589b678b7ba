import Mail
import Operations
import Voicemail

/// Any bytes as a message of a trusted client.
func fuzzRecognition(_ message: [UInt8]) throws {
  let reader = GMimeReader()
  let recognition = Recognition(rules: BuiltInRules.all, loopGuard: Fuzzing.loopGuard)
  let early = reader.readHeaders(message)
  let atEndOfHeaders = recognition.verdictAtEndOfHeaders(early, Fuzzing.envelope, Fuzzing.client)
  guard let facts = try? reader.read(message) else { return }
  try hold(facts.headers == early.headers, "the header section is read in one way")
  try hold(facts.contentType == early.contentType, "the type is one")
  let verdict = recognition.verdict(facts, Fuzzing.envelope, Fuzzing.client)
  if let atEndOfHeaders {
    try hold(verdict == atEndOfHeaders, "what the headers decide stays")
  }
  // Each reads the whole message again.
  for (index, part) in facts.parts.enumerated().prefix(8) {
    try hold(part.index == index, "parts are numbered in order")
    try hold((try? reader.content(ofPart: index, in: message)) != nil, "a part can be read")
  }
  switch verdict {
  case .pass(let reason): try checkLine(reason)
  case .voicemail(let voicemail):
    try checkLine(voicemail.reason)
    try hold(!voicemail.audioParts.isEmpty, "a voicemail has a recording")
    try hold(voicemail.audioParts.allSatisfy(facts.parts.indices.contains), "recordings are parts")
    let digests = try? reader.read(message, digestingParts: { _ in voicemail.audioParts }).digests
    try hold(digests?.allSatisfy { $0.count == 32 } == true, "a digest has 32 bytes")
  }
}

/// What goes to the log and to a terminal.
private func checkLine(_ text: String) throws {
  try hold(
    text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F },
    "no control character in a log line")
  try hold(text.utf8.count <= 2_000, "a reason is short")
}
