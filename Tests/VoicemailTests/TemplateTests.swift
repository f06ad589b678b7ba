import Testing
import Voicemail

/// A mail's parts with those templates and that style.
func render(
  _ parts: [TranscribedPart], style: MessageStyle, voicemail: VoicemailFacts = anna,
  message: MessageFacts = asteriskMessage
) -> Enhancement {
  EnhancementRenderer(style).render(
    voicemail: voicemail, parts: parts, message: message, spoolID: "7f3a", headers: [])
}

@Suite struct `Templates of the administrator` {
  static let parts = [transcribed(transcript([words("call me back", doubtful: ["back"])]))]

  @Test func `replace the built-in ones one by one`() {
    let style = MessageStyle(templates: TemplateSources(text: "{{caller}} & Co: {{preview}}\n"))
    let result = render(Self.parts, style: style)
    #expect(result.text == "Anna Meyer & Co: “call me back”\n")
    #expect(result.html == render(Self.parts, style: MessageStyle()).html)
  }

  @Test func `get values that are escaped in HTML`() {
    var facts = anna
    facts.caller.name = "<b>\"Anna\"</b> & {{caller_number}}"
    let style = MessageStyle(
      templates: TemplateSources(html: "<i title=\"{{caller}}\">{{caller}}</i>"))
    let escaped = "&lt;b&gt;&quot;Anna&quot;&lt;/b&gt; &amp; {{caller_number}}"
    #expect(
      render(Self.parts, style: style, voicemail: facts).html
        == "<i title=\"\(escaped)\">\(escaped)</i>")
  }

  @Test func `make way for the built-in ones where they would fill the memory`() {
    let source =
      "{{#recordings}}" + String(repeating: "{{sentence}}", count: 5000)
      + "{{/recordings}}"
    let many = (0..<20).map { _ in transcribed(.failed(String(repeating: "x", count: 290))) }
    let style = MessageStyle(templates: TemplateSources(text: source))
    #expect(render(many, style: style).text.hasPrefix("No transcript:"))
  }

  @Test(arguments: [
    ("{{calller}}", 1, "there is no value 'calller'"),
    ("\n{{#recordings}}\n{{words.nothing}}{{/recordings}}", 3, "there is no value 'nothing'"),
    ("<p>\n{{{caller}}}", 2, "{{{caller}}}: no value is HTML; write {{caller}}"),
    ("{{&words.urgent}}", 1, "{{{words.urgent}}}: no value is HTML; write {{words.urgent}}"),
  ])
  func `that cannot be right are refused`(_ source: String, _ line: Int, _ problem: String) {
    let error = #expect(throws: TemplateError.self) { try TemplateCheck.parse(source, as: .html) }
    #expect(error == TemplateError(line: line, problem: problem))
  }

  @Test(arguments: TemplateKind.allCases) func `have good examples in the built-in ones`(
    _ kind: TemplateKind
  ) throws {
    _ = try TemplateCheck.parse(#require(TemplateSources.builtIn[kind]), as: kind)
  }

  @Test func `without HTML's escapes in text and subject`() throws {
    _ = try TemplateCheck.parse("{{{caller}}}", as: .text)
    _ = try TemplateCheck.parse("{{{caller}}}", as: .subject)
  }

  @Test func `lay out text as a terminal shows it`() {
    let long = String(repeating: "word ", count: 30)
    let style = MessageStyle(
      templates: TemplateSources(text: "Label:    \(long)\n  - \(long)\n\(long)\nshort\n\n\n"))
    let text = render(Self.parts, style: style).text
    #expect(widest(text) <= 78)
    #expect(text.contains("Label:    word word") && text.contains("\n          word word"))
    #expect(text.contains("\n  - word") && text.contains("\n  word") && text.hasSuffix("\nshort\n"))
  }
}

@Suite struct `The subject` {
  static let said = transcribed(
    transcript([words("Hi it's Anna from Meyer the delivery is on Thursday not Wednesday so call")])
  )

