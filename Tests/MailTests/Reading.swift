import Testing
import Voicemail

@testable import Mail

@Suite struct Reading {
  private let reader = GMimeReader()

  @Test(arguments: [Fixture.asterisk, Fixture.asterisk.withCRLF])
  func `an Asterisk mail has a text and a recording`(_ fixture: Fixture) throws {
    let facts = try reader.read(fixture.bytes)
    #expect(facts.contentType == "multipart/mixed")
    #expect(facts.headers.map(\.name).last == "Content-Type")
    #expect(facts.header("x-asterisk-callerid") == "07700900123")
    #expect(facts.parts.map(\.contentType) == ["text/plain", "audio/x-wav"])
    let audio = try #require(facts.parts.last)
    #expect(audio.index == 1)
    #expect(audio.disposition == "attachment")
    #expect(audio.filename == "msg0002.wav")
    #expect(audio.description == "Voicemail sound attachment.")
    let content = try reader.content(ofPart: 1, in: fixture.bytes)
    #expect(content.count == Fixture.wavSize)
    #expect(content.starts(with: "RIFF".utf8))
  }

  @Test func `the header section alone gives the same headers as the whole message`() throws {
    for fixture in Fixture.all {
      let whole = try reader.read(fixture.bytes)
      let end = HeaderSection(fixture.bytes).bodyStart
      let alone = reader.readHeaders(Array(fixture.bytes[..<end]))
      #expect(alone.headers == whole.headers)
      #expect(alone.contentType == whole.contentType)
      #expect(alone.parts.isEmpty)
    }
  }

  @Test func `VPIM parts tell the spoken name from the message`() throws {
    let facts = try reader.read(Fixture.voiceMessage.bytes)
    #expect(facts.contentType == "multipart/voice-message")
    #expect(
      facts.parts.map(\.dispositionParameters["voice"]) == [
        "Originator-Spoken-Name", "Voice-Message",
      ])
    #expect(facts.parts.last?.filename == "vm.726")
  }

  @Test func `two Content-Types and an unquoted file name still show the recording`() throws {
    let facts = try reader.read(Fixture.doubleContentType.bytes)
    #expect(facts.parts.map(\.contentType) == ["text/html", "audio/wav"])
    #expect(facts.parts.last?.filename?.hasPrefix("my") == true)
    #expect(
      try reader.content(ofPart: 1, in: Fixture.doubleContentType.bytes).count == Fixture.wavSize)
  }

  @Test func `parts of an attached message are nested`() throws {
    let facts = try reader.read(Fixture.nestedMessage.bytes)
    #expect(facts.parts.map(\.isNested) == [true, true])
  }

  @Test(arguments: [
    ("plain", "plain"), ("  a\r\n\tb  ", "a\tb"), ("=?utf-8?Q?J=C3=BCrgen?= x", "Jürgen x"),
    (
      "=?utf-8?B?\(String(repeating: "U3ByYWNo", count: 60))?=",
      String(repeating: "Sprach", count: 60)
    ),
    ("=?nonsense?Q?a?=", "a"), ("=?utf-8?Q?a=0D=0ABcc:_b?=", "a  Bcc: b"), ("", ""), ("=?", "=?"),
  ])
  func `header values are unfolded and decoded`(_ raw: String, _ value: String) {
    let facts = reader.readHeaders(Array("Subject:\(raw)\r\n\r\n".utf8))
    #expect(facts.header("Subject") == value)
  }

  @Test func `raw 8-bit header values are UTF-8 or else windows-1252`() {
    let latin = Array("X-Name: J".utf8) + [0xFC] + Array("rgen ".utf8) + [0x80, 0x81, 0x0A]
    #expect(reader.readHeaders(latin).header("X-Name") == "Jürgen €\u{81}")
    #expect(reader.readHeaders(Array("X-Name: Jürgen\n".utf8)).header("X-Name") == "Jürgen")
  }

  @Test(arguments: [
    "", "\n", "\r\n\r\n", "\r", "no header at all", ":\n", " folded from nothing\nA: b\n\n",
    "From a@b Thu\nSubject: x\n\nbody", "A: b", "A: b\r", "A\0B: c\0d\n\nx\0", "\0\0\0",
    "Content-Type: multipart/mixed\n\n--b\n\nx\n--b--\n",
    "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\nx\n----\n",
    "Content-Type: multipart/mixed; boundary=b\n\n--b",
    "Content-Type: multipart/mixed; boundary=b\n\n--b--",
    "Content-Type: ; boundary\n\nx", "Content-Type: message/rfc822\n\n",
    "Content-Type: multipart/mixed; boundary=b\r\r--b\r\rx\r--b--\r",
  ])
  func `any bytes give an answer`(_ message: String) throws {
    let bytes = Array(message.utf8)
    let facts = try reader.read(bytes)
    for part in facts.parts {
      _ = try reader.content(ofPart: part.index, in: bytes)
    }
    _ = try? MessageSplicer().enhance(bytes, with: .sample)
  }

  @Test func `a part that is not there is refused with its number`() {
    #expect(throws: StepFailure.permanent("mail: content of part 7: the message has 2")) {
      try reader.content(ofPart: 7, in: Fixture.asterisk.bytes)
    }
    #expect(throws: StepFailure.self) {
      try reader.content(ofPart: -1, in: Fixture.asterisk.bytes)
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: [300, 1_100, 3_000])
  func `deep nesting is survived`(_ depth: Int) throws {
    let opening = (0..<depth).map { "Content-Type: multipart/mixed; boundary=b\($0)\n\n--b\($0)\n" }
    let deep = Array((opening.joined() + "\ntext\n").utf8)
    // GMime gives up at 1,024 levels and shows no leaf then.
    #expect(try reader.read(deep).parts.count == (depth < 1_024 ? 1 : 0))
    let attached = Array(String(repeating: "Content-Type: message/rfc822\n\n", count: depth).utf8)
    _ = try reader.read(attached)
    _ = try? MessageSplicer().enhance(deep, with: .sample)
  }

  @Test(.timeLimit(.minutes(1)))
  func `ten thousand headers and parts are read`() throws {
    let headers = String(repeating: "To: a@example.org\n", count: 10_000)
    let parts = String(repeating: "--b\nContent-Type: audio/wav\n\nx\n", count: 10_000)
    let message = "\(headers)Content-Type: multipart/mixed; boundary=b\n\n\(parts)--b--\n"
    let facts = try reader.read(Array(message.utf8))
    #expect(facts.headers.count == 10_001)
    #expect(facts.parts.count == 10_000)
  }
}
