package import Voicemail

/// The rules that are built in, in the form an administrator writes his own.
package enum BuiltInRules {
  /// The rules, ready to be asked in this order; a test holds that the text can be read.
  package static let all: [ProfileRule] = {
    let file = try? SettingsFile(path: "built-in rules", bytes: Array(text.utf8))
    return (file.flatMap { try? RuleSection.read($0) } ?? []).map(\.rule)
  }()

  package static let text = #"""
    # How the voicemail of each PBX is known: the rules that are built in. An administrator's own rules
    # have the same form, stand in the configuration file and are asked first.
    #
    # Expressions are PCRE, without regard to case. Groups number, name, mailbox, duration, time and urgent
    # are facts of the call. What PBXs write for "nothing" (Unknown, Anonymous ...) is no fact, and a number
    # must look like one.
    #
    # A key stands once in a section; the second of a kind has a number: find text 2.
    #
    # Evidence here is a mark that voicemail alone carries, or several signs together: never a word in the
    # subject alone. A recording must be attached besides, and the client must be in [recognition] sources.

    # Asterisk's app_voicemail and minivm; FreePBX, Issabel, VitalPBX, Grandstream UCM, Yeastar ... on top
    # of it. Message-ID: Asterisk-NUMBER-RANDOM-MAILBOX-PID@host, minivm's Asterisk-RANDOM-MAILBOX-PID-host.
    [rule asterisk]
    match = any
    header Message-ID = ^<Asterisk-(?:\d+-\d+-(?<mailbox>.+)-\d+@[^>]*>$)?
    header X-Asterisk-CallerID = (?<number>.*)
    header X-Asterisk-CallerIDName = (?<name>.*)
    find header X-Asterisk-CallerID = ^(?<name>.*\p{L}.*)
    header X-Asterisk-VM-Message-Type = ^(?:Message)?$
    header X-Asterisk-VM-Message-Num = .
    part description = ^Voicemail sound attachment\.$
    find header Message-ID = ^<Asterisk-\d+-(?<mailbox>.+)-\d+-[^>@]*>$
    find header X-Asterisk-VM-Extension = (?<mailbox>.*)
    find header X-Asterisk-VM-Caller-ID-Num = (?<number>.*)
    find header X-Asterisk-VM-Caller-ID-Name = (?<name>.*)
    find header X-Asterisk-VM-Duration = ^(?<duration>\d+)
    find header X-Asterisk-VM-Orig-date = ^(?<time>.+)
    find header X-Asterisk-VM-Flag = ^(?<urgent>Urgent)
    find header Subject = \bnew (?<urgent>urgent) message\b
    find text = (?:left|forwarded) a (?<duration>[\d:]+) long message
    find text 2 = ^\s*(?:Length|Duration|Dauer|Länge|Durée|Duración|Durata|Duur|Duração|Długość)\s*:\s*(?<duration>[\d:]+)
    find text 3 = \b(?<duration>\d+) (?:seconds|secondes|Sekunden|segundos|secondi|seconden|sekund)\b

    # The caller's number is the sender's local part; the mailbox stands in the envelope.
    [rule freeswitch]
    match = any
    header X-Voicemail-Length = ^(?<duration>\d+)
    part description = ^Sound attachment\.$
    find header From = ^(?!FreeSWITCH mod_voicemail)"?(?<name>[^"<]*?)"?\s*<(?<number>[^@>]+)@
    find header Subject = ^Voicemail from "?(?<name>[^"<]*?)"? <?(?<number>[+\d]+)
    find sender = ^(?<mailbox>\d+)@
    find text = ^Created: *(?<time>.+)
    find header X-Priority = ^(?<urgent>1)\b

    # PHPMailer's mail has no mark of its own: the words of its subject, and a recording named by a UUID.
    [rule fusionpbx]
    header Subject = ^(?:Voicemail from|Sprachnachricht von) (?<name>.*?) ?<(?<number>[^>]*)> ?(?<duration>[\d:]*)
    part name = ^(?:intro_)?msg_[0-9a-f-]{36}\.\w+$
    find text = ^(?:To|An):? *\n?[^\n\d]*(?<mailbox>\d{2,8})\b

    [rule sipxecs]
    header Subject = ^(?:(?<duration>\d+:\d\d) )?Voice Message(?: from|:) (?<number>[+\d]+)?(?: ?\(?(?<name>[^)]+)\)?)?$
    part name = ^email-temp_recording_
    find text = duration (?<duration>[\d:]+)

    [rule kazoo]
    text = ^Caller: *(?<name>.*?) *\((?<number>[^)]*)\)
    find text = ^Length: *(?<duration>[\d:]+)
    header Subject = voicemail
    part name = \.(?:wav|mp3)$

    [rule mitel]
    match = any
    header Message-ID = ^<MITEL-VM-(?<mailbox>[^.@>]+)
    find header From = ^"?(?<name>.*?) at ext\.(?<number>\d+)
    find text = ^Length: *(?<duration>[\d:]+)

    [rule mitel-nupoint]
    header Subject = ^Voice Message from (?<name>.+?) MB: ?(?<mailbox>\d+)
    part name = \.(?:wav|mp3)$
    find header Importance = ^(?<urgent>high)\b

    # Before vpim, as it says more; unknown callers come from the server's own address.
    [rule cisco-unity]
    header From = (?:^|<) *unityconnection@
    part name = \.wav$
    find header Subject = (?<number>\+?\d[\d ().-]{2,})
    find header Content-Duration = ^(?<duration>\d+)
    find header Importance = ^(?<urgent>high)\b

    # RFC 3801, RFC 3458 and operators' visual voicemail.
    [rule vpim]
    match = any
    type = ^multipart/voice-message$
    header Message-Context = ^voice-message\b
    part voice = ^voice-message$
    find header X-CNS-Originator-Phone-Number = ^(?<number>.*)
    find header From = ^(?:"?(?<name>[^"<(]*?)\s*(?:\((?<number>\+?\d+)\))?"?\s*<)?(?:voice=)?(?<number>[^@<>]+)@
    find header To = ^(?:[^<]*<)?(?:voice=)?(?<mailbox>\+?\d+)@
    find header Content-Duration = ^(?<duration>\d+)
    find header Importance = ^(?<urgent>high)\b

    # MS-OXCMAIL, MS-OXOUM; its recalls carry the same fields and are known before any rule is asked.
    [rule exchange]
    match = any
    header Content-Class = ^(?:unauthenticated,\s*)?(?:urn:content-classes:)?voice
    header X-CallingTelephoneNumber = ^(?<number>\+?\d[\d ().-]+)$
    find header X-VoiceMessageSenderName = ^(?<name>.*)
    find header X-VoiceMessageDuration = ^(?<duration>\d+)
    find header Importance = ^(?<urgent>high)\b

    [rule 3cx]
    header Subject = ^New Voicemail from (?<number>.+)
    text = ^Duration: *"?(?<duration>[\d:]+)
    find text = ^From: *"?(?<number>[+\d]+)"?(?:.|\n)*?^To: *"?(?<mailbox>\d+)

    [rule ringcentral]
    header From = @ringcentral\.com>?$
    header Subject = ^New Voice Message from (?<name>.*?) ?(?<number>\+?[\d (][\d ().-]{5,}) on (?<time>\d.*)

    [rule vonage]
    header From = @vonagebusiness\.com>?$
    header Subject = ^New Voicemail from (?<number>.+)
    find text = ^To: *(?<mailbox>\d+)

    [rule grasshopper]
    header From = @grasshopper\.com>?$
    header Subject = ^Voicemail from (?<number>.+)

    [rule google-voice]
    header From = voice-noreply@google\.com
    header Subject = ^New voicemail from (?<number>\+?[\d (][\d ().-]{5,})?(?<name>[^\d(].*?)?(?: at \d.*)?$

    [rule v-mail]
    header Subject = ^V-Mail from (?<name>.*?) ?(?<number>\S+) to INBOX (?<mailbox>\S+)$
    part name = \.\w+$

    [rule twilio]
    header X-Mailer = ^Twilio Twimlets
    header Subject = voicemail message from (?<number>.+)

    [rule amazon-connect]
    header Subject = ^(?:New )?Amazon Connect Voicemail(?: from (?<number>\+?\d+))?
    text = \bQueue:
    find text = \bFrom: *(?<number>\+?\d+)

    [rule avaya]
    header Subject = ^Voicemail Message \((?<name>.*?) > (?<mailbox>[^)]*)\) From: ?(?<number>.*)
    part name = \.wav$

    # AVM's push service. The user's own address is the sender; its calls list and faxes look alike but for the
    # recording's name: 22.10.09_11.35_Anruf.5552341222.wav.
    [rule fritzbox]
    header From = FRITZ!?Box
    part name = ^\d\d\.\d\d\.\d\d_\d\d\.\d\d_[^.]+\..*\.wav$
    find header Subject = (?:Nachricht von|Message from) (?<name>[^()]*?) *\((?<number>[^)]*)\)
    find text = ^für die Rufnummer: *(?<mailbox>\d+)
    find text 2 = ^Aufnahmelänge: *(?<duration>[\d:]+)
    find part name = ^[\d.]+_[\d.]+_[^.]+\.(?<number>\d+)

    # Not its quota warnings, nor recordings of conversations, which share the prefix.
    [rule matrix]
    header Subject = ^\[VMS\] (?!.*\bconversation\b).*Message received (?:for (?<mailbox>\d+) )?from (?<number>.+)
    part name = \.wav$

    # Whoever is left: the subject speaks of voicemail, the text has a line with the length, and the
    # recording is a file. Such mail has no mark of its own, so these three must come together.
    [rule generic]
    header Subject = ^(?!\w{1,6}:\s)(?=.*\b(?:voice ?mail|voice[ -]message|v-?mail|sprachnachricht|anrufbeantworter|message vocal|messagerie vocale|boîte vocale|buzón de voz|correo de voz|mensaje de voz|messaggio vocale|segreteria|voicemailbericht|correio de voz|mensagem de voz|poczta głosowa|wiadomość głosowa)\b)
    text = ^[^\n:]{0,20}\b(?:length|duration|dauer|länge|aufnahmelänge|durée|duración|durata|duur|duração|długość|czas trwania)\b[^\n:]{0,12}:\s*"?(?<duration>\d[\d:]*)
    part name = \.(?:wav|mp3|gsm|ogg|opus|amr|m4a|au)$
    find text = ^(?:from|caller|call from|anrufer|anruf von|von|appelant|de|llamante|chiamante|beller|van|dzwoniący)\b[^\n:]{0,12}:\s*"?(?<name>[^\n<(\d"]*?)"?\s*[<(]?(?<number>\+?\d[\d ().\/-]*\d)
    find text 2 = ^(?:mailbox|extension|ext|to|für|an|nebenstelle|poste|extensión|interno)\b[^\n:]{0,20}:\s*"?(?<mailbox>\d{2,8})\b
    """#
}
