import Foundation
import Speech
import Synchronization
import TestSupport
import Testing
import Voicemail

/// Engines that are programs: what they are given, what they may do, and how their end is understood.
@Suite struct Programs {
  /// The programs are there as long as the test.
  private final class Kept: Sendable {
    private let directories = Mutex<[TemporaryDirectory]>([])
    func keep(_ directory: TemporaryDirectory) { directories.withLock { $0.append(directory) } }
  }
  private let kept = Kept()

  private func engine(
    _ script: String, _ kind: EngineConfiguration.Kind = .command, memory: Int = 1 << 30,
    arguments: [String] = []
  ) throws -> (engine: RemoteEngine, directory: TemporaryDirectory) {
    let directory = try TemporaryDirectory()
    try ChildProcess.install(
      script: script.replacingOccurrences(of: "$DIR", with: directory.path),
      at: directory.file("engine"))
    var configuration = EngineConfiguration(name: "tested", kind: kind)
    configuration.program = [directory.file("engine")] + arguments
    configuration.memoryBytes = memory
    configuration.model = "/models/ggml.bin"
    kept.keep(directory)
    return (try RemoteEngine(configuration), directory)
  }

  @Test func `a command gets a WAV and what is known, and answers with text`() throws {
    let (engine, directory) = try engine(
      "cat >$DIR/in.wav; env >$DIR/env; printf '%s\\n' \"$@\" >$DIR/args; echo 'Hello there'",
      arguments: ["--fast", "$(reboot)"])
    let answer = try engine.recognize(
      Engines.request(languages: ["en-US", "de"], vocabulary: ["Yara", "Contoso Ltd"]))
    #expect(answer.text == "Hello there")
    #expect(answer.segments[0].segment.confidence == 0)
    let wave = try Data(contentsOf: URL(fileURLWithPath: directory.file("in.wav")))
    #expect(SentWave([UInt8](wave))?.rate == 16_000)
    let environment = try String(contentsOfFile: directory.file("env"), encoding: .utf8)
    #expect(environment.contains("VOICEMAIL_LANGUAGE=en-US,de\n"))
    #expect(environment.contains("VOICEMAIL_VOCABULARY=Yara,Contoso Ltd\n"))
    // Nothing of ours.
    #expect(!environment.contains("HOME="))
    #expect(
      try String(contentsOfFile: directory.file("args"), encoding: .utf8) == "--fast\n$(reboot)\n")
  }

  @Test func `bare text of a command is written as a sentence, in the language it is told`() throws
  {
    let (engine, _) = try engine("echo 'please call five five five'")
    let english = try engine.recognize(Engines.request(languages: ["en-GB"]))
    #expect(english.text == "Please call 555.")
    #expect(english.segments[0].segment.raw?.map(\.text) == ["please call five five five"])
    #expect(english.segments[0].segment.confidence == 0)
    let unknown = try engine.recognize(Engines.request())
    #expect(unknown.text == "Please call five five five.")
    let (own, _) = try self.engine("echo 'please call five five five, thanks'")
    let untouched = try own.recognize(Engines.request(languages: ["en-GB"]))
    #expect(untouched.text == "please call five five five, thanks")
    #expect(untouched.segments[0].segment.raw == nil)
    let (timed, _) = try self.engine(
      """
      echo '{"language":"en","segments":[{"start":0,"end":1.5,"text":"call i","confidence":0.7,
      "words":[{"word":"call","start":0,"end":0.5},{"word":"i","start":1.2,"end":1.5}]}]}'
      """)
    #expect(try timed.recognize(Engines.request()).segments.map(\.segment.text) == ["Call.", "I."])
  }

  @Test func `a program may open its streams by name, and need not read them`() throws {
    let (named, _) = try engine("cat /dev/stdin >$DIR/in.wav; echo 'Hello there' >/dev/stdout")
    #expect(try named.recognize(Engines.request()).text == "Hello there")
    // Its input is larger than a pipe: whoever writes to it on meets its end.
    let (deaf, _) = try engine("exec <&-; echo Hello")
    #expect(try deaf.recognize(Engines.request(seconds: 20)).text == "Hello")
  }

  @Test func `the JSON of docs/engines.md is what a command may answer`() throws {
    let page = try String(
      contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../docs/engines.md"), encoding: .utf8)
    let block = try #require(
      page.components(separatedBy: "```json\n").dropFirst().first?
        .components(separatedBy: "```").first)
    let (engine, directory) = try engine("cat $DIR/answer")
    try block.write(toFile: directory.file("answer"), atomically: true, encoding: .utf8)
    let answer = try engine.recognize(Engines.request())
    #expect(answer.language == "en")
    let segment = try #require(answer.segments.first).segment
    #expect(segment.text == "Please call.")
    #expect(segment.confidence == 0.7)
    #expect(abs(segment.end - segment.start - 1.3) < 1e-9)
    #expect(segment.words.map(\.text) == ["Please", "call."])
    #expect(segment.words.map(\.confidence) == [0.8, 0.6])
  }

  @Test func `a command may answer with JSON`() throws {
    let json = """
      {"language":"de","segments":[{"start":0.2,"end":1.5,"text":"Guten Tag","confidence":0.7,
      "words":[{"word":"Guten","start":0.2,"end":0.8,"confidence":0.6},{"word":"Tag"}]}]}
      """
    let (engine, _) = try engine("cat >/dev/null; cat <<'END'\n\(json)\nEND")
    let answer = try engine.recognize(Engines.request())
    #expect(answer.language == "de")
    #expect(answer.segments[0].segment.words.map(\.confidence) == [0.6, 0.7])
    let (silent, _) = try self.engine("cat >/dev/null; echo")
    #expect(try silent.recognize(Engines.request()).segments == [])
  }

  @Test(arguments: [
    ("exit 1", EngineFailure.Kind.retryable, "failed (exit status 1)"),
    ("echo 'no memory' >&2; exit 2", .retryable, "failed (exit status 2: no memory)"),
    ("exit 65", .audio, "refused the recording"), ("exit 126", .administrator, "cannot work"),
    ("kill -SEGV $$", .retryable, "was ended by signal 11"),
    ("cat /dev/zero", .retryable, "answered with more than 8 MB and was killed"),
    ("cat >/dev/null; echo '{\"segments\": 3}'", .retryable, "not the JSON it promises"),
    ("sleep 1000 & sleep 1000", .retryable, "did not answer in time and was killed"),
    // It is given 256 MB.
    (
      "python3 -c 'x = bytearray(1 << 30)' 2>/dev/null || { echo 'out of memory' >&2; exit 3; }",
      .retryable, "out of memory"
    ),
  ])
  func `each end is told`(_ script: String, _ kind: EngineFailure.Kind, _ words: String) throws {
    let (engine, _) = try engine(script, memory: 256 << 20)
    let failure = try #require(
      Engines.failure(engine, Engines.request(seconds: script.contains("sleep") ? 0.5 : 20)))
    #expect(failure.kind == kind, "\(failure)")
    #expect(failure.sentence.contains(words), "\(failure)")
  }

  @Test func `a program that is not there`() throws {
    var configuration = EngineConfiguration(name: "tested", kind: .command)
    configuration.program = ["/nowhere/engine"]
    configuration.memoryBytes = 1 << 30
    let engine = try RemoteEngine(configuration)
    #expect(
      Engines.failure(engine)
        == .administrator("program /nowhere/engine: No such file or directory"))
  }

  @Test func `whisper-cli is run as its source wants it, and its tokens become words`() throws {
    let json = """
      {"result":{"language":"en"},"transcription":[{"offsets":{"from":500,"to":1700},
      "text":" Hello there","tokens":[{"text":"[_BEG_]","p":0.9},
       {"text":" Hel","offsets":{"from":500,"to":800},"p":0.9},
       {"text":"lo","offsets":{"from":800,"to":1000},"p":0.7},
       {"text":" there","offsets":{"from":1000,"to":1700},"p":0.5}]}]}
      """
    let (engine, directory) = try engine(
      "cat >$DIR/in.wav; printf '%s ' \"$@\" >$DIR/args; cat >/dev/stdout <<'END'\n\(json)\nEND",
      .whisperCLI,
      arguments: ["-t", "2"])
    let answer = try engine.recognize(Engines.request(languages: ["en-US"], vocabulary: ["Yara"]))
    #expect(
      try String(contentsOfFile: directory.file("args"), encoding: .utf8)
        == "-m /models/ggml.bin -f - -l en -np -ojf -of - -sns --prompt Yara -t 2 ")
    let segment = try #require(answer.segments.first).segment
    #expect(segment.text == "Hello there")
    #expect(segment.words.map(\.text) == ["Hello", "there"])
    #expect(abs(segment.words[0].confidence - 0.8) < 1e-9)
    #expect(abs(segment.confidence - 0.7) < 1e-9)
    #expect(answer.language == "en")

    // 0 and nothing on standard output: the audio could not be read.
    let (mute, _) = try self.engine("cat >/dev/null", .whisperCLI)
    #expect(Engines.failure(mute)?.kind == .retryable)
    let (broken, _) = try self.engine("echo 'no model' >&2; exit 3", .whisperCLI)
    #expect(Engines.failure(broken)?.kind == .administrator)
  }
}
