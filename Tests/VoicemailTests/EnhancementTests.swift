import Testing
import Voicemail

@Suite struct `The enhancement's headers` {
  @Test func `they stand in order and say what happened`() {
    let trace = HeaderField("Received", "from a by b (voicemail-milter)")
    let marker = HeaderField("X-Voicemail-Milter", "v=1")
    let result = render(
      [transcribed(transcript([words("call me")], confidence: 0.8666))], headers: [trace, marker])
    #expect(
      result.headers == [
        trace, marker,
        HeaderField("X-Voicemail-Transcript", "ok"),
        HeaderField("X-Voicemail-Language", "en-US"),
        HeaderField("X-Voicemail-Confidence", "0.87"),
        HeaderField("X-Voicemail-Confidence-Class", "high"),
        HeaderField("X-Voicemail-Duration", "17"),
        HeaderField("X-Voicemail-Engine", "pocketsphinx"),
        HeaderField("X-Voicemail-Caller", "+447700900123"),
        HeaderField("X-Voicemail-Id", "7f3a"),
      ])
    #expect(result.removedHeaders.isEmpty)
  }

  @Test func `without text there is no confidence, without a number no caller`() {
    let result = render(
      [TranscribedPart(part: part("audio/x-wav"), audio: nil, transcript: .failed("x"))],
      voicemail: VoicemailFacts(rule: "asterisk", reason: "", caller: Caller(name: "Anna")))
    #expect(
      result.headers == [
        HeaderField("X-Voicemail-Transcript", "failed"), HeaderField("X-Voicemail-Id", "7f3a"),
      ])
  }

  @Test(arguments: [(1.0, "1.00"), (7, "1.00"), (0.996, "1.00"), (0.305, "0.31"), (0.25, "0.25")])
  func `confidence has two decimals`(_ value: Double, _ text: String) {
    let result = render([transcribed(transcript([words("call me")], confidence: value))])
    #expect(result.headers.first { $0.name == "X-Voicemail-Confidence" }?.value == text)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, -1, 1e300])
  func `an absurd length is not told`(_ seconds: Double) {
    let result = render([transcribed(transcript([words("call me")]), seconds: seconds)])
    #expect(!result.headers.contains { $0.name == "X-Voicemail-Duration" })
    #expect(result.text.contains("Length:    unknown (recording attached: msg0002.WAV)"))
  }

  @Test func `fields that a stranger wrote in our name are taken out`() {
    let forged = message(
      asteriskHeaders + [("x-voicemail-milter", "v=1"), ("X-VOICEMAIL-ID", "x")],
      [text, asteriskRecording])
    let result = render([transcribed(transcript([words("call me")]))], message: forged)
    #expect(result.removedHeaders == ["X-Voicemail-Milter", "X-Voicemail-Id"])
  }

  @Test func `FreeSWITCH's own field stays`() {
    let sample = message([("X-Voicemail-Length", "17")], [text, asteriskRecording])
    #expect(
      render([transcribed(transcript([words("call")]))], message: sample).removedHeaders == [])
  }

  @Test(arguments: [
    ("\"Smith, John\" <john@example.com>", "mailbox 1001 (Smith, John)"),
    ("john@example.com", "mailbox 1001"),
    ("\"A\" <a@example.com>, \"B\" <b@example.com>", "mailbox 1001"),
    ("", "mailbox 1001"),
  ])
  func `the owner is named when the message has one`(_ to: String, _ expected: String) {
    let result = render(
      [transcribed(transcript([words("call")]))], message: message([("To", to)]))
    #expect(result.text.contains("For:       \(expected)\n"))
  }

  @Test func `a date nobody can read is shown as it came`() {
    let result = render(
      [transcribed(transcript([words("call")]))],
      message: message([("Date", "yesterday\r\n\u{202e}at noon")]))
    #expect(result.text.contains("Received:  yesterday at noon\n"))
  }
}
