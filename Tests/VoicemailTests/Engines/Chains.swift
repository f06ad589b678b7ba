import Testing
import Voicemail

@Suite struct Chains {
  private func run(
    _ engines: ScriptedEngine..., gate: RecordingGate = RecordingGate(), seconds: Double = 5,
    speech: Double = 4,
    _ change: (inout EngineChain) -> Void = { _ in }
  ) -> (outcome: EngineChain.Outcome, notes: [String]) {
    var chain = EngineChain(source: Engines(engines), gate: gate, names: engines.map(\.name))
    change(&chain)
    var notes: [String] = []
    let outcome = chain.recognize(recording(seconds: seconds, speech: speech), notes: &notes)
    return (outcome, notes)
  }

  private func engine(of outcome: EngineChain.Outcome) -> String? {
    if case .heard(_, let engine, _) = outcome { engine } else { nil }
  }

  @Test func `the first that hears words is believed, and no other is asked`() {
    let second = ScriptedEngine("b", .success(heard("other")))
    let gate = RecordingGate()
    let (outcome, notes) = run(ScriptedEngine("a", .success(heard("hello"))), second, gate: gate)
    #expect(engine(of: outcome) == "a")
    #expect(notes == [])
    #expect(second.requests.isEmpty)
    #expect(gate.story == ["enter a", "leave a: answered"])
  }

