import Foundation
@testable import Speech
import TestSupport
import Testing
import Voicemail

/// whisper-server and OpenAI's interface, against fakes that answer as the real ones do.
@Suite struct WhisperFamily {
  static let verbose = """
    {"task":"transcribe","language":"english","duration":4.0,"text":"Hello\\nworld",
     "segments":[
      {"id":0,"text":" Hello there","start":0.5,"end":1.7,"tokens":[1,2],
       "words":[{"word":" Hel","start":0.5,"end":0.8,"t_dtw":-1,"probability":0.9},
                {"word":"lo","start":0.8,"end":1.0,"t_dtw":-1,"probability":0.7},
                {"word":" there","start":1.0,"end":1.7,"t_dtw":-1,"probability":0.6}],
       "temperature":0.0,"avg_logprob":-0.2,"no_speech_prob":0.01},
      {"id":1,"text":" call me","start":2.5,"end":3.7,"temperature":0.0,"avg_logprob":-0.5,
       "no_speech_prob":null}]}
    """

  @Test func `whisper-server is asked as its source wants it, and its tokens become words`() throws
  {
    let server = try FakeHTTPServer(.json(Self.verbose))
    let (engine, _) = try Engines.make(.whisperServer, at: server.url + "/", key: nil)
    let answer = try engine.recognize(
      Engines.request(languages: ["en-GB", "en-US"], vocabulary: ["Yara", "Contoso"]))

    let sent = try #require(server.requests.first)
    #expect(sent.line == "POST /inference")
    #expect(sent.header("authorization") == nil)
    #expect(sent.header("expect") == nil)
    #expect(
      sent.fields == [
        "response_format=verbose_json", "temperature=0.0", "suppress_nst=true",
        "split_on_word=true", "language=en", "no_language_probabilities=true",
        "prompt=Yara, Contoso",
      ])
    let file = try #require(sent.file)
    #expect((file.name, file.filename, file.type) == ("file", "voicemail.wav", "audio/wav"))
    let wave = try #require(SentWave(file.content))
    #expect(wave.rate == 16_000)
    // From half a second before the first sound to half a second after the last.
    #expect((3.0...4.0).contains(wave.seconds))

