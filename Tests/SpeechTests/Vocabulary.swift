import Audio
import Foundation
import TestSupport
import Testing
import Voicemail

@testable import Speech

/// Names that the models have never heard of.
@Suite struct VocabularyOfPocketSphinx {
  private static let names = ["Yara Contoso", "Adatum", "Fitzgibbons"]

  /// Said by one of flite's voices.
  private static func spoken(_ text: String) throws -> Recording {
    let directory = try TemporaryDirectory()
    let path = directory.file("said.wav")
    let flite = try ChildProcess("/usr/bin/flite", ["-voice", "slt", "-t", text, "-o", path])
    #expect(flite.waitForExit(seconds: 30) == 0)
    return try Prompts.decode(path)
  }

  private static func heard(
    _ engine: PocketSphinxEngine, _ recording: Recording, _ vocabulary: [String]
  ) throws -> [String] {
    try engine.recognize(
      SpeechRequest(recording, vocabulary: vocabulary, deadline: .now + .seconds(60))
    ).segments.flatMap(\.segment.words).map(\.text)
  }

  @Test func `are heard when the vocabulary has them, and only then, as it writes them`() throws {
    let engine = try PocketSphinxEngine()
    let order = try Self.spoken("The order from Adatum is ready for pickup.")
    let call = try Self.spoken("Hello, this is Miss Fitzgibbons, please call back.")
    #expect(try !Self.heard(engine, order, []).contains("Adatum"))
    #expect(try Self.heard(engine, order, Self.names).contains("Adatum"))
    // The dictionary has it, the language model has not.
    #expect(try Self.heard(engine, call, Self.names).contains("Fitzgibbons"))
    // A message of another policy knows nothing of them.
    let others = try Self.heard(engine, order, ["Fabrikam"])
    #expect(others.contains("order") && !others.contains("Adatum"), "\(others)")
  }

  @Test func `many of them are not heard where others speak`() throws {
    let engine = try PocketSphinxEngine()
    let syllables = ["ka", "ro", "mi", "tel", "von", "sha", "dri", "bex", "lun", "pas"]
    let many = syllables.flatMap { one in syllables.map { one.capitalized + $0 + "ko" } }
    for known in Recognition.cases.prefix(2) {
      let recording = try Prompts.recording(known.prompt)
      let plain = try Self.heard(engine, recording, [])
      #expect(try Self.heard(engine, recording, many) == plain)
    }
  }

  @Test func `what cannot be said is told`() throws {
    let engine = try PocketSphinxEngine()
    #expect(
      try engine.unsaid(of: ["Yara, Zoë & José Müller", "please call", "東京", "4711", "O'Shea-IBM"])
        == ["東京"])
    #expect(
      PocketSphinxVocabulary.words(of: ["St. Mary-Anne", "X 25", "mary"]) == ["St", "Mary", "Anne"])
    #expect(Pronunciations.phonemes("pau y aa r ax pau") == "Y AA R AH")
    #expect(Pronunciations.phonemes("pau q aa pau") == nil)
    #expect(Pronunciations.phonemes("pau pau") == nil)
  }
}
