import Voicemail

extension PBXMail {
  /// Asterisk's app_voicemail: its fields, their order, its two empty lines, its dot behind the end.
  static func asterisk(
    _ fields: String, body: String? = nil, codec: String = "wav49",
    type: String = "audio/x-WAV; name=\"msg0002.WAV\"", file: String = "msg0002.WAV",
    more: String = ""
  ) -> String {
    """
    Date: Thu, 06 Aug 2026 15:45:49 +0200
    From: Asterisk PBX <asterisk@pbx.example.com>
    To: "Ann Example" <ann@example.com>
    \(fields)
    MIME-Version: 1.0
    Content-Type: multipart/mixed; boundary="----voicemail_310014242804289383"


    This is a multi-part message in MIME format.

    ------voicemail_310014242804289383
    Content-Type: text/plain; charset=ISO-8859-1
    Content-Transfer-Encoding: 8bit

    \(body ?? Self.asteriskText)

    ------voicemail_310014242804289383
    Content-Type: \(type)
    Content-Transfer-Encoding: base64
    Content-Description: Voicemail sound attachment.
    Content-Disposition: attachment; filename="\(file)"

    @@\(codec)@@
    \(more)
    ------voicemail_310014242804289383--
    .

    """
  }

  static let asteriskText = """
    Dear Ann Example:

    \tJust wanted to let you know you were just left a 0:05 long message (number 3)
    in mailbox 1001 from JOHN SMITH, on Thursday, August 06, 2026 at 03:45:49 PM so you might
    want to check it when you get a chance.  Thanks!

    \t\t\t\t--Asterisk
    """
  static let asteriskFields = """
    Subject: [PBX]: New message 3 in mailbox 1001
    Message-ID: <Asterisk-3-1804289383-1001-4242@pbx.example.com>
    X-Asterisk-CallerID: 07700900123
    X-Asterisk-CallerIDName: JOHN SMITH
    """
  static let asteriskFacts = Facts(
    "asterisk", "07700900123", e164: "+447700900123", "JOHN SMITH", mailbox: "1001", seconds: 5)

