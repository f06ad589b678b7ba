import Testing
import Voicemail

@testable import Mail

@Suite struct SelfChecking {
  /// What a faulty splicer might have done to its output.
  struct Damage: CustomTestStringConvertible {
    let testDescription: String
    let original: Fixture
    let change: @Sendable ([UInt8]) -> [UInt8]

    init(
      _ name: String, _ original: Fixture = .asterisk,
      _ change: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) {
      (testDescription, self.original, self.change) = (name, original, change)
    }

    init(_ name: String, _ wanted: String, _ other: String) {
      self.init(name) { $0.replacing(wanted, with: other) }
    }

    init(_ name: String, _ original: Fixture, _ wanted: String, _ other: String) {
      self.init(name, original) { $0.replacing(wanted, with: other) }
    }
  }

  static let damages = [
    Damage("a letter of the recording", "UklGR", "UklGS"),
    Damage("the recording is cut", "gICAgICAgICAgICA", ""),
    Damage("the recording's name", "filename=\"msg0002.wav\"", "filename=\"msg0003.wav\""),
    Damage("the recording's description", "Voicemail sound", "Sound"),
    Damage("a header is lost", "X-Asterisk-CallerID: 07700900123\n", ""),
    Damage(
      "a header is doubled", "X-Asterisk-CallerID: 07700900123\n",
      "X-Asterisk-CallerID: 07700900123\nX-Asterisk-CallerID: 07700900123\n"),
    Damage("a header value", "Subject: [PBX]", "Subject: [pbx]"),
    Damage("a header is folded anew", "Asterisk PBX <", "Asterisk PBX\n <"),
    Damage("a header name's case", "Message-ID", "Message-Id"),
    Damage("the new header is not on top", "X-Voicemail-Transcript: ok\n", ""),
    Damage("the order of headers") {
      let moved = "To: \"Full Name\" <user@example.org>\n"
      return $0.replacing(moved, with: "").replacing("MIME-Version", with: moved + "MIME-Version")
    },
    Damage("a word of the original text", "Just wanted", "Just want"),
    Damage("a word of the block", "Zo=C3=AB", "Zo=C3=AC"),
    Damage("the preamble", "multi-part message", "multipart message"),
    Damage("the epilogue", "--\n.\n", "--\n"),
    Damage("the closing boundary", "\n------voicemail_31804289383424284--", "\n"),
    Damage(
      "the boundary between text and recording",
      "\n------voicemail_31804289383424284\nContent-Type: audio", "\nContent-Type: audio"),
    Damage(
      "one more part", "------voicemail_31804289383424284--",
      "------voicemail_31804289383424284\n\nx\n------voicemail_31804289383424284--"),
    Damage("the HTML part is lost", "Content-Type: text/html", "Content-Type: text/enriched"),
    Damage("the existing HTML", .freeSWITCH, "face=3D", "size=3D"),
    Damage(
      "the type of the containing multipart", .related, "multipart/related", "multipart/mixed"),
    Damage("another field of the replaced part", .htmlOnly, "Content-Language: de\n", ""),
    Damage("a field of the wrapped part", .audioRoot, "\tname=\"msg.wav\"", "\tname=\"m.wav\""),
    Damage("a nested header", .nestedMessage, "Subject: inner", "Subject: outer"),
    Damage(
      "the parts' order", .voiceMessage, "inline; voice=Originator-Spoken-Name",
      "inline; voice=Voice-Message"),
    Damage("a script in the new HTML", "</body>", "<script></script></body>"),
    Damage("an image behind the new HTML", "</html>", "</html><img src=3D\"http://x\">"),
    Damage("the new HTML's language", "<html lang=3D\"en\"", "<html lang=3D\"fr\""),
    Damage("the block twice in the new HTML") { output in
      let block = text(output).components("<div lang=3D").last?.components("<div dir").first ?? ""
      return output.replacing("<div dir", with: "<div lang=3D\(block)<div dir")
    },
    Damage("more text in the new text part", .htmlOnly, "Zo=C3=AB\n", "Zo=C3=AB\nsend money\n"),
    Damage("more HTML where there was no text", .voiceMessage, "</body>", "<p>x</p></body>"),
    Damage(
      "a field of the new HTML part", "Content-Type: text/html; charset=utf-8\n",
      "Content-Type: text/html; charset=utf-8\nContent-Language: fr\n"),
    Damage(
      "the new HTML part as an attachment", "Content-Type: text/html; charset=utf-8\n",
      "Content-Type: text/html; charset=utf-8\nContent-Disposition: attachment\n"),
    Damage("a second transcript in the text part", "\"Hi, it's", "\"Hi, it's Zoe.\"\n\"Hi, it's"),
    // What follows reads the same, if the reader forgives it.
    Damage("a byte beyond ASCII where there was none", "Zo=C3=AB", "Zoë"),
    Damage("a line end of another kind", "quoted-printable\n\n\"Hi", "quoted-printable\r\n\n\"Hi"),
    Damage("a bare CR", "Content-Type: text/html; charset", "Content-Type: text/html;\r charset"),
    Damage(
      "a line too long for SMTP", "Content-Type: text/html; charset=utf-8",
      "Content-Type: text/html; charset=utf-8; x=\(String(repeating: "y", count: 1000))"),
    Damage("the new boundary is one of the message's") { output in
      let new = text(output).components("boundary=\"=_").last?.components("\"").first ?? ""
      return output.replacing("=_\(new)", with: "----voicemail_31804289383424284")
    },
    Damage("nothing was done") { _ in Fixture.asterisk.bytes },
    Damage("nothing is left") { _ in [] },
    Damage("another message") { _ in Fixture.freeSWITCH.bytes },
  ]

