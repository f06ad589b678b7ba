import Voicemail

extension PBXMail {
  /// A text and a recording below fields.
  static func simple(
    _ fields: String, text: String, type: String, codec: String, textType: String = "text/plain"
  ) -> String {
    """
    \(fields)
    MIME-Version: 1.0
    Content-Type: multipart/mixed; boundary="b"

    --b
    Content-Type: \(textType); charset=utf-8

    \(text)
    --b
    Content-Type: \(type)
    Content-Transfer-Encoding: base64

    @@\(codec)@@
    --b--

    """
  }

  static let services: [PBXMail] = [
    PBXMail(
      "26 3CX",
      simple(
        "From: 3CX <pbx@example.com>\nSubject: New Voicemail from 07700900123",
        text:
          "From: 07700900123\nReceived: \"06.08.2026\"\nDuration: \"00:05\"\nTo: \"100\" - \"100 Ann\"",
        type: "audio/wav; name=vmail.wav", codec: "pcm"),
      .voicemail(
        Facts("3cx", "07700900123", e164: "+447700900123", mailbox: "100", seconds: 5))),
    PBXMail(
      "27 RingCentral: MP3",
      simple(
        "From: RingCentral <notify@ringcentral.com>\n"
          + "Subject: New Voice Message from Anna Meyer (415) 555-0100 on 11/21/2026 9:00 AM",
        text: "<html><body><p>You have a new voice message</p></body></html>",
        type: "audio/mpeg; name=Voicemail.mp3", codec: "mp3", textType: "text/html"),
      .voicemail(
        Facts("ringcentral", "(415) 555-0100", "Anna Meyer", time: "11/21/2026 9:00 AM"))),
    PBXMail(
      "28 Google Voice: a link and its own transcript",
      """
      From: Google Voice <voice-noreply@google.com>
      Subject: New voicemail from (917) 555-0185 at 3:18 PM
      DKIM-Signature: v=1; a=rsa-sha256; d=google.com; s=x; h=from; bh=x; b=x
      MIME-Version: 1.0
      Content-Type: multipart/alternative; boundary=b

      --b
      Content-Type: text/plain

      Transcript: Call me back.
      --b--
      """, .passes("signed by google.com")),
    PBXMail(
      "29 Amazon Connect: two Content-Types on one part, a name without quotes",
      """
      From: connect@example.com
      Subject: New Amazon Connect Voicemail
      MIME-Version: 1.0
      Content-Type: multipart/mixed; boundary="===============12=="

      --===============12==
      Content-Type: text/html; charset="utf-8"
      MIME-Version: 1.0
      Content-Transfer-Encoding: 7bit

      <!DOCTYPE html><p>From: +14155550100<br>Queue: Sales</p>
      --===============12==
      Content-Type: application/octet-stream
      MIME-Version: 1.0
      Content-Transfer-Encoding: base64
      Content-Type: audio/wav; name=voicemail.wav
      Content-Disposition: attachment; filename=my voicemail.wav

      @@pcm@@
      --===============12==--

      """, .voicemail(Facts("amazon-connect", "+14155550100", e164: "+14155550100"))),
    PBXMail(
      "FRITZ!Box: A-law, its own boundaries, a list of one address",
      """
      From: "FRITZ!Box" <ann@example.com>
      To: <ann@example.com>,
      Subject: FRITZ!Box Anrufbeantworter: Neue Nachricht von Anna (+4930123456)
      Message-Id: <95760.mmailer517408377@fritz.box>
      Mime-Version: 1.0
      Content-Type: multipart/mixed;
      \tboundary="==AVM_Fritz_Box==multipart/mixed==0=="

      This is a multi-part message in MIME format.

      --==AVM_Fritz_Box==multipart/mixed==0==
      Content-Type: text/plain; charset="iso-8859-1"
      Content-Transfer-Encoding: quoted-printable

      Anruf von: Anna (+4930123456)
      f=FCr die Rufnummer: 654321
      Aufnahmel=E4nge: 00:05

      --==AVM_Fritz_Box==multipart/mixed==0==
      Content-Type: audio/x-wav; name="06.08.26_15.45_Anruf.4930123456.wav"
      Content-Disposition: attachment; filename="06.08.26_15.45_Anruf.4930123456.wav"
      Content-Transfer-Encoding: base64

      @@alawWAV@@
      --==AVM_Fritz_Box==multipart/mixed==0==--
      """,
      .voicemail(
        Facts(
          "fritzbox", "+4930123456", e164: "+4930123456", "Anna", mailbox: "654321", seconds: 5))),
  ]

