import Foundation
import Testing
import Voicemail

@Suite struct `Languages` {
  static let all = Language.all.map(\.tag)

  @Test func `those that are promised are there`() {
    #expect(Self.all == ["en", "de", "fr", "es", "it", "nl", "pt", "pl"])
  }

  @Test(arguments: all) func `no phrase is missing, and all have the places of the English one`(
    _ tag: String
  ) throws {
    let language = try #require(Language.known(tag))
    for phrase in Phrase.allCases {
      let text = try #require(language.phrases[phrase], "\(tag) misses \(phrase)")
      #expect(!text.isEmpty, "\(tag) \(phrase)")
      #expect(places(text) == places(Language.english[phrase]), "\(tag) \(phrase)")
      // They stand in quoted attributes and header fields too.
      #expect(!text.contains { $0.isNewline || "<>\"\\".contains($0) }, "\(tag) \(phrase)")
    }
  }

  @Test(arguments: all) func `days, months, digits and names are complete`(_ tag: String) throws {
    let language = try #require(Language.known(tag))
    #expect(Set(language.weekdays).count == 7 && Set(language.months).count == 12)
    #expect(language.digits.count == 10 && !language.digits.contains { $0.isEmpty })
    #expect(Set(language.names.keys) == Set(Language.english.names.keys))
    #expect(language.digits.joined().allSatisfy { $0 == $0.lowercased() })
  }

  /// A clause in the middle of a sentence.
  @Test(arguments: all) func `reasons begin small and have no full stop`(_ tag: String) throws {
    let language = try #require(Language.known(tag))
    for phrase in Language.reasons {
      let text = language[phrase]
      #expect(text.first?.isUppercase == false && text.last != ".", "\(tag) \(phrase)")
    }
  }

  /// What the program says where a transcript could be must have words for every reader.
  @Test func `every reason in the code is a phrase`() throws {
    let known = Set(Language.reasons.map { Language.english[$0] })
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources").standardizedFileURL
    var found: Set<String> = []
    for path in ["Voicemail/Transcript/Transcriber.swift", "Filter/Transcription/WorkerSlot.swift"]
    {
      let code = try String(contentsOf: sources.appendingPathComponent(path), encoding: .utf8)
      let literal = /(?:\.failed\(\s*|transcript\.reason = |static let too\w+ = )"([^"]+)"/
      found.formUnion(code.matches(of: literal).map { String($0.1) })
    }
    #expect(found.count >= 5)
    #expect(found.subtracting(known) == [])
  }

  private func places(_ text: String) -> [Substring] {
    text.split(separator: "{", omittingEmptySubsequences: false).dropFirst().map {
      $0.prefix { $0 != "}" }
    }.sorted()
  }
}

@Suite struct `The language of a mail` {
  private func text(_ style: MessageStyle, spoken: String) -> String {
    var german = transcript([words("ruf mich an")])
    german.language = spoken
    return EnhancementRenderer(style).render(
      voicemail: anna, parts: [transcribed(german)], message: asteriskMessage, spoolID: "1",
      headers: []
    ).text
  }

  @Test func `is the caller's by default`() {
    #expect(
      text(MessageStyle(), spoken: "de-AT") == """
        "ruf mich an"

        Von:        Anna Meyer, +44 7700 900123
        Für:        Mailbox 1001 (John Smith)
        Empfangen:  Do., 6. Aug. 2026, 15:45 (+0200)
        Länge:      0:17 (Aufnahme im Anhang: msg0002.WAV)
        Sprache:    Deutsch

        Automatische Abschrift, ein Entwurf: Namen und Nummern können falsch sein.

        """)
  }

  @Test func `is that of the style`() {
    let polish = text(MessageStyle(language: "pl"), spoken: "de-AT")
    #expect(polish.contains("Język:      niemiecki\n"))
  }

  @Test(arguments: ["", "tlh", "x\r\n"]) func `is English where we have no words`(_ tag: String) {
    #expect(text(MessageStyle(), spoken: tag).contains("From:      Anna Meyer"))
  }

  @Test func `is a reason's too`() {
    func sentence(_ reason: String, _ language: String) -> String {
      EnhancementRenderer(MessageStyle(language: language)).render(
        voicemail: anna, parts: [transcribed(.failed(reason))], message: asteriskMessage,
        spoolID: "1", headers: []
      ).text
    }
    #expect(
      sentence("it was not ready in time", "de").hasPrefix(
        "Keine Abschrift, denn sie war nicht rechtzeitig fertig. Bitte die Aufnahme\nanhören.\n"))
    #expect(sentence("pigs fly", "en").hasPrefix("No transcript: pigs fly. Please"))
    #expect(
      sentence("pigs fly", "de").hasPrefix(
        "Keine Abschrift, denn die Aufnahme ließ sich nicht in Text umsetzen."))
  }

  private func html(_ style: MessageStyle, date: String? = nil) -> String {
    var message = asteriskMessage
    if let date {
      message.headers = message.headers.map {
        $0.name == "Date" ? HeaderField("Date", date) : $0
      }
    }
    return EnhancementRenderer(style).render(
      voicemail: anna, parts: [transcribed(transcript([words("hello")]))], message: message,
      spoolID: "1", headers: []
    ).html
  }

  @Test(arguments: [
    ("en", "“hello”"), ("de", "„hello“"), ("pl", "„hello”"), ("fr", "«\u{A0}hello\u{A0}»"),
  ])
  func `has its own quotes`(tag: String, quoted: String) {
    let html = html(MessageStyle(language: tag))
    // The preview line and the words themselves.
    #expect(html.components(separatedBy: quoted).count == 3, "\(html)")
  }

  @Test func `has its own colons`() {
    let text = text(MessageStyle(language: "fr"), spoken: "fr")
    #expect(text.contains("\nDe\u{A0}:      Anna Meyer"), "\(text)")
    #expect(text.contains("(enregistrement joint\u{A0}: msg0002.WAV)"), "\(text)")
    for phrase in Phrase.allCases {
      let french = Language.french[phrase]
      #expect(french.firstMatch(of: #/ [:;!?»]|« /#) == nil, "\(french)")
      #expect(french.firstMatch(of: #/[^\u{A0}}][:;!?](?:$| )/#) == nil, "\(french)")
    }
  }

  @Test func `has its own first of the month`() {
    let first = html(MessageStyle(language: "fr"), date: "Sat, 1 Aug 2026 15:45:49 +0200")
    #expect(first.contains("sam. 1er août 2026, 15:45"), "\(first)")
    #expect(html(MessageStyle(language: "fr")).contains("jeu. 6 août 2026"))
    #expect(
      html(MessageStyle(language: "de"), date: "Sat, 1 Aug 2026 15:45:49 +0200")
        .contains("Sa., 1. Aug. 2026"))
  }
}