  private func subject(
    _ mode: SubjectMode, _ parts: [TranscribedPart] = [said], content: Bool = true,
    voicemail: VoicemailFacts = anna, original: String? = nil, language: String = "en"
  ) -> String? {
    let headers = asteriskHeaders.filter { $0.0 != "Subject" }
    let named = original ?? asteriskHeaders.first { $0.0 == "Subject" }?.1 ?? ""
    let result = render(
      parts,
      style: MessageStyle(language: language, subject: mode, hasContentInSubject: content),
      voicemail: voicemail,
      message: message(headers + [("Subject", named)], [text, asteriskRecording]))
    #expect(
      result.removedHeaders.contains("Subject") == result.headers.contains { $0.name == "Subject" })
    return result.headers.first { $0.name == "Subject" }.map { decoded($0.value) }
  }

  @Test func `stays by default`() { #expect(subject(.original) == nil) }

  @Test func `gets the first words behind it`() {
    #expect(
      subject(.append) == "[PBX]: New message 3 in mailbox 1001 — \"Hi it's Anna from Meyer the…\"")
  }

  @Test func `is written anew`() {
    #expect(
      subject(.rewrite)
        == "Voicemail from Anna Meyer (+44 7700 900123), 0:17: Hi it's Anna from…")
    #expect(
      subject(.rewrite, voicemail: VoicemailFacts(rule: "x", reason: ""))
        == "Voicemail from an unknown caller, 0:17: Hi it's Anna from Meyer the…")
    #expect(
      subject(.rewrite, language: "de")?.hasPrefix("Sprachnachricht von Anna Meyer (+44") == true)
  }

  @Test func `says that it is urgent first`() {
    var facts = anna
    facts.isUrgent = true
    #expect(subject(.rewrite, voicemail: facts)?.hasPrefix("Urgent: Voicemail from Anna") == true)
  }

  @Test func `holds no word that is in doubt`() {
    let doubtful = transcribed(transcript([words("call me on Thursday", doubtful: ["on"])]))
    #expect(subject(.append, [doubtful])?.hasSuffix("— \"call me\"") == true)
    let first = transcribed(transcript([words("call me on Thursday", doubtful: ["call", "me"])]))
    #expect(subject(.append, [first]) == nil)
    #expect(subject(.rewrite, [first]) == "Voicemail from Anna Meyer (+44 7700 900123), 0:17")
    let low = transcribed(transcript([words("call me back")], status: .low, confidence: 0.4))
    #expect(subject(.append, [low]) == nil)
  }

  @Test func `says what became of a recording without text`() {
    let silent = transcribed(Transcript(status: .none), seconds: 3)
    #expect(subject(.append, [silent])?.hasSuffix("1001 — no speech") == true)
    #expect(
      subject(.rewrite, [silent]) == "Voicemail from Anna Meyer (+44 7700 900123), no speech, 0:03")
    #expect(
      subject(.append, [transcribed(.failed("x"))])?.hasSuffix("1001 — no transcript") == true)
  }

  @Test func `keeps the caller's words to itself where the policy says so`() {
    #expect(subject(.append, content: false) == nil)
    #expect(
      subject(.rewrite, content: false) == "Voicemail from Anna Meyer (+44 7700 900123), 0:17")
  }

  @Test func `is the message's words, not those of a colleague who passed it on`() {
    let intro = transcribed(transcript([words("please see to this")]), filename: "msgintro0002.wav")
    #expect(subject(.rewrite, [intro, Self.said])?.contains(": Hi it's Anna") == true)
  }

  @Test(arguments: [
    "a\r\nBcc: victim@example.com", "\u{0}\u{202e}evil", "=?utf-8?Q?=0D=0ABcc:x?=",
    String(repeating: "é", count: 300), "漢字かな交じり文", "👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦",
  ])
  func `is one clean field whatever stands in it`(_ evil: String) {
    var facts = anna
    facts.caller = Caller(number: evil, name: evil)
    for mode in [SubjectMode.append, .rewrite] {
      let result = render(
        [transcribed(transcript([words("one " + evil)]))], style: MessageStyle(subject: mode),
        voicemail: facts, message: message([("Subject", evil)]))
      for field in result.headers where field.name == "Subject" {
        #expect(field.value.utf8.allSatisfy { (0x20...0x7e).contains($0) })
        for word in field.value.split(separator: " ") where word.hasPrefix("=?") {
          #expect(word.utf8.count <= 75)
        }
        let shown = decoded(field.value)
        #expect(!shown.unicodeScalars.contains { $0.properties.generalCategory == .control })
        #expect(!shown.contains("\u{202e}"))
      }
    }
  }
}

/// The text of RFC 2047 words in base64, read by another implementation than the product's.
func decoded(_ value: String) -> String {
  guard value.hasPrefix("=?utf-8?B?") else { return value }
  var bytes: [UInt8] = []
  let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".map { $0 }
  for word in value.split(separator: " ") {
    var bits = 0
    var count = 0
    for character in word.dropFirst(10).dropLast(2) {
      guard let digit = alphabet.firstIndex(of: character) else { break }
      bits = bits << 6 | digit
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(bits >> count & 255))
        bits &= (1 << count) - 1
      }
    }
  }
  return String(decoding: bytes, as: UTF8.self)
}
