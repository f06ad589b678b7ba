import Testing
import Voicemail

/// Columns as a terminal counts them, independent of the product's own count: every character
/// beyond Latin counts two.
func widest(_ text: String) -> Int {
  text.split(separator: "\n").map { line in
    line.unicodeScalars.reduce(0) { sum, scalar in
      switch scalar.properties.generalCategory {
      case .nonspacingMark, .enclosingMark, .format: sum
      default: sum + (scalar.value > 0x2e80 ? 2 : 1)
      }
    }
  }.max() ?? 0
}

@Suite struct `The text block` {
  @Test func `the caller's words come first, then the facts, then the legend`() {
    let spoken = words(
      "Hi, it's Anna from Meyer. The delivery comes on Thursday, not Wednesday. Please call me back before four.",
      doubtful: ["Thursday,", "not"])
    #expect(
      render([transcribed(transcript([spoken]))]).text == """
        "Hi, it's Anna from Meyer. The delivery comes on [Thursday, not?] Wednesday.
        Please call me back before four."

        From:      Anna Meyer, +44 7700 900123
        For:       mailbox 1001 (John Smith)
        Received:  Thu 6 Aug 2026, 15:45 (+0200)
        Length:    0:17 (recording attached: msg0002.WAV)
        Language:  English

        Automatic transcript, a draft: names and numbers may be wrong. Words marked
        [like this?] are uncertain.

        """)
  }

  @Test func `what was not heard to its end says so, in text and HTML`() {
    var part = transcribed(transcript([words("call me")]), seconds: 2712)
    part.audio?.usedSeconds = 1800
    let long = render([part])
    #expect(
      long.text.hasPrefix(
        "\"call me\"\nTranscribed up to 30:00 only: the recording is longer.\n"))
    #expect(long.text.contains("Length:    45:12 "))
    #expect(long.html.contains(">Transcribed up to 30:00 only: the recording is longer.</p>"))
    part = transcribed(Transcript(status: .none, durationSeconds: 17))
    part.audio?.isCutOff = true
    let cut = render([part])
    #expect(cut.text.contains("\nThe recording is cut off: its end is missing.\n"))
    #expect(!render([transcribed(transcript([words("call me")]))]).text.contains("cut off"))
  }

  @Test func `speakers stand before their turns`() {
    var segments = [
      words("hello"), words("hi"), words("my line is down", from: 5), words("since when", from: 9),
    ]
    for (index, speaker) in [Speaker.agent, .caller, .caller, .agent].enumerated() {
      segments[index].speaker = speaker
    }
    let result = render([transcribed(transcript(segments))])
    #expect(
      result.text.hasPrefix(
        """
        Agent: "hello"

        Caller: "hi

        "my line is down"

        Agent: "since when"
        """))
    #expect(result.html.contains("<b>Caller:</b> “hi</p>"))
  }

  @Test func `without a transcript the reason stands first and no legend below`() {
    let failed = Transcript.failed("the recording could not be read.")
    #expect(
      render([transcribed(failed)], voicemail: VoicemailFacts(rule: "asterisk", reason: "")).text
        == """
        No transcript: the recording could not be read. Please listen to the
        recording.

        From:      unknown caller
        For:       John Smith
        Received:  Thu 6 Aug 2026, 15:45 (+0200)
        Length:    0:17 (recording attached: msg0002.WAV)

        """)
  }

  static let states: [(String, Transcript, String, String)] = [
    ("certain", transcript([words("call me")]), "\"call me\"\n\nFrom:", "ok"),
    (
      "low", transcript([words("call me")], status: .low, confidence: 0.4),
      "\"call me\"\nConfidence is low: please listen to the recording.\n\nFrom:", "low"
    ),
    (
      "rubbish", transcript([words("call me")], status: .low, confidence: 0.2),
      "No transcript: the recording could not be understood. Please listen to the\nrecording.\n",
      "failed"
    ),
    (
      "no number for the confidence", transcript([words("call me")], confidence: .nan),
      "No transcript: the recording could not be understood.", "failed"
    ),
    (
      "an engine without words and confidence",
      transcript(
        [Segment(start: 0, end: 1, text: "call me", confidence: 0, words: [])], confidence: 0),
      "\"call me\"\n\nFrom:", "ok"
    ),
    (
      "text of nothing but spaces", transcript([words(" \u{202e}\n")]),
      "No transcript: the recording could not be understood.", "failed"
    ),
    (
      "silence", Transcript(status: .none, engine: "pocketsphinx", durationSeconds: 17),
      "No speech found in this recording (0:17).\n\nFrom:", "none"
    ),
    (
      "failed without a reason", Transcript(status: .failed),
      "No transcript: the recording could not be transcribed. Please listen", "failed"
    ),
  ]

  @Test(arguments: states) func `every state is told honestly, in words and in the header`(
    _ name: String, _ transcript: Transcript, _ beginning: String, _ header: String
  ) {
    let result = render([transcribed(transcript)])
    #expect(result.text.hasPrefix(beginning), "\(name): \(result.text)")
    #expect(result.headers.first { $0.name == "X-Voicemail-Transcript" }?.value == header)
  }

  @Test func `a long pause begins a paragraph and a short one does not`() {
    let result = render([
      transcribed(
        transcript([
          words("one two", from: 0), words("three", from: 1.5), words("four", from: 5),
        ]))
    ])
    #expect(result.text.hasPrefix("\"one two three\n\n\"four\"\n\nFrom:"))
  }

  @Test func `several recordings are told apart by their names`() {
    let result = render([
      transcribed(transcript([words("call me")])),
      transcribed(
        Transcript(status: .none, engine: "pocketsphinx"), filename: "msgintro0002.WAV", seconds: 5),
    ])
    #expect(
      result.text.hasPrefix(
        """
        "call me"
          — Message (msg0002.WAV, 0:17)

        No speech found in this recording (0:05).
          — Introduction (msgintro0002.WAV, 0:05)

        From:      Anna
        """))
    #expect(result.text.contains("Length:    0:22 in 2 recordings, all attached\n"))
    #expect(result.html.contains(">Introduction (<bdi>msgintro0002.WAV</bdi>, 0:05)</h2>"))
    #expect(result.headers.first { $0.name == "X-Voicemail-Transcript" }?.value == "ok")
    #expect(result.headers.first { $0.name == "X-Voicemail-Duration" }?.value == "22")
  }

  @Test func `a message whose recordings are gone is told so`() {
    #expect(render([]).text.hasPrefix("No transcript: there is no recording.\n\nFrom:"))
  }

  @Test(arguments: [
    String(repeating: "a", count: 500), String(repeating: "漢字", count: 200),
    String(repeating: "👨‍👩‍👧‍👦", count: 60), String(repeating: "ab 漢 ", count: 300),
    String(repeating: "e\u{301}", count: 300), "a" + String(repeating: "\u{301}", count: 5000),
    String(repeating: "🇩🇪", count: 90), String(repeating: "x y", count: 200),
    String(repeating: "กำ", count: 200), String(repeating: "W", count: 77) + " W",
    String(repeating: "W", count: 78) + " W",
  ])
  func `no line is wider than 78 columns or longer than SMTP allows`(_ evil: String) {
    var facts = anna
    facts.caller = Caller(number: evil, name: evil)
    facts.mailbox = evil
    let odd = message([("To", "\"\(evil)\" <a@b>"), ("Date", evil)])
    for segment in [
      words(evil), words(evil, doubtful: Set(evil.split(separator: " ").map(String.init))),
    ] {
      let result = render(
        [
          transcribed(transcript([segment]), filename: evil),
          transcribed(.failed(evil), filename: evil),
        ], voicemail: facts, message: odd)
      #expect(widest(result.text) <= 78)
      #expect(result.text.split(separator: "\n").allSatisfy { $0.utf8.count < 998 })
    }
  }

  @Test func `wrapping loses no word`() {
    let spoken = (1...400).map { "word\($0)" }.joined(separator: " ")
    let result = render([transcribed(transcript([words(spoken)]))])
    let quoted = result.text.prefix { $0 != ":" }.split { $0 == " " || $0 == "\n" || $0 == "\"" }
    #expect(quoted.dropLast().joined(separator: " ") == spoken)
  }

  @Test func `a transcript of a megabyte is cut and said to be`() {
    let spoken = String(repeating: "word ", count: 200_000)
    for segment in [
      words(spoken), Segment(start: 0, end: 1, text: spoken, confidence: 0.9, words: []),
    ] {
      let result = render([transcribed(transcript([segment]))])
      #expect(result.text.utf8.count < 120_000 && result.html.utf8.count < 120_000)
      #expect(result.text.contains("(Shortened here; the recording is complete.)"))
      #expect(result.html.contains("Shortened here; the recording is complete."))
    }
  }
}
