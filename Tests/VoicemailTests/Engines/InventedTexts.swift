import Testing

@testable import Voicemail

/// One test for each rule: what it takes out, and what it must leave in.
@Suite struct InventedTexts {
  private func segment(_ text: String, _ start: Double = 0, _ end: Double = 10) -> HeardSegment {
    HeardSegment(Segment(start: start, end: end, text: text, confidence: 0.8, words: []))
  }
  private func rule(_ heard: HeardSegment, speech: Double = 5, told: [String] = [])
    -> InventedText.Verdict?
  {
    InventedText(speechSeconds: speech, vocabulary: told).verdict(heard)
  }

  @Test func `silence by the engine's own measure`() {
    var heard = segment("hello this is anna")
    (heard.noSpeech, heard.averageLogProbability) = (0.7, -1.2)
    #expect(rule(heard) == .dropped(.noSpeech))
    // Sure of its words, it is believed.
    heard.averageLogProbability = -0.3
    #expect(rule(heard) == nil)
    heard.noSpeech = 0.85
    #expect(rule(heard) == .marked(.noSpeech))
    (heard.noSpeech, heard.averageLogProbability) = (0.1, -1.2)
    #expect(rule(heard) == .marked(.failedDecoding))
  }

  @Test func `compression`() {
    var heard = segment("hello this is anna")
    heard.compressionRatio = 2.5
    #expect(rule(heard) == .dropped(.compression))
    heard.compressionRatio = 2.3
    #expect(rule(heard) == nil)
  }

  @Test(arguments: [
    "so so so so so so so so", "I am here. I am here. I am here. I am here.",
    "the door is the door is the door is the door is",
    "please call me back please call me back please call me back please call me back",
  ])
  func `the same words over and over`(text: String) {
    #expect(rule(segment(text)) == .dropped(.repetition))
  }

  private static let said = """
    This is Anna from the office, I wanted to tell you that the door is open until six, so come \
    whenever you like and bring the keys.
    """

  @Test(arguments: [
    ("", " Bye, bye, bye, bye, bye, bye, bye, bye.", " bye."),
    ("", " I am here. I am here. I am here. I am here.", " I am here."),
    ("Thank you. Thank you. Thank you. Thank you. ", "", "Thank you. "),
    ("no no no no no no no no, ", " Good-bye. Good-bye. Good-bye. Good-bye.", " Good-bye."),
  ])
  func `a loop beside much else is cut to its last turn`(
    _ before: String, _ after: String, _ left: String
  ) throws {
    var heard = segment(before + Self.said + after, 0, 33)
    heard.segment.words = heard.segment.text.split(separator: " ").map {
      Word(text: String($0), start: 0, end: 1, confidence: 0.9)
    }
    let checked = InventedText(speechSeconds: 25).check(SpeechAnswer([heard], language: "en"))
    let kept = try #require(checked.segments.first)
    #expect(kept.text.contains(Self.said) && kept.text.contains(left))
    #expect(kept.text.count < Self.said.count + 15)
    #expect(kept.words.map(\.text).joined(separator: " ") == kept.text)
    #expect(checked.remarks == ["cut segments: 1: the same words over and over"])
    heard.segment.words.removeFirst()
    #expect(LoopedText.cut(heard.segment)?.words == [])
  }

  @Test func `a loop with little else is dropped with it`() {
    let heard = segment("Hello there. " + String(repeating: "Thank you. ", count: 9))
    let checked = InventedText(speechSeconds: 9).check(SpeechAnswer([heard], language: "en"))
    #expect(checked.segments == [])
    #expect(checked.remarks == ["dropped segments: 1: the same words over and over"])
  }

  @Test(arguments: [
    "five five five five five five five five five", "555 555 555 555", "no no no no",
    "call me call me please, call me", "one two one two one two one two",
  ])
  func `callers repeat themselves too, and numbers do`(text: String) {
    #expect(rule(segment(text)) == nil)
  }

  @Test(arguments: [
    "Thank you.", "Thanks for watching!", "Subtitles by the Amara.org community", "you",
    "Untertitel der Amara.org-Community", "Sous-titrage ST' 501", "[Music]",
  ])
  func `a subtitle's phrase on next to nothing`(text: String) {
    #expect(rule(segment(text), speech: 0.7) == .dropped(.subtitle))
    // A caller who says it is heard.
    #expect(rule(segment(text), speech: 3) == nil)
  }

