import Testing
import Voicemail

@testable import Speech

@Suite struct Segments {
  @Test(
    arguments: [
      ("your(2)", "your"), ("a", "a"), ("<sil>", nil), ("</s>", nil), ("[NOISE]", nil),
      ("++UM++", nil), ("", nil), ("(2)", nil), ("i'm", "i'm"),
    ] as [(String, String?)])
  func `only words are kept`(_ raw: String, _ word: String?) {
    #expect(SegmentWriter.spoken(raw) == word)
  }

  @Test func `a pause makes a sentence, and only I changes its case`() {
    let words = [
      Word(text: "hi", start: 0, end: 0.3, confidence: 1),
      Word(text: "i'm", start: 0.3, end: 0.5, confidence: 0.5),
      Word(text: "it", start: 0.5, end: 0.6, confidence: 0),
      Word(text: "call", start: 1.3, end: 1.5, confidence: 0.25),
      Word(text: "i", start: 1.5, end: 1.6, confidence: 0.75),
      Word(text: "a.m.", start: 2.0, end: 2.1, confidence: 0.5),
    ]
    let segments = SegmentWriter.segments(words, isEnglish: true)
    #expect(segments.map(\.text) == ["Hi I'm it.", "Call I a.m."])
    #expect(segments.map(\.confidence) == [0.5, 0.5])
    #expect(segments.map(\.start) == [0, 1.3])
    #expect(segments.map(\.end) == [0.6, 2.1])
    #expect(segments[0].words.map(\.text) == ["Hi", "I'm", "it"])
    #expect(SegmentWriter.segments([], isEnglish: true).isEmpty)
  }

  @Test func `numbers are digits in English, and what was heard is kept`() {
    let words = ["call", "five", "five", "five"].enumerated().map { index, text in
      Word(
        text: text, start: Double(index), end: Double(index) + 0.9,
        confidence: 1 - Double(index) / 4)
    }
    let english = SegmentWriter.segments(words, isEnglish: true)
    #expect(english.map(\.text) == ["Call 555."])
    #expect(english[0].words.map(\.confidence) == [1, 0.25])
    #expect(english[0].words[1].start == 1 && english[0].words[1].end == 3.9)
    #expect(english[0].raw == words)
    let other = SegmentWriter.segments(words, isEnglish: false)
    #expect(other.map(\.text) == ["Call five five five."])
    #expect(other[0].raw == nil)
  }

  @Test func `days, months and titles have their capitals, in English`() {
    let words = ["on", "monday's", "may", "i", "ask", "dr.", "march"].enumerated().map {
      Word(text: $1, start: Double($0) * 0.3, end: Double($0 + 1) * 0.3, confidence: 1)
    }
    #expect(
      SegmentWriter.segments(words, isEnglish: true).map(\.text)
        == ["On Monday's may I ask Dr. march."])
    #expect(
      SegmentWriter.segments(words, isEnglish: false).map(\.text)
        == ["On monday's may i ask dr. march."])
  }
}
