import Voicemail

extension PBXMail {
  static let otherSystems: [PBXMail] = [
    PBXMail(
      "11 FreeSWITCH: its template, ISO 8859-1 that is UTF-8",
      """
      MIME-Version: 1.0
      Content-Type: multipart/mixed; boundary="XXXX_boundary_XXXX"
      From: "Jürgen Groß" <07700900123@pbx.example.com>
      To: <1001@example.com>
      Subject: Voicemail from "Jürgen Groß" <07700900123> 00:00:05
      X-Priority: 1
      X-Mailer: FreeSWITCH
      X-Voicemail-Length: 5

      --XXXX_boundary_XXXX
      Content-Type: multipart/alternative; boundary="000XXX000"

      --000XXX000
      Content-Type: text/plain; charset=ISO-8859-1; Format=Flowed
      Content-Disposition: inline
      Content-Transfer-Encoding: 7bit

      Created: Thursday, August 06 2026, 03 45 PM
      From: "Jürgen Groß" <07700900123>
      Duration: 00:00:05
      Account: 1001@pbx.example.com

      --000XXX000
      Content-Type: text/html; charset=ISO-8859-1
      Content-Transfer-Encoding: 7bit

      <html><body>Voicemail from "Jürgen Groß" <a href="tel:07700900123">07700900123</a></body></html>
      --000XXX000--

      --XXXX_boundary_XXXX
      Content-Type: audio/x-wav; name="msg_0f8fad5b-d9cb-469f-a165-70867728950e.wav"
      Content-ID: <ATTACHED@freeswitch.org>
      Content-Transfer-Encoding: base64
      Content-Description: Sound attachment.
      Content-Disposition: attachment; filename="msg_0f8fad5b-d9cb-469f-a165-70867728950e.wav"

      @@pcm@@

      --XXXX_boundary_XXXX--
      .

      """,
      .voicemail(
        Facts(
          "freeswitch", "07700900123", e164: "+447700900123", "Jürgen Groß", mailbox: "1001",
          seconds: 5, time: "Thursday, August 06 2026, 03 45 PM", isUrgent: true)),
      sender: "1001@pbx.example.com"),
    PBXMail(
      "12 FreeSWITCH: without template",
      """
      MIME-Version: 1.0
      Content-Type: multipart/mixed; boundary="XXXX_boundary_XXXX"
      From: FreeSWITCH mod_voicemail <1001@pbx.example.com>
      To: <1001@example.com>
      Subject: Voicemail from Anna 2002
      X-Voicemail-Length: 5

      --XXXX_boundary_XXXX
      Content-Type: text/plain

      5 second Voicemail from Anna 2002
      --XXXX_boundary_XXXX
      Content-Type: audio/inline; name="msg_1.wav"
      Content-Transfer-Encoding: base64
      Content-Description: Sound attachment.
      Content-Disposition: attachment; filename="msg_1.wav"

      @@ulawWAV@@

      --XXXX_boundary_XXXX--
      """,
      .voicemail(Facts("freeswitch", "2002", "Anna", mailbox: "1001", seconds: 5)),
      sender: "1001@pbx.example.com"),
    PBXMail(
      "13 FusionPBX: HTML and MP3, an encoded word that is far too long",
      """
      From: PBX <pbx@example.com>
      Subject: =?utf-8?B?Vm9pY2VtYWlsIGZyb20gSsO8cmdlbiBHcm/DnyBhdXMgZGVyIEdyb8OfZW4gU3RyYcOfZSBpbiBMw7xuZWJ1cmcgPDA3NzAwOTAwMTIzPiAwMDowNQ==?=
      MIME-Version: 1.0
      Content-Type: multipart/mixed; boundary="b1_0"

      --b1_0
      Content-Type: multipart/alternative; boundary="b2_0"

      --b2_0
      Content-Type: text/plain; charset=utf-8

      Voicemail from Jürgen
      To 1001
      --b2_0
      Content-Type: text/html; charset=utf-8

      <html><style>td { duration: 3:00 }</style><body>Voicemail from <a href="tel:07700900123">07700900123</a>
      <br />To 1001<br />Length 00:05</body></html>
      --b2_0--

      --b1_0
      Content-Type: audio/mpeg; name="msg_0f8fad5b-d9cb-469f-a165-70867728950e.mp3"
      Content-Transfer-Encoding: base64
      Content-Disposition: attachment; filename=msg_0f8fad5b-d9cb-469f-a165-70867728950e.mp3

      @@mp3@@

      --b1_0--
      """,
      .voicemail(
        Facts(
          "fusionpbx", "07700900123", e164: "+447700900123",
          "Jürgen Groß aus der Großen Straße in Lüneburg", mailbox: "1001", seconds: 5))),
    PBXMail(
      "14 FusionPBX: a link only",
      """
      From: PBX <pbx@example.com>
      Subject: Voicemail from Anna <07700900123> 00:05
      MIME-Version: 1.0
      Content-Type: multipart/alternative; boundary="b2_0"

      --b2_0
      Content-Type: text/html; charset=utf-8

      <a href="https://pbx.example.com/listen">Listen</a>
      --b2_0--
      """, .passes("no sign of voicemail and no recording")),
    PBXMail(
      "15 sipXecs: related in mixed, a name without quotes",
      """
      From: Voicemail Notification Service <postmaster@localhost>
      Subject: 0:05 Voice Message from 5010 (Anna Meyer)
      MIME-Version: 1.0
      Content-Type: multipart/mixed; boundary="----=_Part_1"

      ------=_Part_1
      Content-Type: multipart/related; boundary="----=_Part_2"

      ------=_Part_2
      Content-Type: text/plain; charset=us-ascii

      Msg from 5010 duration 0:05 at 8/6/26
      ------=_Part_2
      Content-Type: text/html

      <html><body>Msg</body></html>
      ------=_Part_2--

      ------=_Part_1
      Content-Type: audio/x-wav; name=email-temp_recording_5.wav
      Content-Transfer-Encoding: base64
      Content-Disposition: attachment; filename=email-temp_recording_5.wav

      @@pcm@@
      ------=_Part_1--
      """, .voicemail(Facts("sipxecs", "5010", "Anna Meyer", seconds: 5))),
    PBXMail(
      "16 Kazoo: with its own transcript",
      """
      From: Kazoo <no-reply@example.com>
      Subject: New voicemail from Anna (+14155550100)
      MIME-Version: 1.0
      Content-Type: multipart/mixed; boundary="b"

      --b
      Content-Type: text/plain; charset=utf-8

      Caller: Anna (+14155550100)
      Callee: 1001
      Recieved: 2026-08-06
      Length: 5

      === Transcription ===

      Please call me back.
      --b
      Content-Type: audio/mpeg
      Content-Disposition: attachment; filename="voicemail.mp3"
      Content-Transfer-Encoding: base64

      @@mp3@@
      --b--
      """, .passes("it has a transcript already (below \"Transcription\")")),
    PBXMail(
      "17 Mitel MiVoice: Audio/BASIC that is WAV, odd case, two-digit year",
      """
      Date: Tue, 30 Aug 11 07:49:27
      From: "Anna Meyer at ext.2000" <voicemail@do-not-reply>
      To: 2500
      Subject: Voicemail from Anna Meyer
      Message-ID: <MITEL-VM-2500.V8.001.2000@mitel>
      Mime-Version: 1.0
      Content-Type: Multipart/mixed; Version=2.0; Boundary="MessageBoundary"

      --MessageBoundary
      Content-Type: Text/Plain

      From: Anna Meyer at ext.2000
      Date: 8/30/2011 7:49
      Length: 0:05
      --MessageBoundary
      Content-Type: Audio/BASIC
      Content-Transfer-Encoding: Base64
      Content-Disposition: inline; voice=Voice-Message;filename=vmail1314690567.wav

      @@ulawWAV@@
      --MessageBoundary--
      """, .voicemail(Facts("mitel", "2000", "Anna Meyer", mailbox: "2500", seconds: 5))),
    PBXMail(
      "18 Mitel NuPoint: MP3, urgent",
      """
      From: NuPoint <nupoint@example.com>
      Subject: Voice Message from Anna Meyer MB:1001
      Importance: High
      MIME-Version: 1.0
      Content-Type: multipart/mixed; boundary=b

      --b
      Content-Type: text/plain

      You have a voice message.
      --b
      Content-Type: audio/mpeg; name=message.mp3
      Content-Transfer-Encoding: base64

      @@mp3@@
      --b--
      """,
      .voicemail(Facts("mitel-nupoint", nil, "Anna Meyer", mailbox: "1001", isUrgent: true))),
    PBXMail(
      "19 VPIM: 32KADPCM, with the spoken name of the originator",
      """
      From: VOICE=+16505551237@vms.example.com
      To: +16505550000@vms.example.com
      Subject: VPIM Message
      MIME-Version: 1.0 (Voice 2.0)
      Content-Type: Multipart/Voice-Message; Version=2.0; Boundary="MessageBoundary"
      Message-Context: voice-message
      Content-Duration: 5

      --MessageBoundary
      Content-Type: Audio/32KADPCM
      Content-Disposition: inline; voice=Originator-Spoken-Name
      Content-Transfer-Encoding: base64

      @@g726@@
      --MessageBoundary
      Content-Type: Audio/32KADPCM
      Content-Disposition: inline; voice=Voice-Message; filename=vm.726
      Content-Transfer-Encoding: base64

      @@g726@@
      --MessageBoundary--
      """,
      .voicemail(
        Facts(
          "vpim", "+16505551237", e164: "+16505551237", mailbox: "+16505550000", seconds: 5,
          kinds: [.spokenName, .message]))),
    PBXMail(
      "20 visual voicemail: AMR",
      """
      From: 771004@vi.example.com
      To: 771000@vi.example.com
      Subject: voice mail
      MIME-Version: 1.0 (Voice Version 2.0)
      Content-Type: Multipart/voice-message; boundary="----Boundary-00=_90"
      Content-Duration: 4
      Message-Context: voice-message

      ------Boundary-00=_90
      Content-Type: Text/Plain

      click on attachment

      ------Boundary-00=_90
      Content-Type: audio/amr
      Content-Transfer-Encoding: base64
      Content-Disposition: attachment; filename="vm.amr"
      Content-Duration: 4

      @@amr@@
      ------Boundary-00=_90--
      """, .voicemail(Facts("vpim", "771004", mailbox: "771000", seconds: 4)), sender: ""),
    exchange(
      "21 Exchange: MP3", "audio/mp3; name=\"Anna Meyer (5 seconds).mp3\"", "mp3",
      .voicemail(
        Facts("exchange", "+4930123456", e164: "+4930123456", "Anna Meyer", seconds: 5))),
    exchange(
      "22 Exchange: audio/gsm that is WAV", "audio/gsm; name=\"Anna Meyer (5 seconds).wav\"",
      "wav49",
      .voicemail(
        Facts("exchange", "+4930123456", e164: "+4930123456", "Anna Meyer", seconds: 5))),
    exchange(
      "22b Exchange 2007: WMA", "audio/wma; name=\"Anna Meyer (5 seconds).wma\"", "wma",
      .voicemail(
        Facts("exchange", "+4930123456", e164: "+4930123456", "Anna Meyer", seconds: 5))),
    exchange(
      "23 Exchange: a missed call", "audio/mp3; name=a.mp3", "mp3", .passes("a missed call"),
      className: "missedcall"),
    PBXMail(
      "24 Outlook: a recall with the fields of voicemail",
      """
      From: Bob <bob@example.com>
      Subject: Recall: lecture
      X-CallingTelephoneNumber: IPM.Note
      X-VoiceMessageDuration: 17
      X-FaxNumberOfPages: 0
      MIME-Version: 1.0
      Content-Type: multipart/mixed; boundary=b

      --b
      Content-Type: text/plain

      Bob would like to recall the message, "lecture".
      --b
      Content-Type: audio/wav; name=lecture.wav
      Content-Transfer-Encoding: base64

      @@pcm@@
      --b--
      """, .passes("an Outlook message recall")),
    exchange(
      "25 Teams: with its own transcript", "audio/mp3; name=audio.mp3", "mp3",
      .passes("it has a transcript already"), html: "<h3>Transcript</h3><p>Hi, it's Anna.</p>"),
  ]

  private static func exchange(
    _ description: String, _ type: String, _ codec: String, _ outcome: Outcome,
    className: String = "Voice-CA", html: String = ""
  ) -> PBXMail {
    PBXMail(
      description,
      """
      From: Microsoft Exchange <um@example.com>
      Subject: Voice Mail from Anna Meyer (5 seconds)
      Content-Class: \(className)
      X-CallingTelephoneNumber: +4930123456
      X-VoiceMessageDuration: 5
      X-VoiceMessageSenderName: Anna Meyer
      X-AttachmentOrder: Anna Meyer (5 seconds).mp3
      MIME-Version: 1.0
      Content-Type: multipart/mixed; boundary="_002_"

      --_002_
      Content-Type: text/html; charset="utf-8"

      <html><body><div id="UM-call-info">You received a voice mail from Anna Meyer at
      <a href="tel:+4930123456">+4930123456</a></div>\(html)</body></html>
      --_002_
      Content-Type: \(type)
      Content-Transfer-Encoding: base64
      Content-Disposition: attachment

      @@\(codec)@@
      --_002_--
      """, outcome)
  }
}
