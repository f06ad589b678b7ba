import Testing
import Voicemail

@testable import Speech

/// Text of engines that know neither case nor punctuation.
@Suite struct BareTexts {
  private static func heard(_ text: String, words: [Word] = []) -> HeardSegment {
    HeardSegment(
      Segment(start: 1, end: 4, text: text, confidence: 0.5, words: words), noSpeech: 0.1,
      speechSeconds: 2)
  }

  private static func written(_ texts: String..., isEnglish: Bool = true) -> [String] {
    BareText.written(texts.map { heard($0) }, isEnglish: isEnglish).map(\.segment.text)
  }

  @Test(arguments: [
    ("please call me back", "Please call me back."),
    ("this is i'm on monday", "This is I'm on Monday."),
    ("call five five five oh one nine eight", "Call 555-0198."),
    ("at twenty five past three", "At 25 past three."), ("call 555 0198", "Call 555 0198."),
    ("über-uns", "Über-uns."), ("bye", "Bye."),
  ])
  func `becomes a sentence`(_ text: String, _ sentence: String) {
    #expect(Self.written(text) == [sentence])
  }

  @Test(arguments: [
    "Please call me back", "please call me, thanks", "please call me back.", "call Bob", "why?",
    "555 0198", "...", "", "请给我回电话", "我是 bob", "¿por qué", "call me at 5 p.m",
  ])
  func `what has capitals or marks of its own stays as it is`(_ text: String) {
    #expect(BareText.written([Self.heard(text)], isEnglish: true) == [Self.heard(text)])
  }

  @Test func `so does all of an answer where one segment has them`() {
    #expect(Self.written("hello there", "Bob") == ["hello there", "Bob"])
    #expect(Self.written("hello there", "bob") == ["Hello there.", "Bob."])
  }

  @Test func `numbers are digits in English alone`() {
    #expect(Self.written("five five five", isEnglish: false) == ["Five five five."])
  }

  @Test func `the raw text is kept; nobody makes times up`() {
    let heard = Self.heard("call five five five")
    let written = BareText.written([heard], isEnglish: true)
    #expect(written.count == 1)
    #expect(written[0].segment.words.isEmpty)
    #expect(
      written[0].segment.raw
        == [Word(text: "call five five five", start: 1, end: 4, confidence: 0.5)])
    #expect((written[0].segment.start, written[0].segment.end) == (1, 4))
    #expect(written[0].segment.confidence == 0.5)
    #expect((written[0].noSpeech, written[0].speechSeconds) == (0.1, 2))
  }

  @Test func `words with times are written with it, and a pause ends a sentence`() {
    let words = ["call", "five", "five", "five", "thanks"].enumerated().map { index, text in
      Word(
        text: text, start: Double(index) + (index == 4 ? 3 : 0), end: Double(index) + 0.9,
        confidence: 1 - Double(index) / 8)
    }
    let text = words.map(\.text).joined(separator: " ")
    let written = BareText.written([Self.heard(text, words: words)], isEnglish: true)
    #expect(written.map(\.segment.text) == ["Call 555.", "Thanks."])
    #expect(written.map(\.segment.start) == [0, 7])
    #expect(written[0].segment.words.map(\.text) == ["Call", "555"])
    #expect(written[0].segment.words.map(\.confidence) == [1, 0.625])
    #expect(written[0].segment.raw == Array(words.prefix(4)))
    #expect(written[1].segment.raw == [words[4]])
    #expect(written.allSatisfy { $0.noSpeech == 0.1 })
  }

  @Test func `words that are not the text are left out`() {
    let some = [Word(text: "call", start: 1, end: 2, confidence: 0.9)]
    let written = BareText.written([Self.heard("please call", words: some)], isEnglish: true)
    #expect(written.map(\.segment.text) == ["Please call."])
    #expect(written[0].segment.words.isEmpty)
  }
}