  /// Recordings that decoders meet; all as Asterisk would send them.
  static let recordings: [PBXMail] = [
    sound("35 nobody speaks", "silence"),
    sound("36 three seconds of line noise", "noise"),
    sound("37 music", "music"),
    sound("38 five minutes", "long", type: "audio/x-WAV; name=\"msg0002.WAV\""),
    sound("39 two languages", "twoLanguages"),
    sound("40 a WAV file that is cut off", "truncated"),
    sound("40b a WAV file whose sizes are 0", "sizeless"),
    sound(
      "41 a WAV file by the name of .mp3", "pcm", type: "audio/mpeg; name=\"msg0002.mp3\"",
      file: "msg0002.mp3"),
    sound("42 octet-stream", "pcm", type: "application/octet-stream; name=\"msg0002.wav\""),
    sound("raw A-law", "alaw", type: "audio/x-alaw; name=\"msg0002.alaw\"", file: "msg0002.alaw"),
    sound("raw u-law", "ulaw", type: "audio/x-ulaw; name=\"msg0002.ulaw\"", file: "msg0002.ulaw"),
    sound("G.722", "g722", type: "audio/x-g722; name=\"msg0002.g722\"", file: "msg0002.g722"),
    sound("Opus", "opus", type: "audio/opus; name=\"msg0002.opus\"", file: "msg0002.opus"),
    sound("AAC", "m4a", type: "audio/mp4; name=\"msg0002.m4a\"", file: "msg0002.m4a"),
  ]

  private static func sound(
    _ description: String, _ codec: String, type: String = "audio/x-wav; name=\"msg0002.wav\"",
    file: String = "msg0002.wav"
  ) -> PBXMail {
    PBXMail(
      description,
      asterisk(asteriskFields, body: "A message", codec: codec, type: type, file: file),
      .voicemail(
        Facts(
          "asterisk", "07700900123", e164: "+447700900123", "JOHN SMITH", mailbox: "1001")))
  }

  static let lookAlikes: [PBXMail] = [
    PBXMail(
      "31 phishing: a web page",
      simple(
        "From: Voicemail <voicemail@example.net>\nSubject: You have (1) new voicemail\n"
          + "X-Asterisk-CallerID: 07700900123",
        text: "Length: 0:17", type: "text/html; name=\"voicemail_07700900123.htm\"", codec: "pcm"),
      .passes("no recording attached")),
    PBXMail(
      "31b phishing: a web page that calls itself audio",
      simple(
        "From: Voicemail <voicemail@example.net>\nSubject: You have (1) new voicemail",
        text: "Length: 0:17", type: "audio/wav; name=\"VM_0770.wav.html\"", codec: "pcm"),
      .passes("no sign of voicemail and no recording")),
    PBXMail(
      "32 phishing: Asterisk's fields, from the Internet", asterisk(asteriskFields),
      .passes("client 203.0.113.9 is not a trusted source"), client: "203.0.113.9"),
    PBXMail(
      "33 signed by S/MIME",
      """
      \(asteriskFields)
      MIME-Version: 1.0
      Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=s

      --s
      Content-Type: audio/x-wav; name=msg0002.wav
      Content-Transfer-Encoding: base64

      @@pcm@@
      --s
      Content-Type: application/pkcs7-signature; name=smime.p7s
      Content-Transfer-Encoding: base64

      MIIB
      --s--
      """, .passes("signed (multipart/signed)")),
    PBXMail(
      "34 private", asterisk("Sensitivity: Private\n" + asteriskFields),
      .passes("marked as private")),
    PBXMail(
      "44 forwarded by a person",
      asterisk(
        "Subject: Fwd: [PBX]: New message 3 in mailbox 1001\nMessage-ID: <1@phone.example.com>"),
      .passes("a person replied or forwarded it")),
    PBXMail(
      "44b attached whole by a person",
      """
      From: Bob <bob@example.com>
      Subject: listen to this
      MIME-Version: 1.0
      Content-Type: multipart/mixed; boundary=o

      --o
      Content-Type: message/rfc822

      \(asterisk(asteriskFields))
      --o--
      """, .passes("no sign of voicemail and no recording")),
  ]
}