  @Test(arguments: ["Okay.", "Bye.", "Thank you."])
  func `a farewell that somebody speaks is none`(text: String) {
    var heard = segment(text, 20, 20.7)
    heard.speechSeconds = 0.5
    #expect(rule(heard) == nil)
    heard.noSpeech = 0.7
    #expect(rule(heard) == .dropped(.subtitle))
    (heard.noSpeech, heard.segment.end) = (nil, 24)
    #expect(rule(heard) == .dropped(.subtitle))
  }

  @Test func `text where nobody speaks`() {
    var heard = segment("and then we went to the market", 2, 6)
    heard.speechSeconds = 0
    #expect(rule(heard) == .dropped(.silence))
    heard.segment.text = "call me"
    #expect(rule(heard) == .marked(.silence))
    heard.noSpeech = 0.7
    #expect(rule(heard) == .dropped(.silence))
    (heard.speechSeconds, heard.noSpeech) = (2, nil)
    #expect(rule(heard) == nil)
  }

  @Test func `more words than can be said`() {
    let many = (1...40).map { "word\($0)" }.joined(separator: " ")
    #expect(rule(segment(many, 0, 4)) == .dropped(.tooFast))
    #expect(rule(segment(many, 0, 10)) == nil)
    // Without times the whole is measured.
    let whole = SpeechAnswer([segment(many, 0, 0)], language: "en")
    #expect(InventedText(speechSeconds: 4).check(whole).segments == [])
    #expect(InventedText(speechSeconds: 9).check(whole).segments.count == 1)
  }

  @Test func `the vocabulary read back`() {
    let told = ["Yara Okonkwo", "Contoso"]
    #expect(rule(segment("Yara Okonkwo, Contoso."), speech: 0.5, told: told) == .dropped(.echo))
    #expect(rule(segment("Yara Okonkwo, Contoso."), speech: 3, told: told) == nil)
  }

  @Test func `the same segment again and again`() {
    let line = segment("I'll call you later", 0, 2)
    let answer = SpeechAnswer([line, line, line, line], language: "en")
    let checked = InventedText(speechSeconds: 8).check(answer)
    #expect(checked.segments == [])
    #expect(checked.remarks == ["dropped segments: 4: the same words over and over"])
  }

  @Test func `what is said before and after it stays`() {
    let line = segment("I'll call you later", 0, 2)
    let other = segment("this is anna", 0, 2)
    let twice = segment("please do", 0, 2)
    let answer = SpeechAnswer(
      [other, line, line, line, line, line, twice, twice, other], language: "en")
    let checked = InventedText(speechSeconds: 18).check(answer)
    #expect(
      checked.segments.map(\.text) == ["this is anna", "please do", "please do", "this is anna"])
    #expect(checked.remarks == ["dropped segments: 5: the same words over and over"])
    // In turns as well.
    let turns = SpeechAnswer(
      [other] + (1...4).flatMap { _ in [line, twice] } + [other], language: "en")
    #expect(
      InventedText(speechSeconds: 18).check(turns).segments.map(\.text)
        == ["this is anna", "this is anna"])
    let words = (1...5).map { _ in segment("no", 0, 1) }
    #expect(
      InventedText(speechSeconds: 18).check(SpeechAnswer(words, language: "en")).segments.count == 5
    )
    // However much it is, it does not make the rest too much.
    let flood = SpeechAnswer([other] + Array(repeating: line, count: 50), language: "en")
    #expect(InventedText(speechSeconds: 2).check(flood).segments.map(\.text) == ["this is anna"])
  }

  @Test func `what is dropped is told by rule and number; what is marked shows as doubtful`() {
    var doubtful = segment("maybe so", 0, 3)
    doubtful.averageLogProbability = -1.5
    doubtful.segment.words = [Word(text: "maybe", start: 0, end: 1, confidence: 0.9)]
    var silent = segment("we went to the old market", 4, 8)
    silent.speechSeconds = 0
    let answer = SpeechAnswer([segment("hello", 0, 1), doubtful, silent], language: "en")
    let checked = InventedText(speechSeconds: 5).check(answer)
    #expect(checked.segments.map(\.text) == ["hello", "maybe so"])
    #expect(checked.segments[1].confidence == InventedText.markedConfidence)
    #expect(checked.segments[1].words[0].confidence == InventedText.markedConfidence)
    #expect(
      checked.remarks == [
        "doubted segments: 1: the engine failed on it",
        "dropped segments: 1: text where nobody speaks",
      ])
  }
}
