import Operations
import Voicemail

/// Short ways to write messages and transcripts in tables.

func message(
  _ headers: [(String, String)], type: String = "multipart/mixed", _ parts: [PartFacts] = []
) -> MessageFacts {
  var numbered = parts
  for index in numbered.indices { numbered[index].index = index }
  return MessageFacts(
    headers: headers.map { HeaderField($0.0, $0.1) }, contentType: type, parts: numbered)
}

func part(
  _ type: String, _ filename: String? = nil, description: String? = nil, voice: String? = nil,
  nested: Bool = false
) -> PartFacts {
  PartFacts(
    index: 0, contentType: type, disposition: filename == nil ? nil : "attachment",
    dispositionParameters: voice.map { ["voice": $0] } ?? [:], filename: filename,
    description: description, isNested: nested)
}

let text = part("text/plain")
let asteriskRecording = part(
  "audio/x-wav", "msg0002.WAV", description: "Voicemail sound attachment.")

let asteriskHeaders: [(String, String)] = [
  ("Date", "Thu, 06 Aug 2026 15:45:49 +0200"),
  ("From", "Asterisk PBX <asterisk@pbx.example>"),
  ("To", "\"John Smith\" <john@example.com>"),
  ("Subject", "[PBX]: New message 3 in mailbox 1001"),
  ("Message-ID", "<Asterisk-3-1804289383-1001-4242@pbx>"),
  ("X-Asterisk-CallerID", "+44 7700 900123"),
  ("X-Asterisk-CallerIDName", "Anna Meyer"),
  ("MIME-Version", "1.0"),
]

let asteriskMessage = message(asteriskHeaders, [text, asteriskRecording])

let pbxEnvelope = Envelope(
  sender: "asterisk@pbx.example", recipients: [Recipient(address: "john@example.com")])
let localClient = ClientFacts(name: "localhost", address: "127.0.0.1")

/// A keyed hash that any change of key or content changes; the real one comes from outside.
func keyedHash(key: String) -> LoopGuard.KeyedHash {
  { bytes in
    var state: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in Array(key.utf8) + bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return (0..<16).map { index in
      state = (state ^ UInt64(index)) &* 0x100_0000_01b3
      return UInt8(truncatingIfNeeded: state >> 32)
    }
  }
}

let loopGuard = LoopGuard(keyedHash: keyedHash(key: "secret"))
let recognition = Recognition(rules: BuiltInRules.all, loopGuard: loopGuard)

func words(_ text: String, doubtful: Set<String> = [], from start: Double = 0) -> Segment {
  let words = text.split(separator: " ").enumerated().map { index, word in
    Word(
      text: String(word), start: start + Double(index) * 0.3,
      end: start + Double(index + 1) * 0.3,
      confidence: doubtful.contains(String(word)) ? 0.1 : 0.9)
  }
  return Segment(
    start: start, end: words.last?.end ?? start, text: text, confidence: 0.8, words: words)
}

func transcript(
  _ segments: [Segment], status: TranscriptStatus = .ok, confidence: Double = 0.8
) -> Transcript {
  Transcript(
    status: status, engine: "pocketsphinx", language: "en-US", confidence: confidence,
    durationSeconds: 17, speechSeconds: 12, segments: segments)
}

func transcribed(
  _ transcript: Transcript, filename: String? = "msg0002.WAV", seconds: Double = 17
) -> TranscribedPart {
  TranscribedPart(
    part: part("audio/x-wav", filename),
    audio: AudioFacts(
      codec: "GSM 6.10", container: "WAV", sampleRateHz: 8000, channels: 1,
      durationSeconds: seconds, bytes: 28_000),
    transcript: transcript)
}

let anna = VoicemailFacts(
  rule: "asterisk", reason: "Asterisk message id and 1 recording: msg0002.WAV",
  caller: Caller(number: "+44 7700 900123", name: "Anna Meyer"), mailbox: "1001", audioParts: [1])

func render(
  _ parts: [TranscribedPart], voicemail: VoicemailFacts = anna,
  message: MessageFacts = asteriskMessage, headers: [HeaderField] = []
) -> Enhancement {
  EnhancementRenderer().render(
    voicemail: voicemail, parts: parts, message: message, spoolID: "7f3a", headers: headers)
}
