import Testing
import Voicemail

@Suite struct `The HTML block` {
  static let evil = "<script>alert(1)</script>\" onclick='x' &amp; \u{202e}\u{0}\r\nBcc: x\u{2066}"

  @Test func `everything from outside is escaped and cleaned`() {
    var facts = anna
    facts.caller = Caller(number: Self.evil, name: Self.evil)
    facts.mailbox = Self.evil
    let odd = message([("To", "\"\(Self.evil)\" <a@b>"), ("Date", Self.evil)])
    var evilTranscript = transcript([words(Self.evil)])
    evilTranscript.language = Self.evil
    evilTranscript.engine = Self.evil
    let result = render(
      [
        transcribed(evilTranscript, filename: Self.evil),
        transcribed(.failed(Self.evil), filename: Self.evil),
      ], voicemail: facts, message: odd, headers: [HeaderField("Received", Self.evil)])
    let document = HTMLDocument.make(
      block: result.html, originalText: Self.evil, language: Self.evil)
    for output in [result.html, document] {
      #expect(!output.contains("<script") && !output.contains("onclick='"))
      #expect(!output.contains("\" onclick"))
      #expect(output.contains("&lt;script&gt;") && output.contains("&amp;amp;"))
      #expect(!output.contains("tel:"))
    }
    for output in [result.html, document, result.text] {
      for scalar in output.unicodeScalars {
        #expect(scalar == "\n" || scalar.properties.generalCategory != .control)
        #expect(scalar.properties.generalCategory != .format)
      }
    }
    #expect(!result.html.contains("\nBcc:") && !result.text.contains("\nBcc:"))
    for field in result.headers {
      #expect(field.value.utf8.allSatisfy { (0x20...0x7e).contains($0) }, "\(field)")
      #expect(!field.value.isEmpty)
    }
  }

  @Test func `tags are balanced and the block is one element`() {
    let result = render([
      transcribed(transcript([words("one two", doubtful: ["two"]), words("x", from: 9)])),
      transcribed(.failed("x"), filename: nil),
      transcribed(transcript([words("one")], status: .low)),
    ])
    for output in [
      result.html, HTMLDocument.make(block: result.html, originalText: "x", language: "en"),
    ] {
      var open: [Substring] = []
      var roots = 0
      for tag in output.split(separator: "<").dropFirst(output.hasPrefix("<") ? 0 : 1) {
        let name = tag.prefix { $0 != " " && $0 != ">" }
        if name.hasPrefix("!") || name == "meta" { continue }
        if name.hasPrefix("/") {
          #expect(open.popLast() == name.dropFirst())
        } else {
          if open.isEmpty { roots += 1 }
          open.append(name)
        }
      }
      #expect(open.isEmpty && roots == 1)
    }
  }

  @Test func `nothing is loaded, run or painted white`() {
    let result = render([transcribed(transcript([words("call http://example.com now")]))])
    let document = HTMLDocument.make(
      block: result.html, originalText: "http://example.com", language: "en")
    for word in [
      "src=", "<img", "<link", "<script", "url(", "@import", "background", "href=\"http",
    ] {
      #expect(!document.contains(word), "\(word)")
    }
    #expect(document.count(of: "href=") == 1)
  }

  @Test func `the transcript has its own language and direction`() {
    var arabic = transcript([words("مرحبا")])
    arabic.language = "ar-EG"
    let result = render([transcribed(arabic)])
    #expect(result.html.hasPrefix("<div lang=\"en\" dir=\"ltr\""))
    #expect(result.html.contains("<blockquote lang=\"ar-EG\" dir=\"rtl\""))
    #expect(result.html.contains("<th scope=\"row\""))
    #expect(result.language == "en")
  }

  @Test func `the preview line is the first thing and holds the first words`() {
    let long = render([
      transcribed(transcript([words(String(repeating: "word ", count: 1000))]))
    ]).html
    let preview = long.split(separator: "\n")[1]
    #expect(preview.hasPrefix("<div style=\"display:none;"))
    #expect(preview.contains(">“word word ") && preview.contains("…”</div>"))
    #expect(preview.utf8.count < 400)
    let silent = render([transcribed(Transcript(status: .none))]).html
    #expect(
      silent.split(separator: "\n")[1].contains(">No speech found in this recording (0:17).<"))
  }

  @Test func `doubt shows as a line and as a sign`() {
    let html = render([transcribed(transcript([words("a b c", doubtful: ["b"])]))]).html
    #expect(
      html.contains(
        "“a <span title=\"uncertain\" style=\"border-bottom:2px dotted\">b</span>&nbsp;[?] c”"))
    #expect(html.contains("are uncertain."))
    let certain = render([transcribed(transcript([words("a b c")]))]).html
    #expect(!certain.contains("[?]"))
  }

  @Test(
    arguments: [
      ("+44 7700 900123", "+447700900123"), ("07700-900.123", "07700900123"),
      ("(030) 123456", nil), ("030/123456", "030123456"), ("+44 (0)20 79460000", nil),
      ("1001", nil), ("12345", nil), ("123456", "123456"), ("anonymous", nil), ("*21#123456", nil),
      ("123456;phone-context=x", nil), ("1234567890123456789", nil), ("١٢٣٤٥٦٧", nil),
      ("12+345678", nil), ("sip:123456", nil), ("", nil),
    ] as [(String, String?)])
  func `only a number that a telephone can dial becomes a link`(
    _ number: String, _ dialled: String?
  ) {
    var facts = anna
    facts.caller.number = number
    let html = render([transcribed(transcript([words("call 07700900999")]))], voicemail: facts).html
    if let dialled {
      #expect(html.contains("href=\"tel:\(dialled)\""))
    } else {
      #expect(!html.contains("tel:"))
    }
    #expect(!html.contains("tel:07700900999"))
  }

  @Test func `an extension becomes one where the policy says so`() {
    func html(_ number: String) -> String {
      var facts = anna
      facts.caller.number = number
      var style = MessageStyle()
      style.dialsExtensions = true
      return render(
        [transcribed(transcript([words("call 2002")]))], style: style, voicemail: facts
      ).html
    }
    #expect(html("1001").contains("href=\"tel:1001\""))
    #expect(html("07700 900123").contains("href=\"tel:07700900123\""))
    for number in ["7", "*97", "anonymous", "1001;ext=2"] {
      #expect(!html(number).contains("tel:"), "\(number)")
    }
  }

  @Test func `the document holds the PBX's text as it was`() {
    let document = HTMLDocument.make(
      block: "<div></div>\n",
      originalText: "\r\n\r\nDear <John>:\r\n\tJust wanted\r\n\r\n--Asterisk\n\n",
      language: "en")
    #expect(document.contains(">Dear &lt;John&gt;:\n\tJust wanted\n\n--Asterisk</div>\n</body>"))
    #expect(document.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\" dir=\"ltr\">"))
    #expect(document.contains("name=\"color-scheme\" content=\"light dark\""))
    #expect(
      !HTMLDocument.make(block: "", originalText: "\n \n", language: "en").contains("pre-wrap"))
  }
}

extension String {
  func count(of needle: String) -> Int {
    ranges(of: needle).count
  }
}
