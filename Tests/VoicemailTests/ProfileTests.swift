import Operations
import Testing
import Voicemail

/// A message of one PBX, as it writes it, and what is to be known of the call.
struct Profile: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var rule: String
  var headers: [(String, String)]
  var type = "multipart/mixed"
  var parts: [PartFacts]
  var text: String?
  var sender = "pbx@example.com"
  var caller = Caller()
  var mailbox: String?
  var time: String?
  var seconds: Int?
  var isUrgent = false

  var message: MessageFacts {
    var message = VoicemailTests.message(headers, type: type, parts)
    message.text = text
    return message
  }
}

private let wav = part("audio/x-wav", "msg0002.wav")

@Suite struct `Built-in rules` {
  static let profiles: [Profile] = [
    Profile(
      testDescription: "Asterisk, urgent, without prefix", rule: "asterisk",
      headers: [
        ("Subject", "New Urgent message 3 in mailbox 1001"),
        ("Message-ID", "<Asterisk-3-1804289383-1001-4242@pbx>"),
        ("X-Asterisk-CallerID", "07700900123"), ("X-Asterisk-CallerIDName", "JOHN SMITH"),
      ], parts: [text, wav],
      text: "\n\tJust wanted to let you know you were just left a 0:17 long message (number 3)\n",
      caller: Caller(number: "07700900123", name: "JOHN SMITH"), mailbox: "1001", seconds: 17,
      isUrgent: true),
    Profile(
      testDescription: "FreePBX's default text", rule: "asterisk",
      headers: [("Message-ID", "<Asterisk-0-1-2000-9@freepbx>")], parts: [text, wav],
      text: "There is a new voicemail in mailbox 2000:\n\n\tFrom:\tX\n\tLength:\t1:02 seconds\n",
      mailbox: "2000", seconds: 62),
    Profile(
      testDescription: "Asterisk with IMAP storage", rule: "asterisk",
      headers: [
        ("Message-ID", "<Asterisk-0-1-1001-9@pbx>"), ("X-Asterisk-VM-Message-Num", "1"),
        ("X-Asterisk-VM-Extension", "1001"), ("X-Asterisk-VM-Duration", "17"),
        ("X-Asterisk-VM-Flag", "Urgent"), ("X-Asterisk-VM-Caller-ID-Num", "2002"),
      ], parts: [text, wav], caller: Caller(number: "2002"), mailbox: "1001", seconds: 17,
      isUrgent: true),
    Profile(
      testDescription: "FreeSWITCH without template, urgent", rule: "freeswitch",
      headers: [
        ("From", "FreeSWITCH mod_voicemail <1001@pbx.example>"),
        ("Subject", "Voicemail from Anna Meyer 07700900123"), ("X-Priority", "1 (Highest)"),
        ("X-Voicemail-Length", "17"),
      ], parts: [text, part("audio/x-wav", "msg_1.wav", description: "Sound attachment.")],
      sender: "1001@pbx.example",
      caller: Caller(number: "07700900123", name: "Anna Meyer"), mailbox: "1001",
      seconds: 17, isUrgent: true),
    Profile(
      testDescription: "FusionPBX in German", rule: "fusionpbx",
      headers: [("Subject", "Sprachnachricht von Anna Meyer <07700900123> 00:17")],
      parts: [
        text, part("text/html"),
        part("audio/mpeg", "msg_0f8fad5b-d9cb-469f-a165-70867728950e.mp3"),
      ], caller: Caller(number: "07700900123", name: "Anna Meyer"), seconds: 17),
    Profile(
      testDescription: "sipXecs", rule: "sipxecs",
      headers: [("Subject", "0:02 Voice Message from 5010 (Anna Meyer)")],
      parts: [text, part("audio/x-wav", "email-temp_recording_1.wav")],
      text: "Msg from 5010 duration 0:02 at 4/11/17",
      caller: Caller(number: "5010", name: "Anna Meyer"), seconds: 2),
    Profile(
      testDescription: "Kazoo", rule: "kazoo", headers: [("Subject", "New voicemail from 2002")],
      parts: [text, part("audio/mpeg", "vm.mp3")],
      text: "Caller: Anna (+14155550100)\nCallee: 1001\nRecieved: x\nLength: 17\n",
      caller: Caller(number: "+14155550100", e164: "+14155550100", name: "Anna"), seconds: 17),
    Profile(
      testDescription: "Mitel's manual example", rule: "mitel",
      headers: [
        ("From", "\"Anna Meyer at ext.2000\" <voicemail@do-not-reply>"),
        ("Message-ID", "<MITEL-VM-1001.V1.001.2000@mitel>"),
      ], parts: [text, part("audio/basic", "vmail1314690567.wav", voice: "Voice-Message")],
      text: "From: Anna at ext.2000\nDate: 8/30/2011 7:49\nLength: 0:04\n",
      caller: Caller(number: "2000", name: "Anna Meyer"), mailbox: "1001", seconds: 4),
    Profile(
      testDescription: "NuPoint", rule: "mitel-nupoint",
      headers: [("Subject", "Voice Message from Anna Meyer MB:1001")],
      parts: [text, part("audio/mpeg", "message.mp3")], caller: Caller(name: "Anna Meyer"),
      mailbox: "1001"),
    Profile(
      testDescription: "NuPoint, a caller without a name", rule: "mitel-nupoint",
      headers: [("Subject", "Voice Message from 02115551234 MB:123")],
      parts: [text, part("audio/mpeg", "message.mp3")], caller: Caller(number: "02115551234"),
      mailbox: "123"),
    Profile(
      testDescription: "Unity Connection's bare address", rule: "cisco-unity",
      headers: [
        ("From", "UnityConnection@cuc.example"), ("Subject", "Message from an unknown caller"),
      ], parts: [text, part("audio/wav", "VoiceMessage.wav")], caller: Caller()),
    Profile(
      testDescription: "Asterisk, a number as Germans write it", rule: "asterisk",
      headers: [("X-Asterisk-CallerID", "0211/5551234")], parts: [text, wav],
      caller: Caller(number: "0211/5551234")),
    Profile(
      testDescription: "Asterisk, an extension of one digit", rule: "asterisk",
      headers: [("X-Asterisk-CallerID", "7"), ("X-Asterisk-CallerIDName", "7")],
      parts: [text, wav], caller: Caller(number: "7")),
    Profile(
      testDescription: "Asterisk, a user of SIP", rule: "asterisk",
      headers: [("X-Asterisk-CallerID", "alice")], parts: [text, wav],
      caller: Caller(name: "alice")),
    Profile(
      testDescription: "Unity Connection, unknown caller", rule: "cisco-unity",
      headers: [
        ("From", "Unity <UnityConnection@cuc.example>"),
        ("Subject", "Message from +44 7700 900123"),
        ("Importance", "High"),
      ], parts: [text, part("audio/wav", "VoiceMessage.wav")],
      caller: Caller(number: "+44 7700 900123", e164: "+447700900123"), isUrgent: true),
    Profile(
      testDescription: "operator's visual voicemail", rule: "vpim",
      headers: [
        ("From", "VOICE=+16505551237@vms.example"), ("To", "+16505550000@vms.example"),
        ("Message-Context", "voice-message"), ("Content-Duration", "31"),
      ], type: "multipart/voice-message",
      parts: [part("audio/amr", "vm.amr", voice: "Voice-Message")],
      caller: Caller(number: "+16505551237", e164: "+16505551237"), mailbox: "+16505550000",
      seconds: 31),
    Profile(
      testDescription: "voice message whose sender has the number in the name", rule: "vpim",
      headers: [
        ("From", "\"Anna Meyer (1265)\" <anna@vms.example>"), ("To", "ann@vms.example"),
      ], type: "multipart/voice-message",
      parts: [part("audio/wav", "message.wav", voice: "Voice-Message")],
      caller: Caller(number: "1265", name: "Anna Meyer")),
    Profile(
      testDescription: "Exchange", rule: "exchange",
      headers: [
        ("Content-Class", "urn:content-classes:voice-ca"),
        ("X-CallingTelephoneNumber", "+4930123456"), ("X-VoiceMessageDuration", "17"),
        ("X-VoiceMessageSenderName", "Anna Meyer"),
      ], parts: [part("text/html"), part("audio/mp3", "a (17 seconds).mp3")],
      caller: Caller(number: "+4930123456", e164: "+4930123456", name: "Anna Meyer"), seconds: 17),
    Profile(
      testDescription: "3CX", rule: "3cx",
      headers: [("Subject", "New Voicemail from 07700900123")], parts: [text, wav],
      text: "From: 07700900123\nReceived: \"x\"\nDuration: \"00:17\"\nTo: \"100\" - \"Anna\"\n",
      caller: Caller(number: "07700900123"), mailbox: "100", seconds: 17),
    Profile(
      testDescription: "RingCentral", rule: "ringcentral",
      headers: [
        ("From", "RingCentral <notify@ringcentral.com>"),
        ("Subject", "New Voice Message from Anna Meyer (415) 555-0100 on 11/21/2026 9:00 AM"),
      ], parts: [part("text/html"), part("audio/mpeg", "vm.mp3")],
      caller: Caller(number: "(415) 555-0100", name: "Anna Meyer"), time: "11/21/2026 9:00 AM"),
    Profile(
      testDescription: "Vonage", rule: "vonage",
      headers: [
        ("From", "Vonage <voicemail@vonagebusiness.com>"),
        ("Subject", "New Voicemail from (310) 555-0199"),
      ], parts: [text, wav], caller: Caller(number: "(310) 555-0199")),
    Profile(
      testDescription: "Grasshopper", rule: "grasshopper",
      headers: [
        ("From", "Grasshopper <notifications@grasshopper.com>"),
        ("Subject", "Voicemail from (310) 555-0199"),
      ], parts: [part("text/html"), part("audio/mpeg", "vm.mp3")],
      caller: Caller(number: "(310) 555-0199")),
    Profile(
      testDescription: "V-Mail", rule: "v-mail",
      headers: [("Subject", "V-Mail from ANNA 07700900123 to INBOX 200")], parts: [text, wav],
      caller: Caller(number: "07700900123", name: "ANNA"), mailbox: "200"),
    Profile(
      testDescription: "Amazon Connect", rule: "amazon-connect",
      headers: [("Subject", "Amazon Connect Voicemail from +14155550100")],
      parts: [part("text/html"), part("application/octet-stream", "voicemail.wav")],
      text: "From: +14155550100\nQueue: Sales\n",
      caller: Caller(number: "+14155550100", e164: "+14155550100")),
    Profile(
      testDescription: "Twilio", rule: "twilio",
      headers: [
        ("X-Mailer", "Twilio Twimlets"),
        ("Subject", "New Voicemail Message from (916) 555-0123"),
      ], parts: [text, part("audio/mpeg", "vm.mp3")], caller: Caller(number: "(916) 555-0123")),
    Profile(
      testDescription: "Avaya IP Office", rule: "avaya",
      headers: [("Subject", "Voicemail Message (Anna > Extn201) From:07700900123")],
      parts: [text, wav], caller: Caller(number: "07700900123", name: "Anna"),
      mailbox: "Extn201"),
    Profile(
      testDescription: "VitalPBX with its own words", rule: "asterisk",
      headers: [
        ("From", "VitalPBX <vitalpbx@pbx.example>"), ("Subject", "New voicemail for Ann"),
        ("Message-ID", "<Asterisk-4-1804289383-300-4242@vitalpbx>"),
        ("X-Asterisk-CallerID", "300"), ("X-Asterisk-CallerIDName", "Reception"),
      ], parts: [text, part("text/html"), part("audio/x-wav", "msg0004.wav")],
      caller: Caller(number: "300", name: "Reception"), mailbox: "300"),
    Profile(
      testDescription: "Grandstream UCM with its own mailer", rule: "asterisk",
      headers: [
        ("Subject", "[UCM] Voice message from 07700900123"), ("Message-ID", "<1@ucm.example>"),
        ("X-Asterisk-CallerID", "07700900123"),
      ], parts: [part("text/html"), wav], caller: Caller(number: "07700900123")),
    Profile(
      testDescription: "minivm", rule: "asterisk",
      headers: [
        ("Subject", "New message in mailbox ann@example.com"),
        ("Message-ID", "<Asterisk-1804289383-ann-4242-1001>"),
      ], parts: [text, part("application/ogg", "voicemail2.ogg")], mailbox: "ann"),
    Profile(
      testDescription: "FreeSWITCH with its template", rule: "freeswitch",
      headers: [
        ("From", "\"Anna Meyer\" <07700900123@pbx.example>"),
        ("Subject", "Voicemail from \"Anna Meyer\" <07700900123> 15:45:49"), ("X-Priority", "3"),
        ("X-Mailer", "FreeSWITCH"), ("X-Voicemail-Length", "17"),
      ], parts: [text, part("text/html"), part("audio/x-wav", "msg_1.wav")],
      text: "Created: Thursday, August 06 2026, 03 45 PM\nFrom: \"Anna Meyer\" <07700900123>\n",
      sender: "1001@pbx.example",
      caller: Caller(number: "07700900123", name: "Anna Meyer"), mailbox: "1001",
      time: "Thursday, August 06 2026, 03 45 PM", seconds: 17),
    Profile(
      testDescription: "Teams, without its class", rule: "exchange",
      headers: [
        ("X-CallingTelephoneNumber", "+4930123456"), ("X-VoiceMessageDuration", "17"),
      ], parts: [part("text/html"), part("audio/mpeg", "audio.mp3")],
      caller: Caller(number: "+4930123456", e164: "+4930123456"), seconds: 17),
    Profile(
      testDescription: "FRITZ!Box", rule: "fritzbox",
      headers: [
        ("From", "\"FRITZ!Box\" <ann@example.com>"),
        ("Subject", "FRITZ!Box Anrufbeantworter: Neue Nachricht von Anna (030123456)"),
      ],
      parts: [text, part("text/html"), part("audio/x-wav", "06.08.26_15.45_Anruf.030123456.wav")],
      text:
        "Anruf von: Anna (030123456)\nfür die Rufnummer: 654321\nDatum: 06.08.2026\nUhrzeit: 15:45\n"
        + "Aufnahmelänge: 00:17\n",
      caller: Caller(number: "030123456", name: "Anna"), mailbox: "654321", seconds: 17),
    Profile(
      testDescription: "a PBX nobody knows", rule: "generic",
      headers: [
        ("From", "PBX <pbx@example.com>"), ("Subject", "Voice message for extension 200"),
      ], parts: [text, part("audio/x-wav", "message.wav")],
      text: "Caller: Anna Meyer (07700900123)\nExtension: 200\nLength: 0:17\n",
      caller: Caller(number: "07700900123", name: "Anna Meyer"), mailbox: "200", seconds: 17),
    Profile(
      testDescription: "a PBX nobody knows, in German", rule: "generic",
      headers: [("Subject", "Neue Sprachnachricht")],
      parts: [text, part("audio/mpeg", "nachricht.mp3")],
      text: "Anrufer: 030 123456\nNebenstelle: 200\nAufnahmelänge: 0:17\n",
      caller: Caller(number: "030 123456"), mailbox: "200", seconds: 17),
    Profile(
      testDescription: "Matrix", rule: "matrix",
      headers: [("Subject", "[VMS] Voice Message received for 201 from 07700900123")],
      parts: [text, wav], caller: Caller(number: "07700900123"), mailbox: "201"),
  ]

