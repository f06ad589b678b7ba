import Testing
import Voicemail

@testable import Mail

/// An enhancement like those of the product, with text beyond ASCII in both blocks.
let enhancement = Enhancement(
  headers: [
    HeaderField(
      "Received", "by pbx.example (voicemail-milter) with ESMTP id 4711; Thu, 06 Aug 2026"),
    HeaderField("X-Voicemail-Transcript", "ok"),
  ],
  removedHeaders: ["X-Voicemail-Transcript"],
  text: "\"Hi, it's Zoë from Müller.\"\n\nFrom      Zoë\n",
  html: "<div lang=\"en\"><p>Hi, it's Zoë from Müller.</p></div>\n", language: "en")

@Suite struct Enhancing {
  private let splicer = MessageSplicer()
  private let reader = GMimeReader()

  @Test(arguments: Fixture.all)
  func `every fixture is enhanced and keeps its recordings`(_ fixture: Fixture) throws {
    let output = try splicer.enhance(fixture.bytes, with: enhancement)
    let before = try reader.read(fixture.bytes)
    let after = try reader.read(output)
    let recordings = try before.parts.filter { $0.contentType.hasPrefix("audio/") }.map {
      try reader.content(ofPart: $0.index, in: fixture.bytes)
    }
    let kept = try after.parts.filter { $0.contentType.hasPrefix("audio/") }.map {
      try reader.content(ofPart: $0.index, in: output)
    }
    #expect(kept == recordings)
    #expect(after.headers.first?.name == "Received")
    #expect(after.parts.filter { $0.contentType == "text/plain" && !$0.isNested }.count >= 1)
  }
}
