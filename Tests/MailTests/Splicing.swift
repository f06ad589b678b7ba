import Testing
import Voicemail

@testable import Mail

@Suite struct Splicing {
  private let splicer = MessageSplicer(randomness: { 0xABCDEF })
  private let reader = GMimeReader()
  private static let boundary = "=_voicemail-abcdef-abcdef"
  private static let outer = "=_outer_voicemail-abcdef-abcdef"

  @Test func `an Asterisk mail comes out as designed`() throws {
    let output = text(try splicer.enhance(Fixture.asterisk.bytes, with: .sample))
    let original = text(Fixture.asterisk.bytes)
    let parts = original.components("Content-Type: text/plain; charset=ISO-8859-1\n")
    let head = try #require(parts.first)
    let tail = try #require(original.components("\t\t\t\t--Asterisk\n").last)
    let html = text(QuotedPrintable.encode(try documentLines(), newline: [10]))
    let expected = """
      \(Enhancement.sampleHeaders)\(head)Content-Type: multipart/alternative; boundary="\(Self.boundary)"

      --\(Self.boundary)
      Content-Type: text/plain; charset=utf-8
      Content-Transfer-Encoding: quoted-printable

      "Hi, it's Zo=C3=AB from M=C3=BCller."

      =46rom      Zo=C3=AB

      =2D-------------------------------------------------------------
      Dear Full Name:

      \tJust wanted to let you know you were just left a 0:17 long message (number=
       3)
      in mailbox 1001 from JOHN SMITH, on Thursday, August 06, 2026 at 03:45:49 P=
      M so you might
      want to check it when you get a chance.  Thanks!

      \t\t\t\t--Asterisk

      --\(Self.boundary)
      Content-Type: text/html; charset=utf-8
      Content-Transfer-Encoding: quoted-printable

      \(html)
      --\(Self.boundary)--\(tail)
      """
    #expect(output == expected)
  }

  private func documentLines() throws -> [ArraySlice<UInt8>] {
    let original = try reader.content(ofPart: 0, in: Fixture.asterisk.bytes)
    let document = HTMLDocument.make(
      block: Enhancement.sample.html, originalText: text(original), language: "en")
    return Array(document.utf8).split(separator: 10, omittingEmptySubsequences: false)
  }

  /// Where the replaced stretch begins and ends in the original.
  struct Kept: CustomTestStringConvertible {
    let fixture: Fixture
    let from: String
    let to: String
    var testDescription: String { fixture.testDescription }

    init(_ fixture: Fixture, _ from: String, _ to: String) {
      (self.fixture, self.from, self.to) = (fixture, from, to)
    }
  }

  static let kept = [
    Kept(
      .asterisk, "Content-Type: text/plain",
      "\n------voicemail_31804289383424284\nContent-Type: audio"),
    Kept(.freeSWITCH, "Content-Type: text/plain", "\n--000XXX000--"),
    Kept(.htmlOnly, "Content-Type: text/html", "\n--b1\nContent-Type: audio"),
    Kept(.voiceMessage, "--MessageBoundary", "--MessageBoundary"),
    Kept(
      .doubleContentType, "Content-Type: text/html", "\n--===============12==\nContent-Type: app"),
    Kept(.prefixBoundaries, "Content-Type: text/plain", "\n--XX-inner--"),
    Kept(.related, "Content-Type: text/plain", "\n------=_Part_2\nContent-Type: text/html"),
    Kept(.noFields, "\nthe text", "\n--b\nContent-Type: audio"),
    Kept(.unclosed, "Content-Type: text/plain", "\n--b\nContent-Type: audio"),
    Kept(.brokenBase64, "\nthe text", "\n--b\nContent-Type: audio"),
    Kept(.nuls, "\nthe", "\n--b\nContent-Type: audio"),
    Kept(.nestedMessage, "--o\n", "--o\n"),
    Kept(
      .latin1, "Content-Type: text/plain",
      "\n------voicemail_31804289383424284\nContent-Type: audio"),
  ]

