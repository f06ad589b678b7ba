import Foundation
import TestSupport
import Testing

@testable import Speech
@testable import Voicemail

/// The reader sees an engine's text, whatever its words are.
@Suite struct ShownText {
  struct Case: CustomTestStringConvertible, Sendable {
    var side: FarSide
    var what: String
    var body: String
    var text: String
    /// What is known of single words; none where they are not those of the text.
    var words: [String]

    init(_ side: FarSide, _ what: String, text: String, words: [String], _ body: String) {
      (self.side, self.what, self.body, self.text) = (side, what, body, text)
      self.words = words
    }
    var testDescription: String { "\(side.rawValue): \(what)" }
  }

  static let cases: [Case] = [
    // @ is the first byte of a character, & its second.
    Case(
      .whisperServer, "a character that two tokens share", text: "Größe, please.",
      words: ["Größe,", "please."],
      #"""
      {"text":"x","segments":[{"text":" Größe, please.","start":0.1,"end":1.6,"avg_logprob":-0.1,
      "words":[{"word":" Gr","start":0.1,"end":0.2,"probability":0.9},
      {"word":"@","start":0.2,"end":0.3,"probability":0.9},
      {"word":"&","start":0.2,"end":0.3,"probability":0.9},
      {"word":"ße","start":0.3,"end":0.5,"probability":0.9},
      {"word":",","start":0.5,"end":0.5,"probability":0.9},
      {"word":" please","start":0.6,"end":1.5,"probability":0.5},
      {"word":".","start":1.5,"end":1.6,"probability":0.5}]}]}
      """#),
    Case(
      .openai, "words without punctuation", text: "Hello, Dr. Yara! It's 5:30.",
      words: ["Hello,", "Dr.", "Yara!", "It's", "5:30."],
      #"""
      {"text":"x","segments":[{"text":" Hello, Dr. Yara! It's 5:30.","start":0.1,"end":1.6,
      "avg_logprob":-0.1}],"words":[{"word":"Hello","start":0.1,"end":0.3},
      {"word":"Dr","start":0.3,"end":0.4},{"word":"Yara","start":0.4,"end":0.6},
      {"word":"It's","start":0.7,"end":0.8},{"word":"5","start":0.9,"end":1.0},
      {"word":"30","start":1.0,"end":1.5}]}
      """#),
    Case(
      .openai, "a word beside all segments", text: "Hello there.", words: [],
      #"""
      {"text":"x","segments":[{"text":" Hello there.","start":0.5,"end":1.6,"avg_logprob":-0.1}],
      "words":[{"word":"Hello","start":0.1,"end":0.3},{"word":"there","start":0.6,"end":0.9}]}
      """#),
    Case(
      .deepgram, "a mark that belongs to no word", text: "Call me - 555.",
      words: ["Call", "me", "- 555."],
      #"""
      {"results":{"channels":[],"utterances":[{"start":0.1,"end":1.6,"confidence":0.9,
      "transcript":"Call me - 555.","words":[{"word":"call","start":0.1,"end":0.3,"confidence":0.9},
      {"word":"me","start":0.3,"end":0.5,"confidence":0.9},
      {"word":"555","start":0.5,"end":1.5,"confidence":0.9}]}]}}
      """#),
    Case(
      .azure, "words that one piece of the text holds", text: "你好世界", words: ["你好世界"],
      #"""
      {"phrases":[{"offset":100,"duration":1500,"text":"你好世界","confidence":0.9,"words":[
      {"text":"你好","offset":100,"duration":500},{"text":"世界","offset":600,"duration":500}]}]}
      """#),
    Case(
      .google1, "fewer words than the text has", text: "Hello there", words: [],
      #"""
      {"results":[{"alternatives":[{"transcript":"Hello there","confidence":0.9,"words":[
      {"startTime":"0.1s","endTime":"0.4s","word":"Hello","confidence":0.8}]}]}]}
      """#),
    Case(
      .google2, "other words than the text has", text: "Call 555", words: [],
      #"""
      {"results":[{"alternatives":[{"transcript":"Call 555","confidence":0.9,"words":[
      {"startOffset":"0.1s","endOffset":"0.4s","word":"call","confidence":0.8},
      {"startOffset":"0.4s","endOffset":"0.6s","word":"five","confidence":0.8}]}]}]}
      """#),
    Case(
      .amazonResult, "a punctuation mark of its own", text: "Hello, there.",
      words: ["Hello,", "there."],
      #"""
      {"results":{"items":[
      {"type":"pronunciation","start_time":"0.1","end_time":"0.3",
       "alternatives":[{"confidence":"0.9","content":"Hello"}]},
      {"type":"punctuation","alternatives":[{"content":","}]},
      {"type":"pronunciation","start_time":"0.4","end_time":"0.6",
       "alternatives":[{"confidence":"0.9","content":"there"}]},
      {"type":"punctuation","alternatives":[{"content":"."}]}]}}
      """#),
  ]

  @Test(arguments: cases) func `is that of a service`(_ item: Case) throws {
    let body = item.body.utf8.map { byte in
      byte == UInt8(ascii: "@") ? 0xC3 : byte == UInt8(ascii: "&") ? 0xB6 : byte
    }
    let scene = try item.side.open([
      .reply(200, headers: ["Content-Type: application/json"], body: body)
    ])
    try expect(item.text, item.words, try scene.engine.recognize(Engines.request(Engines.short)))
  }

  @Test(arguments: [
    (
      EngineConfiguration.Kind.command, "Please call me.", [String](),
      #"{"segments":[{"start":0.2,"end":1.5,"text":"Please call me.","confidence":0.7,"#
        + #""words":[{"word":"Please","start":0.2,"end":0.6,"confidence":0.8}]}]}"#
    ),
    (
      .command, "Guten Tag!", ["Guten", "Tag!"],
      #"{"segments":[{"start":0.2,"end":1.5,"text":"Guten Tag!","words":["#
        + #"{"word":"guten","confidence":0.8},{"word":"tag","confidence":0.8}]}]}"#
    ),
    // Nothing is measured: then nothing is doubted.
    (
      .command, "Guten Tag!", [],
      #"{"segments":[{"text":"Guten Tag!","words":[{"word":"guten"},{"word":"tag"}]}]}"#
    ),
    (
      .whisperCLI, "Größe, please.", ["Größe,", "please."],
      #"{"transcription":[{"offsets":{"from":100,"to":1500},"text":" Größe, please.","tokens":["#
        + #"{"text":" Gr","p":0.9},{"text":"\303","p":0.9},{"text":"\266","p":0.9},"#
        + #"{"text":"ße","p":0.9},{"text":",","p":0.9},{"text":" please","p":0.5},"#
        + #"{"text":".","p":0.5}]}]}"#
    ),
  ])
  func `is that of a program`(
    _ kind: EngineConfiguration.Kind, _ text: String, _ words: [String], _ json: String
  ) throws {
    let directory = try TemporaryDirectory()
    // printf writes the bytes that \303 and \266 name.
    try ChildProcess.install(
      script: "cat >/dev/null; printf '\(json)\\n'", at: directory.file("engine"))
    var configuration = EngineConfiguration(name: "tested", kind: kind)
    configuration.program = [directory.file("engine")]
    configuration.memoryBytes = 1 << 30
    let engine = try RemoteEngine(configuration)
    try expect(text, words, try engine.recognize(Engines.request(Engines.short)))
  }

  @Test func `is that of the embedded engine`() throws {
    let said = "please call double five five at three thirty p.m."
    let heard = said.split(separator: " ").enumerated().map { index, text in
      Word(text: String(text), start: Double(index) / 4, end: Double(index + 1) / 4, confidence: 1)
    }
    let segments = SegmentWriter.segments(heard, isEnglish: true)
    try expect(
      "Please call 555 at 3:30 p.m.", ["Please", "call", "555", "at", "3:30", "p.m."],
      SpeechAnswer(segments.map { HeardSegment($0) }, language: "en-US"))
  }

  /// As the mail shows it, and without doubt where the engine has none.
  private func expect(_ text: String, _ words: [String], _ answer: SpeechAnswer) throws {
    let segments = answer.segments.map(\.segment)
    var budget = 1_000
    let runs = SpokenText(segments, budget: &budget).paragraphs.flatMap(\.runs)
    #expect(runs.map { $0.text + $0.ending }.joined(separator: " ") == text)
    #expect(runs.map(\.isDoubtful) == runs.map { _ in false })
    #expect(segments.flatMap(\.words).map(\.text) == words)
    var transcript = Transcript(status: .ok, segments: segments)
    transcript.confidence = Transcriber.meanConfidence(segments)
    #expect(TranscriptJudgement.status(transcript) == .ok)
  }
}
