import Audio
import Foundation
import TestSupport
import Testing
import Voicemail

@testable import Speech

/// What callers say is likelier to be heard.
@Suite struct Wording {
  @Test func `the table is a whole model, whose words the dictionary has`() throws {
    let lines = VoicemailWording.text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.first == "\\data\\" && lines.last == "" && lines.contains("\\end\\"))
    for order in 1...3 {
      let start = try #require(lines.firstIndex(of: "\\\(order)-grams:"))
      let entries = lines[(start + 1)...].prefix { !$0.isEmpty }
      #expect(lines.contains("ngram \(order)=\(entries.count)"))
      #expect(entries.count > 500)
      for entry in entries {
        let fields = entry.split(separator: " ")
        let probability = try #require(Double(fields[0]))
        #expect(probability <= 0)
        // A word, or what is left for others, stands behind the n-gram's last word.
        #expect((order + 1...order + 2).contains(fields.count), "\(entry)")
      }
    }
    let decoder = try PocketSphinxDecoder(.init())
    let start = try #require(lines.firstIndex(of: "\\1-grams:"))
    for entry in lines[(start + 1)...].prefix(while: { !$0.isEmpty }) {
      let word = String(entry.split(separator: " ")[1])
      #expect(["<s>", "</s>"].contains(word) || decoder.phonemes(of: word) != nil, "\(word)")
    }
  }

  /// The same decoder without the table: the model is named, so that it counts as another.
  private static let plain = PocketSphinxConfiguration(
    languageModel: "/usr/share/pocketsphinx/model/en-us/en-us.lm.bin")

  @Test func `a caller's sentences, said by a synthetic voice, are heard better with it`() throws {
    let sentences = [
      "Good afternoon, this is Susan Miller calling from the dentist's office.",
      "Please give me a call back as soon as you get this message.",
      "I am calling to confirm your appointment on Thursday at two thirty pm.",
      "Your prescription is ready for pickup at the pharmacy.",
      "The mechanic says your car needs new brakes and a battery.",
    ]
    let directory = try TemporaryDirectory()
    let with = try PocketSphinxEngine()
    let without = try PocketSphinxEngine(Self.plain)
    var (wrong, wrongWithout, words) = (0, 0, 0)
    for (number, sentence) in sentences.enumerated() {
      let path = directory.file("\(number).wav")
      let call = directory.file("\(number)-call.wav")
      let voice = ["awb", "rms", "slt"][number % 3]
      let flite = try ChildProcess("/usr/bin/flite", ["-voice", voice, "-t", sentence, "-o", path])
      #expect(flite.waitForExit(seconds: 30) == 0)
      let sox = try ChildProcess("/usr/bin/sox", ["-R", path, "-r", "8000", "-e", "mu-law", call])
      #expect(sox.waitForExit(seconds: 30) == 0)
      let recording = try Prompts.decode(call)
      let said = Spoken.words(sentence)
      words += said.count
      wrong += try Spoken.errors(said, Spoken.words(Self.text(with.recognize(recording))))
      wrongWithout += try Spoken.errors(said, Spoken.words(Self.text(without.recognize(recording))))
    }
    #expect(wrong < wrongWithout, "\(wrong) and \(wrongWithout) of \(words)")
  }

  private static func text(_ segments: [Segment]) -> String {
    segments.map { ($0.raw ?? $0.words).map(\.text).joined(separator: " ") }.joined(separator: " ")
  }
}
