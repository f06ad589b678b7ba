import Audio
import Foundation
import Testing
import Voicemail

@testable import Speech

/// Telephone numbers that are spelled out.
@Suite struct Digits {
  /// Words of 50 frames each; `?` behind one: it is doubtful.
  private func heard(_ text: String) -> [DecodedWord] {
    text.split(separator: " ").enumerated().map { place, word in
      DecodedWord(
        text: String(word.filter { $0 != "?" }), frames: place * 50...place * 50 + 49,
        confidence: word.hasSuffix("?") ? 0.2 : 0.9)
    }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var first: String
    var again: String
    var mended: String

    var testDescription: String { first }
  }

  @Test(
    arguments: [
      // As many digits as words: each stands for its word.
      Case(
        first: "nine polar client eight zero seven three",
        again: "nine four five eight zero seven three",
        mended: "nine four five eight zero seven three"),
      // A digit stays as it was heard first.
      Case(
        first: "nine polar two(2) eight zero seven three",
        again: "one four three eight zero seven three",
        mended: "nine four two(2) eight zero seven three"),
      // A doubtful word on the side makes it a whole number.
      Case(
        first: "call flying? nine to? eight two five nine",
        again: "_ five nine two eight two five nine",
        mended: "call five nine two eight two five nine"),
      // It is not taken when nothing is heard in its time.
      Case(
        first: "call flying? nine to? eight two five nine",
        again: "_ _ nine two eight two five nine",
        mended: "call flying? nine two eight two five nine"),
      // One on the side that is sure is no digit.
      Case(
        first: "at nine to five two five nine",
        again: "eight nine two five two five nine",
        mended: "at nine to five two five nine"),
      // Fillers are no words.
      Case(
        first: "nine <sil> polar client eight [NOISE] zero seven three",
        again: "nine _ four five eight _ zero seven three",
        mended: "nine <sil> four five eight [NOISE] zero seven three"),
    ])
  func `words between digits become digits where they are heard`(_ known: Case) {
    let spoken = SpokenDigits(heard(known.first))
    let again = heard(known.again).filter { $0.text != "_" }
    let mended = spoken.mended(spoken.runs.map { ($0, again) })
    #expect(mended.map(\.text) == heard(known.mended).map(\.text))
    #expect(mended.map(\.confidence) == heard(known.first).map(\.confidence))
  }

  @Test(
    arguments: [
      "", "nine", "nine to five", "one or two or three of them",
      "press one for sales two for service",
      "five five five oh one nine eight", "three my number is four one two",
      "three thirty for four people at ten past one", "<sil> <sil>", "? ? one ? ? two",
    ])
  func `other numbers are not heard again`(_ text: String) {
    #expect(SpokenDigits(heard(text)).runs.isEmpty)
  }

  /// The digits of Asterisk's prompts, said by a person, as telephone numbers.
  @Test func `numbers of human digits are heard better than without`() throws {
    let names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    var chance = Numbers(state: 5)
    var decoder = try PocketSphinxDecoder(.init())
    var (wrong, wrongWithout) = (0, 0)
    for length in [7, 10, 7, 10, 7, 10] {
      let number = (0..<length).map { _ in Int(chance.next() % 10) }
      let samples = try number.flatMap { try Prompts.recording("digits/\($0)").samples }
      let (prepared, adaptation) = TelephoneBand(samples, [0..<samples.count]).prepare(
        samples[...])
      try decoder.adapt(to: adaptation)
      let said = number.map { names[$0] }
      let plain = try decoder.decode(prepared)
      let heard = try PocketSphinxEngine.hearDigits(of: prepared, in: plain, by: decoder)
      wrongWithout += Self.wrong(said, plain)
      wrong += Self.wrong(said, heard)
    }
    #expect(wrong < wrongWithout, "\(wrong) and \(wrongWithout) of 51")
  }

  private static func wrong(_ said: [String], _ heard: [DecodedWord]) -> Int {
    Spoken.errors(said, heard.compactMap { SegmentWriter.spoken($0.text) })
  }

  /// The same ones every time.
  private struct Numbers {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
  }
}
