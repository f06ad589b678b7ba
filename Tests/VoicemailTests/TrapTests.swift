import Operations
import Testing

@testable import Voicemail

/// What shares the marks of voicemail and must not be touched, beyond the table of ordinary mail.
@Suite struct Traps {
  private static func asterisk(text body: String, html: String? = nil) -> MessageFacts {
    var sample = asteriskMessage
    sample.text = body
    sample.otherText = html
    return sample
  }

  private func reason(_ sample: MessageFacts, _ recognition: Recognition = recognition) -> String? {
    guard case .pass(let reason) = recognition.verdict(sample, pbxEnvelope, localClient) else {
      return nil
    }
    return reason
  }

  @Test(arguments: [
    "Caller: Anna\n\n=== Transcription ===\n\nPlease call me back.\n",
    "Voicemail from Anna\nTranscript: Call me back. Bye.\nPlay message:\n",
    "Voice Mail Preview:\nHi it's Anna\n", "Voicemail transcription: hello there\n",
    "Message Transcript\n\u{201C}hello there\u{201D}\n", "* Transkription *\nHallo\n",
    "Transcripción del mensaje: hola\n".replacing("del ", with: "de "),
    "Abschrift:\nHallo, hier ist Anna\n",
    "Speech-to-text: hello there\n",
  ])
  func `a transcript of the phone system gets no second one`(_ body: String) {
    #expect(reason(Self.asterisk(text: body))?.contains("has a transcript already") == true)
    #expect(
      reason(Self.asterisk(text: "New voicemail\n", html: body))?.contains(
        "has a transcript already") == true, "in the HTML form alone")
  }

  /// The quick look must find all that the thorough one knows.
  @Test(arguments: ExistingTranscript.words.union(ExistingTranscript.phrases).sorted())
  func `every word that announces a transcript is found in a text`(_ word: String) {
    #expect(ExistingTranscript.heading(in: "\(word.uppercased()):\nhello there\n") != nil)
  }

  @Test(arguments: [
    "Transcription: unable to transcribe this message.\n", "Transcript:\n\n",
    "Transcription\nFrom: Anna\n", "Transcription is not enabled for your mailbox.\n",
    "A transcript follows in another mail.\n", "Transcript: (none)\n", "Transcription: n/a\n",
    "This call was about the transcript: please send it.\n", "Transcription: 12345\n",
    "Transkription: nicht verfügbar\n", "Your voicemail transcript:\nhttps://pbx.example/x\n",
    "Transcription\nLe texte du message sera disponible plus tard\n",
  ])
  func `a transcript that failed, or a word about it, is none`(_ body: String) {
    #expect(reason(Self.asterisk(text: body)) == nil)
  }

  @Test func `a transcript that is attached as text gets no second one`() {
    let sample = message(
      asteriskHeaders, [text, asteriskRecording, part("text/plain", "Transcript.txt")])
    #expect(reason(sample) == "has a transcript already (Transcript.txt)")
  }

  @Test func `a rule may tell that a message is private or has its transcript`() throws {
    for (group, wanted) in [
      ("private", "header Subject, but the phone system marks it as private"),
      ("transcript", "header Subject, but it has a transcript already"),
    ] {
      let pattern = try RegularExpression("^Message (?<\(group)>x)?")
      let rule = try ProfileRule(name: "x", lines: [("header Subject", "")]) { _ in pattern }
      let own = Recognition(rules: [rule], loopGuard: loopGuard)
      let parts = [text, part("audio/wav", "a.wav")]
      #expect(reason(message([("Subject", "Message x")], parts), own) == wanted)
      #expect(reason(message([("Subject", "Message y")], parts), own) == nil)
    }
  }

  @Test func `private mail that some policy wants is a voicemail that says so`() throws {
    var wanting = recognition
    wanting.takesPrivate = true
    let marked = message(
      asteriskHeaders + [("Sensitivity", "Private")], [text, asteriskRecording])
    let signed = message(
      asteriskHeaders + [("Sensitivity", "Private"), ("DKIM-Signature", "v=1; d=example.com")],
      [text, asteriskRecording])
    #expect(facts(marked, wanting)?.privacy == "marked as private")
    #expect(facts(marked, wanting)?.protection == nil)
    #expect(facts(signed, wanting) == nil)
    wanting.takesSigned = true
    #expect(facts(signed, wanting)?.protection?.hasPrefix("signed by example.com") == true)

    let pattern = try RegularExpression("^Message (?<private>x)?")
    wanting.rules = [try ProfileRule(name: "x", lines: [("header Subject", "")]) { _ in pattern }]
    let parts = [text, part("audio/wav", "a.wav")]
    #expect(
      facts(message([("Subject", "Message x")], parts), wanting)?.privacy
        == "the phone system marks it as private")
    #expect(facts(message([("Subject", "Message y")], parts), wanting)?.privacy == nil)
  }

  private func facts(_ message: MessageFacts, _ recognition: Recognition) -> VoicemailFacts? {
    guard case .voicemail(let facts) = recognition.verdict(message, pbxEnvelope, localClient) else {
      return nil
    }
    return facts
  }

  @Test func `a signature of our own domain may break, one of another not`() {
    var own = recognition
    own.ownDomains = OwnDomains(["example.com"])
    func signed(_ domains: String...) -> MessageFacts {
      message(
        domains.map { ("DKIM-Signature", "v=1; a=rsa-sha256; d=\($0); s=x; b=y") }
          + asteriskHeaders,
        [text, asteriskRecording])
    }
    #expect(reason(signed("example.com"), own) == nil)
    #expect(reason(signed("PBX.Example.COM"), own) == nil)
    #expect(reason(signed("notexample.com"), own)?.hasPrefix("signed by notexample.com") == true)
    #expect(
      reason(signed("example.com", "ringcentral.com"), own)?.hasPrefix("signed by ringcentral.com")
        == true)
    #expect(reason(signed("example.com"))?.hasPrefix("signed by example.com") == true)
    let nameless = message(
      [("DKIM-Signature", "v=1")] + asteriskHeaders, [text, asteriskRecording])
    #expect(reason(nameless, own)?.hasPrefix("signed by a DKIM key") == true)
  }

  @Test func `what a person forwards is no voicemail, whatever its subject and text say`() {
    let body = "Caller: Anna Meyer (07700900123)\nLength: 0:17\n"
    func generic(_ headers: [(String, String)]) -> String? {
      var sample = message(headers, [text, part("audio/x-wav", "message.wav")])
      sample.text = body
      return reason(sample)
    }
    #expect(generic([("Subject", "Voicemail")]) == nil)
    #expect(generic([("Subject", "Fwd: Voicemail")]) != nil)
    #expect(generic([("Subject", "Antw: Voicemail")]) != nil)
    #expect(
      generic([("Subject", "Voicemail"), ("References", "<1@x>")])?.contains(
        "a person replied or forwarded it (References)") == true)
  }
}
