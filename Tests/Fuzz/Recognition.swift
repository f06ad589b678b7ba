// libFuzzer entry for recognition: any bytes as a message of a trusted client.
// Built and run by Scripts/fuzz; no part of the package.

import Mail
import Voicemail

/// C: libFuzzer's entry.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRecognition(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let message = Array(UnsafeBufferPointer(start: data, count: size))
  let reader = GMimeReader()
  let recognition = Recognition(loopGuard: Fuzzing.loopGuard)
  let early = reader.readHeaders(message)
  let atEndOfHeaders = recognition.verdictAtEndOfHeaders(early, Fuzzing.envelope, Fuzzing.client)
  guard let facts = try? reader.read(message) else { return 0 }
  hold(facts.headers == early.headers, "the header section is read in two ways")
  hold(facts.contentType == early.contentType)
  let verdict = recognition.verdict(facts, Fuzzing.envelope, Fuzzing.client)
  if let atEndOfHeaders {
    hold(verdict == atEndOfHeaders, "the whole message changes a verdict")
  }
  for (index, part) in facts.parts.enumerated() {
    hold(part.index == index)
    let content = try? reader.content(ofPart: index, in: message)
    hold(content?.count == part.decodedBytes, "a part has two sizes")
  }
  switch verdict {
  case .pass(let reason): checkLine(reason)
  case .voicemail(let voicemail):
    checkLine(voicemail.reason)
    hold(!voicemail.audioParts.isEmpty)
    hold(voicemail.audioParts.allSatisfy(facts.parts.indices.contains))
    let digests = try? reader.digests(ofParts: voicemail.audioParts, in: message)
    hold(digests?.allSatisfy { $0.count == 32 } == true)
  }
  return 0
}

/// What goes to the log and to a terminal.
private func checkLine(_ text: String) {
  hold(
    text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }, "a control character")
  hold(text.utf8.count <= 2_000, "a long reason")
}
