import Foundation
import Speech
import TestSupport
import Testing
import Voicemail

/// Numbers from outside that no measure can have: nothing may trap on them, and JSON must hold what is made of them.
@Suite struct AbsurdNumbers {
  static let bodies: [(FarSide, String)] = [
    (
      .whisperServer,
      #"{"text":"x","segments":[{"text":" Hello there","start":-1e300,"end":1e300,"#
        + #""avg_logprob":1e300,"no_speech_prob":1e300,"compression_ratio":-1e300,"#
        + #""words":[{"word":" Hello","start":1e300,"end":-1e300,"probability":1e300},"#
        + #"{"word":" there","probability":1e300}]}]}"#
    ),
    (
      .openai,
      #"{"text":"Hello there","logprobs":[{"logprob":-1.7e308},{"logprob":-1.7e308}]}"#
    ),
    (
      .deepgram,
      #"{"results":{"channels":[],"utterances":[{"start":1e300,"end":1.1e300,"#
        + #""confidence":1.7e308,"transcript":"Hello"},"#
        + #"{"confidence":1.7e308,"transcript":"there"}]}}"#
    ),
    (
      .deepgram,
      #"{"results":{"channels":[{"alternatives":[{"confidence":-1e300,"#
        + #""transcript":"Hello there"}]}]}}"#
    ),
    (
      .azure,
      #"{"phrases":[{"offset":1.7e308,"duration":1.7e308,"text":"Hello there","confidence":1e300}]}"#
    ),
    (
      .google1,
      #"{"results":[{"alternatives":[{"transcript":"Hello there","confidence":1e300}]}]}"#
    ),
    (
      .googleToken,
      #"{"access_token":"ya29.swordfish-token-one","expires_in":1e30,"token_type":"Bearer"}"#
    ),
    (
      .googleToken,
      #"{"access_token":"ya29.swordfish-token-one","expires_in":-1e30,"token_type":"Bearer"}"#
    ),
    (
      .amazonResult,
      #"{"results":{"items":[{"type":"pronunciation","start_time":"1e300","end_time":"-1e300","#
        + #""alternatives":[{"confidence":"1e300","content":"Hello there"}]}]}}"#
    ),
  ]

  @Test(arguments: bodies) func `from services`(_ side: FarSide, _ body: String) throws {
    let scene = try side.open([.json(body)])
    try expectSane(try scene.engine.recognize(Engines.request(Engines.short)))
  }

  @Test(arguments: [
    (
      EngineConfiguration.Kind.command,
      #"{"segments":[{"text":"Hello there","start":-1e300,"end":1e300,"confidence":1e300}]}"#
    ),
    (
      .whisperCLI,
      #"{"transcription":[{"offsets":{"from":-1e300,"to":1e300},"text":" Hello there","#
        + #""tokens":[{"text":" Hello","p":1.7e308},{"text":" you","p":1.7e308}]}]}"#
    ),
  ])
  func `from programs`(_ kind: EngineConfiguration.Kind, _ json: String) throws {
    let directory = try TemporaryDirectory()
    try ChildProcess.install(
      script: "cat >/dev/null; echo '\(json)'", at: directory.file("engine"))
    var configuration = EngineConfiguration(name: "tested", kind: kind)
    configuration.program = [directory.file("engine")]
    configuration.memoryBytes = 1 << 30
    try expectSane(
      try RemoteEngine(configuration).recognize(Engines.request(Engines.short)))
  }

  private func expectSane(_ answer: SpeechAnswer) throws {
    let segments = answer.segments.map(\.segment)
    #expect(answer.text == "Hello there")
    for segment in segments {
      for share in [segment.confidence] + segment.words.map(\.confidence) {
        #expect((0...1).contains(share))
      }
      for time in [segment.start, segment.end] + segment.words.flatMap({ [$0.start, $0.end] }) {
        #expect((0...2).contains(time))
      }
    }
    _ = try JSONEncoder().encode(segments)
  }
}
