import Foundation
import Mail
import Voicemail

/// A mail's HTML document, as its reader's mail program gets it.
struct MailSample: Sendable {
  var name: String
  var document: String

  static let all = [
    mail("a short message", [part(hello)]),
    mail("an urgent one of five minutes", [part(long, seconds: 301)], isUrgent: true),
    mail("no speech, in German", [part([], status: .none, seconds: 3)], language: "de"),
    mail("failed, unknown caller", [part([], status: .failed)], caller: Caller()),
    mail(
      "low confidence, two recordings, in Polish",
      [part(hello, name: "msgintro0002.wav"), part(long, status: .low)], language: "pl"),
    mail("Arabic", [part([[("مرحبا اتصل بي من فضلك", 0.9)]], spoken: "ar-EG")]),
    mail(
      "hostile",
      [
        part(
          [[(evil, 0.1), (String(repeating: "W", count: 400), 0.9)]],
          name: String(repeating: "w", count: 200) + evil)
      ], caller: Caller(number: evil, name: evil + String(repeating: "W", count: 200))),
    MailSample(
      name: "PBX's own HTML, white",
      document: splice(
        "<html lang=\"en\"><body bgcolor=\"#ffffff\" text=\"#222222\"><p>Voicemail from 1001</p></body></html>"
      )
    ),
    MailSample(
      name: "PBX's own HTML, black",
      document: splice(
        "<html lang=\"en\"><body style=\"background:#000;color:#eee\"><p>Voicemail from 1001</p></body></html>"
      )
    ),
  ]

  static let evil =
    "</style><script>parent.alarms++</script><img src=x onerror=\"parent.alarms++\">\u{202e}\"' {{caller}}"

  typealias Said = [(text: String, confidence: Double)]

  static let hello: [Said] = [
    [
      ("Hi, it's Anna from Meyer. The delivery comes on", 0.9), ("Thursday,", 0.2),
      ("not Wednesday.", 0.9),
    ], [("Please call me back before four on 07700 900999.", 0.9)],
  ]

  static let long: [Said] = (1...12).map { number in
    [
      ("Point \(number) of the list is about the boxes that stand in the yard since", 0.9),
      ("Monday", 0.1), ("and that nobody has come for.", 0.9),
    ]
  }

  static func part(
    _ paragraphs: [Said], status: TranscriptStatus = .ok, seconds: Double = 17,
    name: String = "msg0002.wav", spoken: String = "en-US"
  ) -> TranscribedPart {
    let segments = paragraphs.enumerated().map { index, runs in
      let words = runs.flatMap { run in
        run.text.split(separator: " ").map {
          Word(text: String($0), start: 0, end: 0, confidence: run.confidence)
        }
      }
      return Segment(
        start: Double(index) * 25, end: Double(index) * 25 + 20,
        text: words.map(\.text).joined(separator: " "), confidence: 0.8, words: words)
    }
    return TranscribedPart(
      part: PartFacts(index: 1, contentType: "audio/x-wav", filename: name),
      audio: AudioFacts(
        codec: "GSM 6.10", container: "WAV", sampleRateHz: 8000, channels: 1,
        durationSeconds: seconds, bytes: 28_000),
      transcript: Transcript(
        status: status, engine: "test", language: spoken,
        confidence: status == .low ? 0.4 : 0.87, segments: segments))
  }

  static func enhancement(
    _ parts: [TranscribedPart],
    caller: Caller = Caller(number: "+44 7700 900123", name: "Anna Meyer"),
    isUrgent: Bool = false, language: String = ""
  ) -> Enhancement {
    EnhancementRenderer(MessageStyle(language: language)).render(
      voicemail: VoicemailFacts(
        rule: "asterisk", reason: "", caller: caller, mailbox: "1001", isUrgent: isUrgent,
        audioParts: [1]),
      parts: parts,
      message: MessageFacts(
        headers: [
          HeaderField("Date", "Thu, 06 Aug 2026 15:45:49 +0200"),
          HeaderField("To", "\"John Smith\" <john@example.com>"),
          HeaderField("Subject", "[PBX]: New message 3 in mailbox 1001"),
        ], contentType: "multipart/mixed"), spoolID: "1", headers: [])
  }

  static func mail(
    _ name: String, _ parts: [TranscribedPart],
    caller: Caller = Caller(number: "+44 7700 900123", name: "Anna Meyer"), isUrgent: Bool = false,
    language: String = ""
  ) -> MailSample {
    let made = enhancement(parts, caller: caller, isUrgent: isUrgent, language: language)
    return MailSample(
      name: name,
      document: HTMLDocument.make(
        block: made.html,
        originalText: """
          Dear John Smith:

          \tJust wanted to let you know you were just left a 0:17 long message (number 3)
          in mailbox 1001 from Anna Meyer, on Thursday, August 06, 2026 at 03:45:49 PM so you might
          want to check it when you get a chance.  Thanks!

          \t\t\t\t--Asterisk
          """, language: made.language))
  }

  /// As the splicer puts the block into a document that is there.
  private static func splice(_ document: String) -> String {
    let block = enhancement([part(hello)]).html
    let parts = document.components(separatedBy: "<p>")
    return parts[0] + block + "<p>" + parts[1...].joined(separator: "<p>")
  }
}
