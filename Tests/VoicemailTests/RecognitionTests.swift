import Operations
import Testing
import Voicemail

struct RecognitionCase: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var message: MessageFacts
  var envelope = pbxEnvelope
  var client = localClient

  init(
    _ description: String, _ message: MessageFacts, envelope: Envelope = pbxEnvelope,
    client: ClientFacts = localClient
  ) {
    testDescription = description
    self.message = message
    self.envelope = envelope
    self.client = client
  }
}

@Suite struct `Recognition of voicemail` {
  static let voicemail: [(RecognitionCase, VoicemailFacts)] = [
    (
      RecognitionCase("Asterisk's default", asteriskMessage),
      VoicemailFacts(
        rule: "asterisk", reason: "header Message-ID; 1 recording: msg0002.WAV",
        caller: Caller(number: "+44 7700 900123", e164: "+447700900123", name: "Anna Meyer"),
        mailbox: "1001",
        audioParts: [1])
    ),
    (
      RecognitionCase(
        "Asterisk with IMAP fields and another message id",
        message(
          [
            ("Message-ID", "<1@gateway.example>"), ("X-Asterisk-VM-Message-Type", "Message"),
            ("X-Asterisk-VM-Extension", "1001"), ("X-Asterisk-VM-Caller-ID-Num", "2002"),
            ("X-Asterisk-VM-Caller-ID-Name", "Warehouse"),
          ], [text, part("audio/x-gsm", "msg0000.gsm")])),
      VoicemailFacts(
        rule: "asterisk",
        reason: "header X-Asterisk-VM-Message-Type; 1 recording: msg0000.gsm",
        caller: Caller(number: "2002", name: "Warehouse"), mailbox: "1001", audioParts: [1])
    ),
    (
      RecognitionCase(
        "Asterisk without caller, two recordings, null sender",
        message(
          [
            ("Message-ID", "<Asterisk-1-7-sales-team@default-99@pbx-1.example>"),
            ("X-Asterisk-CallerID", "Unknown"), ("X-Asterisk-CallerIDName", "an unknown caller"),
          ],
          [
            text, part("audio/x-WAV".lowercased(), "msg0000.WAV"),
            part("audio/x-wav", "msgintro0000.WAV"),
          ]), envelope: Envelope(sender: "", recipients: [])),
      VoicemailFacts(
        rule: "asterisk",
        reason: "header Message-ID; 2 recordings: msg0000.WAV, msgintro0000.WAV",
        mailbox: "sales-team@default", audioParts: [1, 2])
    ),
    (
      RecognitionCase(
        "minivm, Ogg",
        message(
          [("Message-ID", "<Asterisk-1804289383-jane-4242-pbx-2.example>")],
          [text, part("application/ogg", "voicemail7.ogg")])),
      VoicemailFacts(
        rule: "asterisk", reason: "header Message-ID; 1 recording: voicemail7.ogg",
        mailbox: "jane", audioParts: [1])
    ),
    (
      RecognitionCase(
        "Asterisk whose name repeats the number, generic type",
        message(
          [
            ("Message-ID", "<Asterisk-1-7-1001-99@pbx>"), ("X-Asterisk-CallerID", "2002"),
            ("X-Asterisk-CallerIDName", "2002"), ("Auto-Submitted", "auto-generated"),
          ], [text, part("application/octet-stream", "msg0000.wav")])),
      VoicemailFacts(
        rule: "asterisk", reason: "header Message-ID; 1 recording: msg0000.wav",
        caller: Caller(number: "2002"), mailbox: "1001", audioParts: [1])
    ),
    (
      RecognitionCase(
        "FreeSWITCH",
        message(
          [
            ("From", "\"ANNA MEYER\" <07700900123@pbx.example>"),
            ("X-Voicemail-Length", "17"), ("X-Mailer", "FreeSWITCH"),
          ],
          [
            text, part("text/html"),
            part("audio/x-wav", "msg_a1.wav", description: "Sound attachment."),
          ]), envelope: Envelope(sender: "1001@pbx.example", recipients: [])),
      VoicemailFacts(
        rule: "freeswitch", reason: "header X-Voicemail-Length; 1 recording: msg_a1.wav",
        caller: Caller(number: "07700900123", name: "ANNA MEYER"), mailbox: "1001",
        statedSeconds: 17, audioParts: [2])
    ),
    (
      RecognitionCase(
        "VPIM with the originator's spoken name, which is not the message",
        message(
          [
            ("From", "VOICE=+16505551237@vms.example"), ("To", "+16505550000@vms.example"),
            ("Message-Context", "voice-message"), ("Subject", "Voice message"),
          ], type: "multipart/voice-message",
          [
            part("audio/32kadpcm", voice: "Originator-Spoken-Name"),
            part("audio/32kadpcm", voice: "Voice-Message"),
          ]), envelope: Envelope(sender: "", recipients: [])),
      VoicemailFacts(
        rule: "vpim",
        reason: "type; 1 recording: audio/32kadpcm",
        caller: Caller(number: "+16505551237", e164: "+16505551237"), mailbox: "+16505550000",
        audioParts: [1])
    ),
    (
      RecognitionCase(
        "Mitel",
        message(
          [
            ("From", "Anna at ext.2000 <voicemail@do-not-reply>"),
            ("Message-ID", "<MITEL-VM-1001.V1.001.2000@mitel>"),
          ], [text, part("audio/basic", "vmail1314690567.wav", voice: "Voice-Message")])),
      VoicemailFacts(
        rule: "mitel",
        reason: "header Message-ID; 1 recording: vmail1314690567.wav",
        caller: Caller(number: "2000", name: "Anna"), mailbox: "1001",
        audioParts: [1])
    ),
    (
      RecognitionCase(
        "Exchange, class written by an unauthenticated hop",
        message(
          [
            ("Content-Class", "unauthenticated,Voice-CA"),
            ("X-CallingTelephoneNumber", "+4930123456"),
            ("X-VoiceMessageSenderName", "Anna Meyer"),
          ], [part("text/html"), part("audio/gsm", "Anna (17 seconds).wav")])),
      VoicemailFacts(
        rule: "exchange",
        reason: "header Content-Class; 1 recording: Anna (17 seconds).wav",
        caller: Caller(number: "+4930123456", e164: "+4930123456", name: "Anna Meyer"),
        audioParts: [1])
    ),
    (
      RecognitionCase(
        "only the part tells",
        message(
          [("Subject", "Nachricht"), ("Message-ID", "<1@x>")],
          [text, part("audio/x-wav", "a.wav", description: "Voicemail sound attachment.")])),
      VoicemailFacts(
        rule: "asterisk", reason: "part description; 1 recording: a.wav",
        audioParts: [1])
    ),
  ]