  @Test(arguments: profiles)
  func `each PBX is known, with the facts it gives`(_ profile: Profile) throws {
    let envelope = Envelope(
      sender: profile.sender, recipients: [Recipient(address: "ann@example.com")])
    let verdict = recognition.verdict(profile.message, envelope, localClient)
    guard case .voicemail(let facts) = verdict else {
      Issue.record("\(verdict)")
      return
    }
    #expect(facts.rule == profile.rule)
    #expect(facts.caller == profile.caller)
    #expect(facts.mailbox == profile.mailbox)
    #expect(facts.time == profile.time)
    #expect(facts.statedSeconds == profile.seconds)
    #expect(facts.isUrgent == profile.isUrgent)
  }

  @Test
  func `every rule that is built in has an example, but for the one whose mail has no recording`() {
    let shown = Set(Self.profiles.map(\.rule))
    #expect(BuiltInRules.all.map(\.name).filter { !shown.contains($0) } == ["google-voice"])
  }

  /// A word in the subject alone, and what shares the sender or the subject of voicemail.
  @Test(arguments: [
    "Voicemail from Anna", "New voicemail from 07700900123", "You have (1) new voicemail",
    "[VMS] Voice Message received for conversation 201 from 07700900123",
    "[VMS] Warning! Message received quota", "Voice Message", "Sprachnachricht von Anna",
    "Message from +44 7700 900123", "FRITZ!Box Anrufbeantworter: Neue Nachricht von Anna",
    "[VMS] Message received for call recording between 201 and 202",
    "[VMS] Message received for 201 and conversation was with 202",
    "Call recording from 07700900123", "Caller ID 07700900123",
  ])
  func `a subject alone is no evidence`(_ subject: String) {
    let sample = message(
      [("Subject", subject), ("From", "Bob <bob@example.com>")], [text, part("audio/wav", "a.wav")])
    let verdict = recognition.verdict(sample, pbxEnvelope, localClient)
    #expect(
      verdict == .pass(reason: "1 recording: a.wav, but no sign that a PBX sent it"))
  }
}
