import Audio
import Foundation
import Speech
import Testing
import Voicemail

@Suite struct Recognition {
  struct Case: Sendable, CustomTestStringConvertible {
    var prompt: String
    var words: [String]

    var testDescription: String { prompt }
  }

  static let cases = [
    Case(
      prompt: "vm-saveoper",
      words: ["press", "accept", "this", "recording", "otherwise", "please", "continue", "hold"]),
    Case(
      prompt: "vm-instructions",
      words: ["look", "into", "your", "messages", "press", "quit", "any", "time", "pound", "key"]),
    Case(
      prompt: "ss-noservice",
      words: ["number", "you", "have", "dialed", "please", "check", "try", "again"]),
    Case(
      prompt: "demo-nogo",
      words: ["afraid", "unable", "create", "connection", "demonstration", "asterisk", "console"]),
  ]

  @Test(arguments: cases)
  func `known prompts are understood`(_ known: Case) throws {
    let segments = try SharedEngine.recognize(try Prompts.recording(known.prompt))
    let heard = segments.flatMap(\.words).map { $0.text.lowercased() }
    for word in known.words { #expect(heard.contains(word), "\(heard)") }
  }

  @Test(arguments: cases)
  func `known prompts are understood through the codec of wav49`(_ known: Case) throws {
    let segments = try SharedEngine.recognize(try Prompts.gsmRecording(known.prompt))
    let heard = Set(segments.flatMap(\.words).map { $0.text.lowercased() })
    let missed = known.words.filter { !heard.contains($0) }
    #expect(missed.count <= known.words.count / 4, "\(missed) not in \(heard)")
  }

  @Test func `words, times and confidence are in order`() throws {
    let recording = try Prompts.recording("queue-periodic-announce")
    let segments = try SharedEngine.recognize(recording)
    let words = segments.flatMap(\.words)
    #expect(words.count > 10)
    for word in words {
      #expect(word.start < word.end && word.end <= recording.durationSeconds)
      #expect((0...1).contains(word.confidence))
      #expect(!word.text.isEmpty && !word.text.contains("(") && !word.text.contains("<"))
    }
    for (one, next) in zip(words, words.dropFirst()) { #expect(one.end <= next.start + 0.001) }
    for segment in segments {
      #expect(segment.start == segment.words.first?.start)
      #expect(segment.end == segment.words.last?.end)
      #expect(segment.text.first?.isUppercase == true)
      #expect(segment.text.hasSuffix("."))
      let mean = segment.words.reduce(0) { $0 + $1.confidence } / Double(segment.words.count)
      #expect(abs(segment.confidence - mean) < 1e-9)
    }
  }

  @Test func `five seconds of silence before the speech move its words by five seconds`() throws {
    let prompt = try Prompts.recording("ss-noservice")
    let plain = try SharedEngine.recognize(prompt).flatMap(\.words)
    let silence = [Int16](repeating: 0, count: 5 * 16_000)
    let late = try SharedEngine.recognize(Prompts.recording(of: silence + prompt.samples))
      .flatMap(\.words)
    let first = try #require(plain.first)
    let moved = try #require(late.first)
    #expect(abs(moved.start - first.start - 5) < 0.3)
    let last = try #require(plain.last)
    let movedLast = try #require(late.last)
    #expect(abs(movedLast.end - last.end - 5) < 0.3)
  }

  @Test func `a long pause makes two segments with true times`() throws {
    let first = try Prompts.recording("vm-saveoper")
    let second = try Prompts.recording("ss-noservice")
    let pause = [Int16](repeating: 0, count: 4 * 16_000)
    let segments = try SharedEngine.recognize(
      Prompts.recording(of: first.samples + pause + second.samples))
    #expect(segments.first?.text.hasPrefix("Press one to accept this recording") == true)
    let later = segments.filter { $0.start > first.durationSeconds + 3.9 }
    #expect(later.first?.text.contains("number you have") == true)
    #expect(segments.allSatisfy { $0.end < first.durationSeconds || later.contains($0) })
  }

  @Test func `the same recording gives the same words every time`() throws {
    let recording = try Prompts.recording("conf-getpin")
    let once = try SharedEngine.recognize(recording)
    _ = try SharedEngine.recognize(try Prompts.recording("vm-goodbye"))
    let again = try SharedEngine.recognize(recording)
    #expect(once == again)
  }

  @Test func `without speech there are no words`() throws {
    #expect(try SharedEngine.recognize(Prompts.recording(of: [])).isEmpty)
    let silence = [Int16](repeating: 0, count: 48_000)
    #expect(try SharedEngine.recognize(Prompts.recording(of: silence)).isEmpty)
    let click = silence + [32767, -32768, 32767] + silence
    #expect(try SharedEngine.recognize(Prompts.recording(of: click)).isEmpty)
  }

  @Test func `a missing model is named with its path and package`() {
    let wrong = PocketSphinxConfiguration(languageModel: "/nowhere/en-us.lm.bin")
    let error = #expect(throws: StepFailure.self) { try PocketSphinxEngine(wrong) }
    #expect(
      error
        == .permanent(
          "[transcription] language_model: no language model at /nowhere/en-us.lm.bin; "
            + "for the usual one apt install pocketsphinx-en-us and leave it empty"))
    for configuration in [
      PocketSphinxConfiguration(acousticModel: "/tmp"),
      PocketSphinxConfiguration(dictionary: "/nowhere/cmudict.dict"),
    ] {
      #expect(throws: StepFailure.self) { try PocketSphinxEngine(configuration) }
    }
  }

  @Test func `a file that is no model is a failure, not the end of the process`() throws {
    let error = #expect(throws: StepFailure.self) {
      try PocketSphinxEngine(PocketSphinxConfiguration(languageModel: "/etc/passwd"))
    }
    #expect(error?.kind == .permanent)
  }
}