  @Test func `a retryable failure is tried once more after its pause, then the next is asked`() {
    let gate = RecordingGate()
    let (outcome, notes) = run(
      ScriptedEngine(
        "a", .failure(.retryable("busy", afterSeconds: 7)), .failure(.retryable("busy still"))),
      ScriptedEngine("b", .success(heard("hello"))), gate: gate)
    #expect(engine(of: outcome) == "b")
    #expect(notes == ["engine a: busy", "engine a: busy still"])
    #expect(
      gate.story == [
        "enter a", "leave a: failed", "rest 7", "enter a", "leave a: failed", "enter b",
        "leave b: answered",
      ])
    let again = run(
      ScriptedEngine("a", .failure(.retryable("500")), .success(heard("good after all"))))
    #expect(engine(of: again.outcome) == "a")
  }

  @Test func `a long Retry-After is another engine's chance`() {
    let gate = RecordingGate()
    let (outcome, _) = run(
      ScriptedEngine("a", .failure(.retryable("busy", afterSeconds: 11))),
      ScriptedEngine("b", .success(heard("hello"))), gate: gate)
    #expect(engine(of: outcome) == "b")
    #expect(!gate.story.contains { $0.hasPrefix("rest") })
  }

  @Test(arguments: [EngineFailure.administrator("key wrong"), .audio("too large")])
  func `what cannot help is not tried again`(_ failure: EngineFailure) {
    let first = ScriptedEngine("a", .failure(failure))
    let (outcome, notes) = run(first, ScriptedEngine("b", .success(heard("hello"))))
    #expect(engine(of: outcome) == "b")
    #expect(first.requests.count == 1)
    #expect(notes == ["engine a: \(failure.sentence)"])
  }

  @Test func `whether waiting helps depends on why all failed`() {
    let broken = EngineFailure.administrator("key wrong")
    #expect(
      run(ScriptedEngine("a", .failure(broken)), ScriptedEngine("b", .failure(broken))).outcome
        == .unavailable(canWait: false))
    let busy = EngineFailure.retryable("busy", afterSeconds: 60)
    #expect(
      run(ScriptedEngine("a", .failure(broken)), ScriptedEngine("b", .failure(busy))).outcome
        == .unavailable(canWait: true))
    let gate = RecordingGate()
    gate.refusals = ["a": .spent(why: "its minutes_per_day = 1 are spent")]
    let (outcome, notes) = run(ScriptedEngine("a", .success(heard("x"))), gate: gate)
    #expect(outcome == .overBudget)
    #expect(notes == ["engine a: not asked: its minutes_per_day = 1 are spent"])
    // A budget hides no trouble.
    #expect(
      run(
        ScriptedEngine("a", .success(heard("x"))), ScriptedEngine("b", .failure(broken)), gate: gate
      ).outcome == .unavailable(canWait: false))
    #expect(
      run(
        ScriptedEngine("a", .success(heard("x"))), ScriptedEngine("b", .failure(busy)), gate: gate
      ).outcome == .unavailable(canWait: true))
    gate.refusals = ["a": .refused(why: "it is out of order: busy", canWait: true)]
    #expect(
      run(ScriptedEngine("a", .success(heard("x"))), gate: gate).outcome
        == .unavailable(canWait: true))
  }

  @Test func `an engine of another language, and one that cannot be set up, are passed over`() {
    let first = ScriptedEngine("a", .success(heard("hello")))
    first.languages = ["en-US"]
    let second = ScriptedEngine("b", .success(heard("hallo")))
    let (outcome, notes) = run(first, second) {
      $0.languages = ["de-DE"]
      $0.names.insert("missing", at: 0)
    }
    #expect(engine(of: outcome) == "b")
    #expect(second.requests.first?.languages == ["de-DE"])
    #expect(notes == ["engine missing: no model", "engine a: does not know de-DE"])
  }

  @Test func `silence is believed of one engine, seconds of unheard speech are asked of the next`()
  {
    let empty = SpeechAnswer([], language: "")
    let second = ScriptedEngine("b", .success(heard("hello")))
    #expect(
      run(ScriptedEngine("a", .success(empty)), second, speech: 2).outcome
        == .nothingHeard(engine: "a"))
    #expect(second.requests.isEmpty)
    #expect(engine(of: run(ScriptedEngine("a", .success(empty)), second).outcome) == "b")
    #expect(
      run(ScriptedEngine("a", .success(empty)), ScriptedEngine("b", .success(empty))).outcome
        == .nothingHeard(engine: "a"))
  }

  @Test func `an invented answer is asked of the next, and none is better than a wrong one`() {
    let invented = heard("Thanks for watching! Please subscribe to the channel.")
    let (outcome, notes) = run(
      ScriptedEngine("a", .success(invented)), ScriptedEngine("b", .success(heard("hello"))),
      speech: 0.6)
    #expect(engine(of: outcome) == "b")
    #expect(
      notes == ["engine a: dropped segments: 1: a subtitle's phrase where hardly anybody speaks"])
    #expect(run(ScriptedEngine("a", .success(invented)), speech: 0.6).outcome == .unreliable)
  }

  /// Limits of the first and of the last, within a deadline of 20 s.
  private func limits(seconds: Double, isEmbedded: Bool = true, speaks: String = "en-US") throws
    -> (first: Double, last: Double)
  {
    let last = ScriptedEngine("b", .success(heard("hello")))
    (last.isEmbedded, last.languages) = (isEmbedded, [speaks])
    let gate = RecordingGate()
    _ = run(ScriptedEngine("a", .failure(.audio("no"))), last, gate: gate, seconds: seconds) {
      ($0.deadline, $0.languages) = (.now + .seconds(20), ["en-US"])
    }
    return (try #require(gate.visits.first).limitSeconds, gate.visits.last?.limitSeconds ?? 0)
  }

  @Test func `time is shared: the embedded engine's part is kept for it`() throws {
    // 20 s less a quarter of the recording's 5 s and 2 s.
    let short = try limits(seconds: 5)
    #expect((15...16.75).contains(short.first), "\(short)")
    #expect((17.5...20).contains(short.last), "\(short)")
    // 14.5 s would be kept: half is the better engine's.
    #expect((9...10).contains(try limits(seconds: 50).first))
    // 22 s would: the embedded engine cannot have them, whoever else is asked.
    #expect((17.5...19).contains(try limits(seconds: 80).first))
  }

  @Test func `nothing is kept for an engine that answers in its own time, or not at all`() throws {
    #expect((18...19).contains(try limits(seconds: 5, isEmbedded: false).first))
    #expect((18...19).contains(try limits(seconds: 5, speaks: "de-DE").first))
  }

  @Test func `with no time left none is asked`() {
    let (outcome, notes) = run(ScriptedEngine("a", .success(heard("x")))) {
      $0.deadline = .now + .milliseconds(400)
    }
    #expect(outcome == .outOfTime)
    #expect(notes == ["engine a: no time left for it"])
  }
}