  @Test(arguments: voicemail)
  func `voicemail is recognised with the facts of the call`(
    _ sample: RecognitionCase, _ expected: VoicemailFacts
  ) {
    let verdict = recognition.verdict(sample.message, sample.envelope, sample.client)
    #expect(verdict == .voicemail(expected))
    var headersOnly = sample.message
    headersOnly.parts = []
    #expect(
      recognition.verdictAtEndOfHeaders(headersOnly, sample.envelope, sample.client) == nil,
      "a candidate's body must be collected")
  }

  static func asteriskWith(_ name: String, _ value: String) -> MessageFacts {
    message(asteriskHeaders + [(name, value)], [text, asteriskRecording])
  }

  /// Reason, and whether the header section is enough to tell.
  static let ordinary: [(RecognitionCase, String, Bool)] = [
    (
      RecognitionCase(
        "phishing from the Internet", asteriskMessage, client: ClientFacts(address: "203.0.113.9")),
      "client 203.0.113.9 is not a trusted source", true
    ),
    (
      RecognitionCase(
        "S/MIME signed",
        message(asteriskHeaders, type: "multipart/signed", [text, asteriskRecording])),
      "signed (multipart/signed); a change would break the signature", true
    ),
    (
      RecognitionCase("S/MIME encrypted", message(asteriskHeaders, type: "application/pkcs7-mime")),
      "signed or encrypted (S/MIME)", true
    ),
    (
      RecognitionCase(
        "signed within a footer",
        message(asteriskHeaders, [asteriskRecording, part("application/pkcs7-signature")])),
      "signed or encrypted (application/pkcs7-signature part)", false
    ),
    (
      RecognitionCase(
        "DKIM", asteriskWith("DKIM-Signature", "v=1; a=rsa-sha256; d=example.com; s=a; b=x")),
      "signed by example.com; a change would break the signature", true
    ),
    (
      RecognitionCase("private", asteriskWith("Sensitivity", "Private")),
      "marked as private", true
    ),
    (
      RecognitionCase("confidential", asteriskWith("sensitivity", "Company-Confidential")),
      "marked as company-confidential", true
    ),
    (
      RecognitionCase("automatic reply", asteriskWith("Auto-Submitted", "auto-replied; x=y")),
      "an automatic reply (Auto-Submitted: auto-replied)", true
    ),
    (
      RecognitionCase("list", asteriskWith("List-Id", "<voice.example.com>")),
      "mail of a mailing list (List-Id)", true
    ),
    (
      RecognitionCase("mass mail", asteriskWith("Precedence", "Bulk")),
      "mass mail (Precedence: bulk)", true
    ),
    (
      RecognitionCase(
        "delivery report",
        message(
          asteriskHeaders, type: "multipart/report",
          [text, part("audio/x-wav", "msg0002.WAV", nested: true)]),
        envelope: Envelope(sender: "", recipients: [])),
      "a delivery report (multipart/report)", true
    ),
    (
      RecognitionCase("missed call", asteriskWith("Content-Class", "MissedCall")),
      "a missed call, not a voicemail", true
    ),
    (
      RecognitionCase("fax", asteriskWith("Content-Class", "fax-ca")),
      "a fax, not a voicemail", true
    ),
    (
      RecognitionCase(
        "Outlook recall",
        message(
          [
            ("Subject", "Recall: voicemail"), ("X-CallingTelephoneNumber", "IPM.Note"),
            ("X-VoiceMessageDuration", "17"), ("Content-Class", "voice"),
          ], [text, part("audio/wav", "a.wav")])),
      "an Outlook message recall, not a voicemail", true
    ),
    (
      RecognitionCase(
        "greeting",
        message(
          [
            ("Message-ID", "<Asterisk-0-1804289383-1001-4242@pbx>"),
            ("Subject", "New greeting 'unavail' on Thu, 06 Aug 2026"),
          ], [text, asteriskRecording])),
      "a mailbox greeting of Asterisk, not a voicemail", true
    ),
    (
      RecognitionCase("greeting, IMAP", asteriskWith("X-Asterisk-VM-Message-Type", "busy")),
      "a mailbox greeting of Asterisk, not a voicemail", true
    ),
    (
      RecognitionCase("transcribed before", asteriskWith("X-Voicemail-Transcript", "ok")),
      "has a transcript already (X-Voicemail-Transcript)", true
    ),
    (
      RecognitionCase("pager", message(asteriskHeaders, type: "text/plain", [text])),
      "text/plain holds no recording", true
    ),
    (
      RecognitionCase("attach=no in a multipart", message(asteriskHeaders, [text])),
      "header Message-ID, but no recording attached", false
    ),
    (
      RecognitionCase(
        "voicemail that is a web page",
        message(
          asteriskHeaders, [text, part("text/html", "voicemail.wav"), part("audio/wav", "vm.htm")])),
      "header Message-ID, but no recording attached", false
    ),
    (
      RecognitionCase(
        "recording in an attached message",
        message(asteriskHeaders, [text, part("audio/x-wav", "a.wav", nested: true)])),
      "header Message-ID, but no recording attached", false
    ),
    (
      RecognitionCase(
        "forwarded by a person",
        message(
          [("Subject", "Fwd: New message 3 in mailbox 1001"), ("Message-ID", "<1@phone>")],
          [text, asteriskRecording])),
      "part description, but a person replied or forwarded it (subject begins with \"fwd:\")",
      false
    ),
    (
      RecognitionCase(
        "answered by a person",
        message([("In-Reply-To", "<Asterisk-1@x>")], [text, asteriskRecording])),
      "part description, but a person replied or forwarded it (In-Reply-To)", false
    ),
    (
      RecognitionCase(
        "a song from a colleague",
        message(
          [("Subject", "voicemail"), ("From", "Bob <bob@example.com>")],
          [text, part("audio/mpeg", "song.mp3")])),
      "1 recording: song.mp3, but no sign that a PBX sent it", false
    ),
    (
      RecognitionCase("a letter", message([("Subject", "Hello")], [text, part("text/html")])),
      "no sign of voicemail and no recording", false
    ),
  ]

  @Test(arguments: ordinary)
  func `ordinary mail and traps pass, as early as can be, with the reason`(
    _ sample: RecognitionCase, _ reason: String, _ headersTell: Bool
  ) {
    let pass = Verdict.pass(reason: reason)
    #expect(recognition.verdict(sample.message, sample.envelope, sample.client) == pass)
    var headersOnly = sample.message
    headersOnly.parts = []
    let early = recognition.verdictAtEndOfHeaders(headersOnly, sample.envelope, sample.client)
    #expect(early == (headersTell ? pass : nil))
  }

  @Test func `a stranger is sent on at connect and a trusted client is not`() {
    let stranger = recognition.verdictAtConnect(ClientFacts(address: "203.0.113.9\r\nX: y"))
    #expect(stranger == .pass(reason: "client 203.0.113.9 X: y is not a trusted source"))
    #expect(recognition.verdictAtConnect(localClient) == nil)
    #expect(recognition.verdictAtConnect(ClientFacts()) == nil)
  }

  @Test func `where logins count, a stranger is sent on at MAIL and a user is not`() throws {
    let recognition = Recognition(
      sources: try TrustedSources(entries: ["192.0.2.7", "authenticated"]), rules: BuiltInRules.all,
      loopGuard: loopGuard)
    var client = ClientFacts(address: "203.0.113.9")
    let pass = Verdict.pass(reason: "client 203.0.113.9 is not a trusted source")
    #expect(recognition.verdictAtConnect(client) == nil)
    #expect(recognition.verdictAtMail(client) == pass)
    #expect(recognition.verdict(asteriskMessage, pbxEnvelope, client) == pass)
    client.isAuthenticated = true
    #expect(recognition.verdictAtMail(client) == nil)
    guard case .voicemail = recognition.verdict(asteriskMessage, pbxEnvelope, client) else {
      Issue.record("a logged-in user's voicemail passed")
      return
    }
    // Without the entry a login changes nothing.
    let strict = Recognition(
      sources: try TrustedSources(entries: ["192.0.2.7"]), rules: BuiltInRules.all,
      loopGuard: loopGuard)
    #expect(strict.verdictAtConnect(client) == pass)
    #expect(strict.verdict(asteriskMessage, pbxEnvelope, client) == pass)
  }

  @Test func `our own valid marker passes and a forged one is no reason to pass`() {
    var marked = asteriskMessage
    marked.headers.insert(
      loopGuard.marker(id: "7f3a", unixSeconds: 1, message: asteriskMessage), at: 0)
    guard case .pass(let reason) = recognition.verdict(marked, pbxEnvelope, localClient) else {
      Issue.record("a handled message was taken over again")
      return
    }
    #expect(reason.contains("job 7f3a"))

    var forged = asteriskMessage
    forged.headers.insert(HeaderField("X-Voicemail-Milter", "v=1; id=a; t=1; h=00"), at: 0)
    guard case .voicemail = recognition.verdict(forged, pbxEnvelope, localClient) else {
      Issue.record("a forged marker kept a voicemail from its transcript")
      return
    }
  }

  @Test func `two trace lines of our own pass, one does not`() {
    let line = ("Received", "from a by b (voicemail-milter) with ESMTP id 1; date")
    for (count, passes) in [(1, false), (2, true)] {
      let lines = Array(repeating: line, count: count)
      let sample = message(lines + asteriskHeaders, [text, asteriskRecording])
      let verdict = recognition.verdictAtEndOfHeaders(sample, pbxEnvelope, localClient)
      #expect((verdict != nil) == passes)
    }
    let hops = Array(repeating: ("Received", "from a by b; date"), count: 26)
    let far = message(hops + asteriskHeaders, [text, asteriskRecording])
    #expect(recognition.verdictAtEndOfHeaders(far, pbxEnvelope, localClient) != nil)
  }
}