  @Test(arguments: kept, [false, true])
  func `bytes outside the replaced stretch are identical`(_ kept: Kept, _ isCRLF: Bool) throws {
    func style(_ text: String) -> [UInt8] {
      isCRLF ? Fixture.crlf(Array(text.utf8)) : Array(text.utf8)
    }
    let bytes = isCRLF ? kept.fixture.withCRLF.bytes : kept.fixture.bytes
    let start = try #require(bytes.position(of: style(kept.from)))
    let end = try #require(bytes.position(of: style(kept.to), from: start))
    let output = try splicer.enhance(bytes, with: .sample)
    #expect(output.starts(with: style(Enhancement.sampleHeaders) + bytes[..<start]))
    #expect(output.suffix(bytes.count - end) == bytes[end...])
    let newlines = output.indices.filter { output[$0] == 10 }
    if isCRLF { #expect(newlines.allSatisfy { $0 > 0 && output[$0 - 1] == 13 }) }
  }

  @Test func `a recording that is the whole mail becomes the second part`() throws {
    let output = text(try splicer.enhance(Fixture.audioRoot.bytes, with: .sample))
    #expect(
      output.hasPrefix(
        """
        \(Enhancement.sampleHeaders)From: pbx@example.org
        Content-Type: multipart/mixed; boundary="\(Self.outer)"
        Subject: Voicemail
        Content-Class: voice
        MIME-Version: 1.0
        X-Last: 1

        --\(Self.outer)
        Content-Type: multipart/alternative; boundary="\(Self.boundary)"


        """))
    #expect(
      output.hasSuffix(
        """
        --\(Self.boundary)--
        --\(Self.outer)
        Content-Type: audio/x-wav;
        \tname="msg.wav"
        Content-Disposition: attachment; filename="msg.wav"
        Content-Transfer-Encoding: base64

        \(Fixture.wav)

        --\(Self.outer)--

        """))
  }

  @Test(arguments: Fixture.all)
  func `recordings come out of every fixture as they went in`(_ fixture: Fixture) throws {
    let output = try splicer.enhance(fixture.bytes, with: .sample)
    #expect(try recordings(output) == recordings(fixture.bytes))
    #expect(try !recordings(output).isEmpty || fixture.testDescription.hasPrefix("plain text root"))
  }

  private func recordings(_ message: [UInt8]) throws -> [[UInt8]] {
    try reader.read(message).parts.filter { $0.contentType.hasPrefix("audio/") }
      .map { try reader.content(ofPart: $0.index, in: message) }
  }

  @Test(arguments: [
    (Fixture.latin1, "Müll€"), (.freeSWITCH, "From: \"Jürgen\""), (.nuls, "the\0text"),
    (.plainRoot, "New 0:17 long msg in box 1001\nfrom JOHN\n"),
  ])
  func `the original text stays below the block`(_ fixture: Fixture, _ words: String) throws {
    let output = try splicer.enhance(fixture.bytes, with: .sample)
    let plain = text(try reader.content(ofPart: 0, in: output))
    let dashes = "\n" + String(repeating: "-", count: 62) + "\n"
    let halves = plain.components(dashes)
    #expect(halves.first == Enhancement.sample.text)
    #expect(halves.last?.contains(words) == true)
  }

  @Test func `HTML keeps its own words behind our block`() throws {
    let output = try splicer.enhance(Fixture.freeSWITCH.bytes, with: .sample)
    let html = text(try reader.content(ofPart: 1, in: output))
    #expect(
      html.contains("<BODY bgcolor=\"#fff\" title=\"a > b\">\(Enhancement.sample.html)\n<font"))
    #expect(html.contains("Jürgen</font>"))
  }

  @Test func `forged markers are cut out with their folded lines`() throws {
    let forged = "X-Voicemail-Transcript: a\n\tb\nSubject: x\nx-VOICEMAIL-transcript : c\n\nhello\n"
    let output = try splicer.enhance(Array(forged.utf8), with: .sample)
    let facts = try reader.read(output)
    #expect(facts.count(of: "X-Voicemail-Transcript") == 1)
    #expect(facts.header("X-Voicemail-Transcript") == "ok")
    #expect(facts.header("Subject") == "x")
  }

  @Test func `short ASCII text stays 7bit`() throws {
    var plain = Enhancement.sample
    plain.text = "hello\n"
    let output = text(try splicer.enhance(Fixture.plainRoot.bytes, with: plain))
    #expect(output.contains("Content-Transfer-Encoding: 7bit\n\nhello\n\n-----"))
  }

  @Test(arguments: [
    "Content-Type: multipart/signed; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n",
    "Content-Type: multipart/encrypted; boundary=b\n\n--b\nContent-Type: a/b\n\nx\n--b--\n",
    "Content-Type: application/pkcs7-mime\n\nx\n",
    "Content-Type: message/rfc822\n\nSubject: x\n\nx\n",
    "Content-Type: multipart/mixed; boundary=b\n\nnothing in it\n",
    "Content-Type: text/plain\nContent-Type: audio/wav\n\nx\n", "no header\n\nx\n",
  ])
  func `what cannot be enhanced without harm is refused`(_ message: String) {
    let failure = #expect(throws: StepFailure.self) {
      try splicer.enhance(Array(message.utf8), with: .sample)
    }
    #expect(failure?.kind == .permanent)
    #expect(failure?.sentence.hasPrefix("mail: enhance: ") == true)
  }

  @Test(arguments: ["a\nBcc: x", "a\r", "ä", "\0"])
  func `a header value that could end the field is refused`(_ value: String) {
    var bad = Enhancement.sample
    bad.headers.append(HeaderField("X-Bad", value))
    #expect(throws: StepFailure.self) { try splicer.enhance(Fixture.asterisk.bytes, with: bad) }
  }
}