  static let asteriskFamily: [PBXMail] = [
    PBXMail(
      "1 Asterisk: WAV49, default text", asterisk(asteriskFields), .voicemail(asteriskFacts)),
    PBXMail(
      "1b Asterisk: an administrator's own text, in French",
      asterisk(asteriskFields, body: "Vous avez un message de 5 secondes,\nle jeudi 6 à 15:45."),
      .voicemail(asteriskFacts)),
    PBXMail(
      "1c Asterisk: and in German",
      asterisk(asteriskFields, body: "Anrufer: JOHN SMITH\nDauer: 0:05\nZeit: 15:45"),
      .voicemail(asteriskFacts)),
    PBXMail(
      "2 Asterisk: urgent, without the prefix",
      asterisk(
        asteriskFields.replacing("[PBX]: New message", with: "New Urgent message"), codec: "pcm",
        type: "audio/x-wav; name=\"msg0002.wav\"", file: "msg0002.wav"),
      .voicemail(
        Facts(
          "asterisk", "07700900123", e164: "+447700900123", "JOHN SMITH", mailbox: "1001",
          seconds: 5, isUrgent: true))),
    PBXMail(
      "3 Asterisk: forwarded, with an introduction",
      asterisk(
        asteriskFields,
        body: "\tyou were just forwarded a 0:05 long message (number 3)\nin mailbox 1001 from JOHN",
        more: """
          ------voicemail_310014242804289383
          Content-Type: audio/x-gsm; name="msgintro0002.gsm"
          Content-Transfer-Encoding: base64
          Content-Description: Voicemail sound attachment.
          Content-Disposition: attachment; filename="msgintro0002.gsm"

          @@gsm@@
          """),
      .voicemail(
        Facts(
          "asterisk", "07700900123", e164: "+447700900123", "JOHN SMITH", mailbox: "1001",
          seconds: 5, kinds: [.message, .introduction]))),
    PBXMail(
      "4 Asterisk: no caller ID",
      asterisk(
        asteriskFields.split(separator: "\n").prefix(2).joined(separator: "\n")
          + "\nX-Asterisk-CallerIDName: an unknown caller"),
      .voicemail(Facts("asterisk", nil, mailbox: "1001", seconds: 5))),
    PBXMail(
      "5 Asterisk: name in raw UTF-8, encoded subject",
      asterisk(
        asteriskFields.replacing("JOHN SMITH", with: "Jürgen Groß 王").replacing(
          "[PBX]: New message 3 in mailbox 1001",
          with: "=?UTF-8?Q?Neue_Nachricht_f=C3=BCr_J=C3=BCrgen?=")),
      .voicemail(
        Facts(
          "asterisk", "07700900123", e164: "+447700900123", "Jürgen Groß 王", mailbox: "1001",
          seconds: 5))),
    PBXMail(
      "5b Asterisk: name in raw ISO 8859-1",
      asterisk(asteriskFields.replacing("JOHN SMITH", with: "J\u{FC}rgen Gro\u{DF}")),
      .voicemail(
        Facts(
          "asterisk", "07700900123", e164: "+447700900123", "Jürgen Groß", mailbox: "1001",
          seconds: 5)), isLatin1: true),
    PBXMail(
      "5c Asterisk: UTF-8 in an encoded word that says ISO 8859-1",
      asterisk(
        asteriskFields.replacing("JOHN SMITH", with: "=?ISO-8859-1?Q?J=C3=BCrgen?=")),
      .voicemail(
        Facts(
          "asterisk", "07700900123", e164: "+447700900123", "Jürgen", mailbox: "1001", seconds: 5))),
    PBXMail(
      "6 Asterisk: attach=no",
      "From: asterisk@pbx.example.com\n\(asteriskFields)\nMIME-Version: 1.0\n"
        + "Content-Type: text/plain; charset=ISO-8859-1\n\n\(asteriskText)\n",
      .passes("text/plain holds no recording")),
    PBXMail(
      "7 Asterisk: to a pager",
      "From: asterisk@pbx.example.com\nSubject: New VM\n"
        + "Message-ID: <Asterisk-3-1804289383-1001-4242@pbx.example.com>\n\n"
        + "New 0:05 long msg in box 1001\nfrom JOHN SMITH\n",
      .passes("text/plain holds no recording")),
    PBXMail(
      "8 Asterisk: a greeting",
      asterisk(
        asteriskFields.replacing(
          "[PBX]: New message 3 in mailbox 1001",
          with: "New greeting 'unavail' on Thu, 06 Aug 2026"),
        body: "Please do not delete this message, lest your greeting vanish with it."),
      .passes("a mailbox greeting of Asterisk")),
    PBXMail(
      "9 Asterisk: IMAP storage",
      asterisk(
        """
        Subject: [PBX]: New message 3 in mailbox 1001
        Message-ID: <Asterisk-3-1804289383-1001-4242@pbx.example.com>
        X-Asterisk-VM-Message-Num: 3
        X-Asterisk-VM-Server-Name: pbx
        X-Asterisk-VM-Context: default
        X-Asterisk-VM-Extension: 1001
        X-Asterisk-VM-Flag: Urgent
        X-Asterisk-VM-Priority: 1
        X-Asterisk-VM-Caller-ID-Num: 07700900123
        X-Asterisk-VM-Caller-ID-Name: JOHN SMITH
        X-Asterisk-VM-Duration: 5
        X-Asterisk-VM-Category:
        X-Asterisk-VM-Message-Type: Message
        X-Asterisk-VM-Orig-date: Thu Aug  6 03:45:49 PM UTC 2026
        X-Asterisk-VM-Orig-time: 1786031149
        """),
      .voicemail(
        Facts(
          "asterisk", "07700900123", e164: "+447700900123", "JOHN SMITH", mailbox: "1001",
          seconds: 5, time: "Thu Aug 6 03:45:49 PM UTC 2026", isUrgent: true))),
    PBXMail(
      "10 Asterisk minivm: Ogg",
      asterisk(
        """
        Subject: New message in mailbox ann@example.com
        Message-ID: <Asterisk-1804289383-ann-4242-pbx.example.com>
        X-Asterisk-CallerID: 2002
        """, codec: "vorbis", type: "application/ogg; name=\"voicemailmsg.ogg\"",
        file: "voicemail7.ogg"),
      .voicemail(Facts("asterisk", "2002", mailbox: "ann", seconds: 5))),
    PBXMail(
      "30 FreePBX: lines end with LF alone", asterisk(asteriskFields),
      .voicemail(asteriskFacts), hasLF: true),
    PBXMail(
      "45 Asterisk: several recipients",
      asterisk(asteriskFields).replacing(
        "To: \"Ann Example\" <ann@example.com>",
        with: "To: \"Ann Example\" <ann@example.com>,\n \"Ann Example\" <bob@example.net>"),
      .voicemail(asteriskFacts), recipients: ["ann@example.com", "bob@example.net"]),
  ]
}