  @Test(arguments: damages)
  func `a damaged output is found`(_ damage: Damage) throws {
    let original = damage.original.bytes
    let output = try MessageSplicer().enhance(original, with: .sample)
    let damaged = damage.change(output)
    #expect(damaged != output, "the damage must change something")
    let failure = #expect(throws: StepFailure.self) {
      try SelfCheck(.sample).compare(original, with: damaged)
    }
    #expect(failure?.kind == .permanent)
    #expect(failure?.sentence.hasPrefix("self-check: ") == true)
  }

  private static var withSubject: Enhancement {
    var enhancement = Enhancement.sample
    enhancement.headers.append(HeaderField("Subject", "Voicemail from Zoe"))
    enhancement.removedHeaders.append("Subject")
    return enhancement
  }

  @Test func `a subject that is to be new is the only one and the new one`() throws {
    let original = Fixture.asterisk.bytes
    let output = try MessageSplicer().enhance(original, with: Self.withSubject)
    #expect(try GMimeReader().read(output).header("Subject") == "Voicemail from Zoe")
    let other = output.replacing("from Zoe", with: "from Zoa")
    let both = output.replacing("MIME-Version", with: "Subject: old\nMIME-Version")
    for wrong in [other, both, original] {
      #expect(wrong != output)
      #expect(throws: StepFailure.self) {
        try SelfCheck(Self.withSubject).compare(original, with: wrong)
      }
    }
    // And one that was to stay must stay.
    #expect(throws: StepFailure.self) { try SelfCheck(.sample).compare(original, with: output) }
  }

  @Test(arguments: Fixture.all)
  func `an undamaged output passes`(_ fixture: Fixture) throws {
    let output = try MessageSplicer().enhance(fixture.bytes, with: .sample)
    try SelfCheck(.sample).compare(fixture.bytes, with: output)
  }

  @Test func `any changed byte of the recording's lines is found`() throws {
    let original = Fixture.asterisk.bytes
    let output = try MessageSplicer().enhance(original, with: .sample)
    let start = try #require(output.position(of: Array("UklGR".utf8)))
    for place in start..<(start + 76) {
      var damaged = output
      damaged[place] = damaged[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      #expect(throws: StepFailure.self) { try SelfCheck(.sample).compare(original, with: damaged) }
    }
  }
}
