import Audio
import TestSupport
import Testing
import Voicemail

/// Who hangs up at the beep leaves some three seconds: the lips at the mouthpiece, a breath, and the exchange's busy tone.
@Suite struct HangUps {
  struct Breath: Sendable, CustomTestStringConvertible {
    var prompt: String
    var start: String
    var testDescription: String { "\(prompt) at \(start) s" }
  }

  /// Between the sentences of prompts, where somebody breathes.
  static let breaths = [
    Breath(prompt: "conf-noempty", start: "2.46"), Breath(prompt: "tt-allbusy", start: "4.54"),
    Breath(prompt: "vm-options", start: "8.64"),
  ]

  /// ITU-T E.180: 480 and 620 Hz in North America, 425 Hz in most of Europe; exchanges make them as sox does.
  @Test(arguments: breaths, [["480", "620"], ["425"]])
  func `say nothing, and no engine is asked`(_ breath: Breath, _ tones: [String]) throws {
    let directory = try TemporaryDirectory()
    let (click, breathing) = (directory.file("click.wav"), directory.file("breath.wav"))
    let (tone, line) = (directory.file("tone.wav"), directory.file("line.wav"))
    // The lips that open for the p of "press".
    try Sounds.sox([Sounds.path("vm-press"), click, "trim", "0.08", "0.04", "gain", "6"])
    try Sounds.sox([
      Sounds.path(breath.prompt), breathing, "trim", breath.start, "0.24", "fade", "0.03", "0.24",
      "0.05", "gain", "18",
    ])
    let sines = tones.flatMap { ["sine", $0] }
    try Sounds.sox(
      ["-n", "-r", "8000", "-b", "16", tone, "synth", "0.5"] + sines
        + ["remix", "-", "vol", "0.2", "pad", "0", "0.5"])
    try Sounds.sox([
      "-n", "-r", "8000", "-b", "16", line, "synth", "3.2", "whitenoise", "vol", "0.002",
    ])
    let call = directory.file("call.wav")
    try Sounds.sox([click, breathing, tone, tone, call, "pad", "0.4", "0.4@0.04"])
    for codec in [["-e", "signed"], ["-e", "mu-law"], ["-e", "gsm-full-rate"]] {
      let path = directory.file("msg0001.wav")
      try Sounds.sox(["-m", "-v", "1", call, "-v", "1", line] + codec + [path])
      let content = try Sounds.bytes(path)
      let decoder = SoundFileDecoder()
      let recording = try decoder.decode(content, contentType: "", filename: nil)
      #expect((2.8...3.4).contains(recording.durationSeconds))
      #expect(recording.samples.contains { abs(Int($0)) > 3_000 }, "the tone is there")

      let chain = EngineChain(source: Nobody(), gate: OpenGate { _ in }, names: ["engine"])
      var result = WorkResult()
      let part = PartFacts(index: 0, contentType: "audio/x-wav")
      let heard = Transcriber(decoder: decoder, chain: chain)
        .transcribe(content, of: part, into: &result) { _ in }
      #expect(heard.transcript.status == .none, "\(codec) \(recording.speechSeconds)")
      #expect(result.notes == [])
    }
  }
}

private final class Nobody: EngineSource {
  func engine(_ name: String) throws(EngineFailure) -> any SpeechEngine {
    throw .administrator("was asked")
  }
}
