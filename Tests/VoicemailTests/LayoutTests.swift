import Testing
import Voicemail

@Suite struct `What else the reader is told` {
  @Test func `urgency stands first`() {
    var facts = anna
    facts.isUrgent = true
    let result = render([transcribed(transcript([words("call me")]))], voicemail: facts)
    #expect(result.text.hasPrefix("Urgent\n\n\"call me\"\n"))
    #expect(result.html.contains(">Urgent: “call me”</div>"))
    #expect(result.html.contains(">Urgent: Voicemail from <bdi>Anna Meyer</bdi></h1>"))
  }

  @Test(arguments: [(17, false), (19, false), (45, true), (0, false), (2, true)])
  func `a length that the PBX tells otherwise is told too`(_ stated: Int, _ isTold: Bool) {
    var facts = anna
    facts.statedSeconds = stated
    let result = render([transcribed(transcript([words("call me")]))], voicemail: facts)
    #expect(result.text.contains("the phone system says 0:") == isTold)
  }

  @Test func `the length of one of several recordings is no difference`() {
    var facts = anna
    facts.statedSeconds = 17
    let result = render(
      [
        transcribed(transcript([words("see this")]), filename: "msgintro1.wav", seconds: 8),
        transcribed(transcript([words("call me")])),
      ], voicemail: facts)
    #expect(!result.text.contains("the phone system says"))
    #expect(result.text.contains("  — Introduction (msgintro1.wav, 0:08)\n"))
    #expect(result.text.contains("  — Message (msg0002.WAV, 0:17)\n"))
  }

  @Test(
    arguments: [
      ("call 07700 900999 please", "en", ["07700 900999"]),
      ("oh seven seven double oh nine zero oh one two three thanks", "en", ["07700900123"]),
      ("plus four nine three oh one two three four five six", "en", ["+4930123456"]),
      ("in 2026 at 15:45 room 1234", "en", []), ("1,000,000 pounds", "en", []),
      ("call 020-7946 double 018", "en", ["020-7946 0018"]),
      ("triple 5 double (0)1 98", "en", ["555 (00)1 98"]),
      ("call 030-123456, or 030/999999.", "en", ["030-123456", "030/999999"]),
      ("call 030-123456. Or 030/999999.", "en", ["030-123456", "030/999999"]),
      ("null drei null eins zwei drei vier fünf", "de", ["03012345"]),
      ("zéro six un deux trois quatre", "fr", ["061234"]),
      ("null drei null eins zwei drei vier fünf", "en", []),
      ("oh seven seven seven seven", "en", []), ("123456 and again 123456", "en", ["123456"]),
      (String(repeating: "9", count: 30), "en", []),
    ] as [(String, String, [String])])
  func `numbers that were said stand apart`(
    _ said: String, _ language: String, _ expected: [String]
  ) {
    var spoken = transcript([words(said)])
    spoken.language = language
    var facts = anna
    facts.caller.number = nil
    let result = render(
      [transcribed(spoken)], style: MessageStyle(language: "en"), voicemail: facts)
    let line = expected.isEmpty ? nil : "Numbers said:  \(expected.joined(separator: ", "))\n"
    #expect(result.text.contains("Numbers said:") == (line != nil))
    if let line { #expect(result.text.contains(line), "\(result.text)") }
    #expect(result.text.contains("check them with the recording") == (line != nil))
    #expect(!result.html.contains("tel:"))
  }

  @Test(arguments: [
    ("07700 900123", "07700 900123\n"), ("7700 900123", "7700 900123\n"),
    ("07700 900999", "07700 900999 (not the number of the call)\n"),
  ])
  func `a number that is not the caller's is marked`(_ said: String, _ shown: String) {
    let result = render([transcribed(transcript([words("ring \(said)")]))])
    #expect(result.text.contains("Numbers said:  \(shown)"))
  }

  @Test func `a doubtful digit makes a doubtful number`() {
    let spoken = words("ring 07700 900123", doubtful: ["900123"])
    #expect(render([transcribed(transcript([spoken]))]).text.contains("07700 900123 [?]\n"))
  }

  @Test func `so does the doubt of a segment without words`() {
    var spoken = words("ring 07700 900123")
    (spoken.words, spoken.confidence) = ([], 0.2)
    let shown = transcript([words("hello there it is me"), spoken])
    #expect(render([transcribed(shown)]).text.contains("07700 900123 [?]\n"))
    spoken.confidence = 0
    #expect(render([transcribed(transcript([spoken]))]).text.contains("07700 900123\n"))
  }

  @Test func `long recordings have time marks, short ones none`() {
    let spoken = [words("one two"), words("three four", from: 65), words("five", from: 130)]
    let long = render([transcribed(transcript(spoken), seconds: 140)])
    #expect(long.text.hasPrefix("\"one two\n\n(1:05) \"three four\n\n(2:10) \"five\"\n"))
    #expect(long.html.contains(">1:05</span> “three four</p>"))
    #expect(!render([transcribed(transcript(spoken), seconds: 59)]).text.contains("(1:05)"))
  }

  @Test func `the number in international form is dialled, the PBX's is shown`() {
    var facts = anna
    facts.caller = Caller(number: "030 123456", e164: "+4930123456", name: "Anna")
    let result = render([transcribed(transcript([words("call")]))], voicemail: facts)
    #expect(result.html.contains("href=\"tel:+4930123456\""))
    #expect(result.html.contains("Call <bdi>030 123456</bdi>"))
    #expect(result.headers.contains(HeaderField("X-Voicemail-Caller", "+4930123456")))
  }

  @Test(arguments: [(0.9, "high"), (0.8, "high"), (0.79, "medium"), (0.5, "medium"), (0.49, "low")])
  func `confidence has a word for filters`(_ value: Double, _ word: String) {
    let result = render([transcribed(transcript([words("call me")], confidence: value))])
    #expect(result.headers.contains(HeaderField("X-Voicemail-Confidence-Class", word)))
  }
}