    #expect(answer.language == "en")
    #expect(answer.segments.map(\.segment.text) == ["Hello there", "call me"])
    let first = answer.segments[0]
    #expect(first.segment.words.map(\.text) == ["Hello", "there"])
    #expect(abs(first.segment.words[0].confidence - 0.8) < 1e-9)
    #expect(first.noSpeech == 0.01)
    #expect(first.averageLogProbability == -0.2)
    #expect(abs(first.segment.confidence - exp(-0.2)) < 1e-9)
    #expect(try #require(first.speechSeconds) > 0.9)
    #expect(answer.segments[1].segment.words.isEmpty)
    #expect(answer.segments[1].noSpeech == nil)
  }

  @Test func `a text that repeats itself is found by our own measure, as whisper.cpp tells none`()
    throws
  {
    // Thirteen words, three times over: shorter units, and four times, other rules find.
    let loop = Array(
      repeating: "and then we went down to the river to see the old bridge", count: 3
    )
    .joined(separator: ", ")
    let said = "this is anna from the office, please call me back on 555 0198, that is 555 0198"
    let server = try FakeHTTPServer(
      .json(
        """
        {"text":"x","segments":[{"text":" \(said)","start":0.0,"end":10.0,"avg_logprob":-0.1},
        {"text":" \(loop)","start":10.0,"end":20.0,"avg_logprob":-0.1}]}
        """))
    let (engine, _) = try Engines.make(.whisperServer, at: server.url, key: nil)
    let recording = Engines.voice(seconds: 20)
    let answer = try engine.recognize(Engines.request(recording))
    #expect(try #require(answer.segments[0].compressionRatio) < 1.5)
    #expect(try #require(answer.segments[1].compressionRatio) > 2.4)
    let checked = InventedText(speechSeconds: recording.speechSeconds).check(answer)
    #expect(checked.segments.map(\.text) == [said])
    #expect(checked.remarks == ["dropped segments: 1: it repeats itself"])
  }

  @Test(arguments: [600, 6000, 30_000])
  func `prose is no repetition at any length, and a loop is`(_ length: Int) throws {
    let licence = try String(contentsOfFile: "/usr/share/common-licenses/GPL-3", encoding: .utf8)
    let prose = String(
      licence.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(length))
    #expect(try #require(TextCompression.ratio(prose)) < 2.4)
    let loop = String(repeating: "Thank you for your attention. ", count: length / 30)
    #expect(try #require(TextCompression.ratio(loop)) > 2.4)
    #expect(try #require(TextCompression.ratio(prose + loop + loop)) > 2.4)
  }

  @Test func `a text without times keeps what stands beside a loop`() throws {
    let said = """
      this is anna from the office, I wanted to tell you that the door is open until six, so come whenever you like
      """
    let loop = String(repeating: " Thank you.", count: 15)
    let server = try FakeHTTPServer(.json(#"{"text":"\#(said) and bring the keys.\#(loop)"}"#))
    let (engine, _) = try Engines.make(.openai, at: server.url) { $0.model = "gpt-4o-transcribe" }
    let answer = try engine.recognize(Engines.request(Engines.voice(seconds: 33)))
    let checked = InventedText(speechSeconds: 20).check(answer)
    #expect(checked.segments.map(\.text) == ["\(said) and bring the keys. Thank you."])
  }

  @Test func `without a language whisper-server finds out`() throws {
    let server = try FakeHTTPServer(.json(#"{"language":"german","text":"","segments":[]}"#))
    let (engine, _) = try Engines.make(.whisperServer, at: server.url, key: nil)
    let answer = try engine.recognize(Engines.request(languages: ["de-DE", "fr"]))
    #expect(answer == SpeechAnswer([], language: "de"))
    #expect(server.requests[0].fields.contains("language=auto"))
    #expect(!server.requests[0].fields.contains { $0.hasPrefix("detect_language") })
  }

  @Test func `a 404 that is not whisper-server's own is the administrator's when it stays`() throws
  {
    let missing = FakeHTTPServer.Step.text("404 page not found", status: 404)
    let server = try FakeHTTPServer(
      missing, .json(#"{"text":"Hello there"}"#), missing, missing)
    let (engine, _) = try Engines.make(.whisperServer, at: server.url, key: nil)
    #expect(Engines.refusal(engine)?.kind == .retryable)
    #expect(Engines.refusal(engine) == nil)
    #expect(Engines.refusal(engine)?.kind == .retryable)
    #expect(Engines.refusal(engine)?.kind == .administrator)
  }

  @Test func `OpenAI is asked for times and doubts, with the key`() throws {
    let server = try FakeHTTPServer(
      .json(
        """
        {"task":"transcribe","language":"english","duration":4,"text":"Hello there. Call me.",
         "segments":[{"id":0,"start":0.5,"end":1.7,"text":" Hello there.","avg_logprob":-0.1,
           "compression_ratio":1.1,"no_speech_prob":0.02},
          {"id":1,"start":2.5,"end":3.7,"text":" Call me.","avg_logprob":null,
           "compression_ratio":null,"no_speech_prob":null}],
         "words":[{"word":"Hello","start":0.5,"end":0.9},{"text":"there","start":1.0,"end":1.6},
          {"word":"Call","start":2.5,"end":3.0}],"usage":{"type":"duration","seconds":4}}
        """))
    let (engine, _) = try Engines.make(.openai, at: server.url + "/v1")
    let answer = try engine.recognize(
      Engines.request(Engines.voice(rate: 8_000), languages: ["en-US"], vocabulary: ["Yara"]))
    let sent = try #require(server.requests.first)
    #expect(sent.line == "POST /v1/audio/transcriptions")
    #expect(sent.header("authorization") == "Bearer \(Engines.key)")
    #expect(
      sent.fields == [
        "model=whisper-1", "response_format=verbose_json", "timestamp_granularities[]=segment",
        "timestamp_granularities[]=word", "temperature=0", "language=en", "prompt=Yara",
      ])
    // What was recorded at 8 kHz is sent so.
    #expect(try #require(SentWave(sent.file?.content ?? [])).rate == 8_000)
    #expect(answer.segments[0].segment.words.map(\.text) == ["Hello", "there."])
    #expect(answer.segments[0].compressionRatio == 1.1)
    // Where nothing is measured, no word pretends to be.
    #expect(answer.segments[1].segment.words.isEmpty)
    #expect(answer.segments[1].segment.confidence == 0)
  }

  @Test func `gpt-4o gives text and the probabilities of its tokens`() throws {
    let server = try FakeHTTPServer(
      .json(
        #"{"text":"Please call me","logprobs":[{"token":"a","logprob":-0.1},{"logprob":-0.3}]}"#))
    let (engine, _) = try Engines.make(.openai, at: server.url) { $0.model = "gpt-4o-transcribe" }
    let answer = try engine.recognize(Engines.request())
    #expect(
      server.requests[0].fields == [
        "model=gpt-4o-transcribe", "response_format=json", "include[]=logprobs",
      ])
    #expect(answer.text == "Please call me")
    #expect(abs(answer.segments[0].segment.confidence - exp(-0.2)) < 1e-9)
  }

  @Test func `a model that tells speakers apart is told how to cut, and no names`() throws {
    let server = try FakeHTTPServer(.json(#"{"text":"Please call me"}"#))
    let (engine, _) = try Engines.make(.openai, at: server.url) {
      $0.model = "gpt-4o-transcribe-diarize"
    }
    #expect(
      try engine.recognize(Engines.request(vocabulary: ["Yara"])).text == "Please call me")
    #expect(
      server.requests[0].fields == [
        "model=gpt-4o-transcribe-diarize", "response_format=json", "chunking_strategy=auto",
      ])
  }

  @Test func `a recording beyond the upload limit goes in pieces, joined with right times`() throws
  {
    let server = try FakeHTTPServer(
      .json(
        #"{"text":"x","language":"english","segments":[{"text":"One two.","start":1,"end":2,"avg_logprob":-0.1}],"words":[{"word":"one","start":1.2,"end":1.4},{"word":"two","start":1.5,"end":1.8}]}"#
      ))
    let (engine, _) = try Engines.make(.openai, at: server.url)
    let service = try #require(engine.recogniser as? OpenAI)
    // As its limit is, and one that a test can send.
    #expect(service.longestSeconds * 32_000 + 44 <= 25 << 20)
    service.longestSeconds = 31
    let recording = Engines.voice(seconds: 40)
    let answer = try engine.recognize(Engines.request(recording, seconds: 300))
    // Where each piece was cut out: a bit of its sound is nowhere else.
    let whole = recording.samples.withUnsafeBytes { Data($0) }
    let pieces = try server.requests.map { request in
      let body = Data(request.body)
      #expect(body.count <= 31 * 32_000 + 2_000)
      let wave = try #require(body.range(of: Data("RIFF".utf8))).lowerBound
      let sound = wave + 44 + 32_000
      let place = try #require(whole.range(of: body[sound..<sound + 64]))
      let length = (0..<4).reduce(0) { $0 | Int(body[wave + 40 + $1]) << (8 * $1) }
      return (start: Double(place.lowerBound) / 32_000 - 1, seconds: Double(length) / 32_000)
    }
    let starts = pieces.map(\.start)
    #expect(starts.count == 2)
    #expect(answer.segments.map(\.segment.text) == Array(repeating: "One two.", count: 2))
    for (heard, start) in zip(answer.segments, starts) {
      #expect(abs(heard.segment.start - start - 1) < 1e-6)
      #expect(abs(heard.segment.end - start - 2) < 1e-6)
      #expect(abs(try #require(heard.segment.words.first).start - start - 1.2) < 1e-6)
    }
    // In pauses, which are around every other second; together they are all of the speech.
    #expect(starts.dropFirst().allSatisfy { abs($0.remainder(dividingBy: 2)) < 0.6 }, "\(starts)")
    let sent = pieces.map(\.seconds).reduce(0, +)
    #expect(sent > 37 && sent <= 40, "\(sent)")
  }

  @Test func `a server that refuses the form is asked for plain json from then on`() throws {
    let refusal =
      #"{"error":{"message":"response_format verbose_json is not supported","code":400}}"#
    let server = try FakeHTTPServer(
      .json(refusal, status: 400), .json(#"{"text":"Hello there"}"#))
    let (engine, _) = try Engines.make(.openai, at: server.url)
    #expect(try engine.recognize(Engines.request()).text == "Hello there")
    #expect(try engine.recognize(Engines.request()).text == "Hello there")
    #expect(
      server.requests.map { $0.fields.contains("response_format=json") } == [false, true, true])
  }

  @Test(arguments: ["whisper-1", "gpt-4o-transcribe"])
  func `a refusal of something else leaves the form as it is`(_ model: String) throws {
    let refusal =
      #"{"error":{"message":"Formats supported include flac and wav; the file is neither"}}"#
    let server = try FakeHTTPServer(
      .json(refusal, status: 400), .json(#"{"text":"Hello there"}"#))
    let (engine, _) = try Engines.make(.openai, at: server.url) { $0.model = model }
    #expect(Engines.failure(engine)?.kind == .audio)
    #expect(try engine.recognize(Engines.request(Engines.short)).text == "Hello there")
    let forms = server.requests.map { $0.fields.filter { !$0.hasPrefix("model=") } }
    #expect(forms.count == 2 && forms[0] == forms[1], "\(forms)")
  }

  @Test(arguments: [
    #"{"error":{"message":"Unknown parameter: 'include[]'.","param":"include[]"}}"#,
    #"{"error":{"message":"logprobs are not supported"}}"#,
  ])
  func `a refusal of token probabilities is one of the form`(_ refusal: String) throws {
    let server = try FakeHTTPServer(
      .json(refusal, status: 400), .json(#"{"text":"Hello there"}"#))
    let (engine, _) = try Engines.make(.openai, at: server.url) { $0.model = "gpt-4o-transcribe" }
    #expect(try engine.recognize(Engines.request(Engines.short)).text == "Hello there")
  }
}
