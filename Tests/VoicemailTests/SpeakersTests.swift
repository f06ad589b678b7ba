import Testing
import Voicemail

/// A file with two channels, each of steady samples of its own.
private struct TwoChannels: AudioDecoder {
  var values: [Int16] = [100, -100]
  var speech: [Double] = [4, 4]

  func facts(_ file: [UInt8], contentType: String, filename: String?) throws(StepFailure)
    -> AudioFacts
  {
    AudioFacts(
      codec: "PCM 16 bit", container: "WAV", sampleRateHz: 8_000, channels: 2, durationSeconds: 5,
      bytes: 1)
  }
  func decode(_ file: [UInt8], contentType: String, filename: String?, channel: Int?)
    throws(StepFailure) -> Recording
  {
    Recording(
      samples: [Int16](repeating: channel.map { values[$0] } ?? 0, count: 80_000),
      facts: try facts(file, contentType: contentType, filename: filename),
      speechSeconds: channel.map { speech[$0] } ?? 4)
  }
}

@Suite struct `Speakers on two channels` {
  private typealias Answer = Result<SpeechAnswer, EngineFailure>

  private func said(_ starts: Double...) -> Answer {
    .success(
      SpeechAnswer(
        starts.map { HeardSegment(words("at \(Int($0))", from: $0)) }, language: "en"))
  }

  private func transcript(
    _ channels: ChannelUse, _ decoder: TwoChannels = TwoChannels(), _ answers: Answer...
  ) -> Transcript {
    let engine = ScriptedEngine("a")
    engine.answers = answers
    var transcriber = Transcriber(
      decoder: decoder,
      chain: EngineChain(source: Engines([engine]), gate: RecordingGate(), names: ["a"]))
    transcriber.channels = channels
    var result = WorkResult()
    return transcriber.transcribe([0], of: part("audio/x-wav"), into: &result) { _ in }.transcript
  }

  @Test func `each is transcribed by itself, in the order of the times`() {
    let both = transcript(.callerAgent, TwoChannels(), said(0, 3), said(1))
    #expect(both.segments.map(\.text) == ["at 0", "at 1", "at 3"])
    #expect(both.segments.map(\.speaker) == [.caller, .agent, .caller])
    #expect(both.status == .ok)
    let other = transcript(.agentCaller, TwoChannels(), said(0), said(1))
    #expect(other.segments.map(\.speaker) == [.agent, .caller])
  }

  @Test func `mixed they are one recording`() {
    let mixed = transcript(.mix, TwoChannels(), said(0))
    #expect(mixed.segments.map(\.speaker) == [nil])
  }

  @Test func `one recording on both channels is one`() {
    let same = transcript(.callerAgent, TwoChannels(values: [100, 101]), said(0))
    #expect(same.segments.map(\.speaker) == [nil])
    #expect(same.status == .ok)
  }

  @Test func `for a silent channel no engine is asked`() {
    let one = transcript(.callerAgent, TwoChannels(speech: [0, 4]), said(1))
    #expect(one.segments.map(\.speaker) == [.agent])
    #expect(one.status == .ok)
    #expect(transcript(.callerAgent, TwoChannels(speech: [0, 0])).status == .none)
  }

  @Test func `half a conversation is of low confidence, none has failed`() {
    let half = transcript(.callerAgent, TwoChannels(), said(0), .failure(.audio("no")))
    #expect(half.status == .low)
    #expect(half.segments.map(\.speaker) == [.caller])
    let none = transcript(
      .callerAgent, TwoChannels(), .failure(.audio("no")), .failure(.audio("no")))
    #expect(none.status == .failed)
  }
}
