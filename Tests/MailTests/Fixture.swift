import Testing

/// Messages as PBXs write them, each named by what is special in it.
struct Fixture: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let bytes: [UInt8]

  init(_ name: String, _ text: String) {
    testDescription = name
    bytes = Array(text.utf8)
  }

  init(_ name: String, bytes: [UInt8]) {
    testDescription = name
    self.bytes = bytes
  }

  /// The same with CRLF line ends.
  var withCRLF: Fixture {
    Fixture("\(testDescription), CRLF", bytes: Fixture.crlf(bytes))
  }

  static func crlf(_ bytes: [UInt8]) -> [UInt8] {
    bytes.flatMap { $0 == 10 ? [13, 10] : [$0] }
  }

  /// Base64 of a WAV header and some silence, and its decoded size.
  static let wav = """
    UklGRjQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YRAAAACAgICAgICAgICAgICA
    gICAgICAgA==
    """
  static let wavSize = 64

  static let asterisk = Fixture(
    "Asterisk with a lone dot behind the end",
    """
    Date: Thu, 06 Aug 2026 15:45:49 +0200
    From: Asterisk PBX <asterisk@pbx.example>
    To: "Full Name" <user@example.org>
    Subject: [PBX]: New message 3 in mailbox 1001
    Message-ID: <Asterisk-3-1804289383-1001-4242@pbx>
    X-Asterisk-CallerID: 07700900123
    X-Asterisk-CallerIDName: JOHN SMITH
    MIME-Version: 1.0
    Content-Type: multipart/mixed; boundary="----voicemail_31804289383424284"


    This is a multi-part message in MIME format.

    ------voicemail_31804289383424284
    Content-Type: text/plain; charset=ISO-8859-1
    Content-Transfer-Encoding: 8bit

    Dear Full Name:

    \tJust wanted to let you know you were just left a 0:17 long message (number 3)
    in mailbox 1001 from JOHN SMITH, on Thursday, August 06, 2026 at 03:45:49 PM so you might
    want to check it when you get a chance.  Thanks!

    \t\t\t\t--Asterisk

    ------voicemail_31804289383424284
    Content-Type: audio/x-wav; name="msg0002.wav"
    Content-Transfer-Encoding: base64
    Content-Description: Voicemail sound attachment.
    Content-Disposition: attachment; filename="msg0002.wav"

    \(wav)
    ------voicemail_31804289383424284--
    .

    """)

  static let freeSWITCH = Fixture(
    "FreeSWITCH, UTF-8 labelled Latin-1",
    """
    MIME-Version: 1.0
    Content-Type: multipart/mixed; boundary="XXXX_boundary_XXXX"
    From: "Jürgen" <1000@pbx.example>
    To: <1001@pbx.example>
    Subject: Voicemail from "Jürgen" <1000> 00:00:17
    X-Priority: 3
    X-Mailer: FreeSWITCH
    X-Voicemail-Length: 17

    --XXXX_boundary_XXXX
    Content-Type: multipart/alternative; boundary="000XXX000"

    --000XXX000
    Content-Type: text/plain; charset=ISO-8859-1; Format=Flowed
    Content-Disposition: inline
    Content-Transfer-Encoding: 7bit

    Created: Thursday
    From: "Jürgen" <1000>
    --000XXX000
    Content-Type: text/html; charset=ISO-8859-1
    Content-Disposition: inline
    Content-Transfer-Encoding: 7bit

    <html>
    <head><title>Voicemail</title></head>
    <BODY bgcolor="#fff" title="a > b">
    <font face="arial">Jürgen</font>
    </body>
    </html>
    --000XXX000--

    --XXXX_boundary_XXXX
    Content-Type: audio/x-wav; name="msg_f81d4fae.wav"
    Content-ID: <ATTACHED@freeswitch.org>
    Content-Transfer-Encoding: base64
    Content-Description: Sound attachment.
    Content-Disposition: attachment; filename="msg_f81d4fae.wav"

    \(wav)

    --XXXX_boundary_XXXX--
    .

    """)

  static let htmlOnly = Fixture(
    "HTML only, parameters of the part kept",
    """
    MIME-Version: 1.0
    Subject: Voicemail
    Content-Type: multipart/mixed; boundary=b1

    preamble
    --b1
    Content-ID: <text@pbx.example>
    Content-Type: text/html; charset=utf-8
    Content-Transfer-Encoding: quoted-printable
    Content-Language: de

    <p>Voicemail von =E2=80=9EM=C3=BCller=E2=80=9C</p>
    --b1
    Content-Type: audio/mpeg
    Content-Transfer-Encoding: base64

    \(wav)
    --b1--
    epilogue

    """)

  static let audioRoot = Fixture(
    "the root is the recording",
    """
    From: pbx@example.org
    Content-Type: audio/x-wav;
    \tname="msg.wav"
    Subject: Voicemail
    Content-Class: voice
    Content-Disposition: attachment; filename="msg.wav"
    MIME-Version: 1.0
    Content-Transfer-Encoding: base64
    X-Last: 1

    \(wav)

    """)

  static let voiceMessage = Fixture(
    "VPIM without text",
    """
    MIME-Version: 1.0 (Voice 2.0)
    From: VOICE=+16505551237@vpim.example
    Content-Type: Multipart/Voice-Message; Version=2.0; Boundary="MessageBoundary"
    Message-Context: voice-message
    Content-Duration: 31

    --MessageBoundary
    Content-Type: Audio/32KADPCM
    Content-Disposition: inline; voice=Originator-Spoken-Name
    Content-Transfer-Encoding: base64

    AAAA
    --MessageBoundary
    Content-Type: Audio/32KADPCM
    Content-Disposition: inline; voice=Voice-Message;filename=vm.726
    Content-Transfer-Encoding: base64

    \(wav)
    --MessageBoundary--

    """)

  static let plainRoot = Fixture(
    "plain text root",
    "Subject: New VM\nFrom: a@example.org\n\nNew 0:17 long msg in box 1001\nfrom JOHN\n")

  static let latin1 = Fixture(
    "Latin-1 text",
    bytes: Array(
      asterisk.bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        .map {
          $0.elementsEqual("Dear Full Name:".utf8) ? [0x4D, 0xFC, 0x6C, 0x6C, 0x80] : Array($0)
        }
        .joined(separator: [0x0A])))

  static let doubleContentType = Fixture(
    "two Content-Types on one part",
    """
    Subject: New Amazon Connect Voicemail
    MIME-Version: 1.0
    Content-Type: multipart/mixed; boundary="===============12=="

    --===============12==
    Content-Type: text/html; charset="utf-8"
    MIME-Version: 1.0
    Content-Transfer-Encoding: 7bit

    <!DOCTYPE html><p>Voicemail
    --===============12==
    Content-Type: application/octet-stream
    MIME-Version: 1.0
    Content-Transfer-Encoding: base64
    Content-Type: audio/wav; name=voicemail.wav
    Content-Disposition: attachment; filename=my voicemail.wav

    \(wav)
    --===============12==--

    """)

  static let prefixBoundaries = Fixture(
    "one boundary is the beginning of the other",
    """
    Content-Type: multipart/mixed; boundary=XX

    --XX
    Content-Type: multipart/alternative; boundary="XX-inner"

    --XX-inner
    Content-Type: text/plain

    --XXX is no boundary
    --XX-inner
    Content-Type: text/html

    <b>x</b>
    --XX-inner--
    --XX

    no headers here, and not the body
    --XX
    Content-Type: audio/wav
    Content-Transfer-Encoding: base64

    \(wav)
    --XX--

    """)

  static let related = Fixture(
    "sipXecs: plain and HTML in multipart/related",
    """
    Subject: 0:02 Voice Message from 5010
    Content-Type: multipart/mixed; boundary="----=_Part_1"

    ------=_Part_1
    Content-Type: multipart/related; boundary="----=_Part_2"

    ------=_Part_2
    Content-Type: text/plain; charset=us-ascii

    Msg from 5010 duration 0:02 at 4/11/17
    ------=_Part_2
    Content-Type: text/html

    <html><body>Msg</body></html>
    ------=_Part_2--

    ------=_Part_1
    Content-Type: audio/x-wav; name=email-temp_recording_5.wav
    Content-Transfer-Encoding: base64

    \(wav)
    ------=_Part_1--

    """)

  static let noFields = Fixture(
    "a text part without header fields",
    "Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\n\nthe text\n--b\n"
      + "Content-Type: audio/wav\n\nRIFF\n--b--\n")

  static let unclosed = Fixture(
    "no closing boundary",
    "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nthe text\n--b\n"
      + "Content-Type: audio/wav\nContent-Transfer-Encoding: base64\n\nUklG\nRg==")

  static let brokenBase64 = Fixture(
    "broken base64",
    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nthe text\n--b\n"
      + "Content-Type: audio/wav\nContent-Transfer-Encoding: base64\n\nUk*lGR\n=\n!!UklG=RQ\n--b--\n"
  )

  static let nuls = Fixture(
    "NUL in text and audio",
    "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nthe\0text\n--b\n"
      + "Content-Type: audio/wav\n\nRIFF\0\0\0WAVE\n--b--\n")

  static let nestedMessage = Fixture(
    "a voicemail attached to a mail",
    "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: message/rfc822\n\n"
      + "Subject: inner\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\ninner text\n--i\n"
      + "Content-Type: audio/wav\n\nRIFF\n--i--\n--o--\n")

  static let enhanceable = [
    asterisk, freeSWITCH, htmlOnly, audioRoot, voiceMessage, plainRoot, latin1, doubleContentType,
    prefixBoundaries, related, noFields, unclosed, brokenBase64, nuls, nestedMessage,
  ]
  static let all = enhanceable + enhanceable.map(\.withCRLF)
}
