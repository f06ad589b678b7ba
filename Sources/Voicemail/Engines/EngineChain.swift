/// The engines by their names; the worker's own, made when they are needed.
package protocol EngineSource: AnyObject {
  /// The engine ready to be asked, or why it cannot be.
  func engine(_ name: String) throws(EngineFailure) -> any SpeechEngine
}

/// Asks engines in their order until one has heard something; the only place where anything is tried again.
///
/// | answer | then |
/// |---|---|
/// | words | done |
/// | no words, and hardly any speech in the recording | done: nobody spoke |
/// | no words, or only such as nobody said | the next engine |
/// | retryable failure | the same again once, if that is soon; else the next |
/// | other failure, or refused by the gate | the next |
package struct EngineChain {
  /// Less cannot hold a request and its answer.
  private static let leastSeconds = 0.5
  private static let attempts = 2
  /// Longer is another engine's chance.
  private static let longestPause = 10

  package var source: any EngineSource
  package var gate: any EngineGate
  /// In the order they are asked.
  package var names: [String]
  package var languages: [String] = []
  package var vocabulary: [String] = []
  /// For all engines together; nil is no limit.
  package var deadline: ContinuousClock.Instant?

  package init(source: any EngineSource, gate: any EngineGate, names: [String]) {
    self.source = source
    self.gate = gate
    self.names = names
  }

  /// Asks as that order says, from now on.
  mutating func take(_ order: WorkOrder) {
    if !order.engines.isEmpty { names = order.engines }
    languages = order.languages
    vocabulary = order.vocabulary
    deadline = order.secondsLeft.map { .now + .milliseconds(Int($0 * 1_000)) }
  }

  package enum Outcome: Sendable, Equatable {
    case heard(CheckedAnswer, engine: String, lowConfidence: Double)
    case nothingHeard(engine: String)
    /// An engine gave text that nobody can have said, and none gave better.
    case unreliable
    /// No engine could be asked; `canWait`: one may be back in some seconds.
    case unavailable(canWait: Bool)
    /// No engine may be asked for more, and that is all there is.
    case overBudget
    /// There was no time left to ask any.
    case outOfTime
  }

  /// What was heard; a line for each engine that was not of use goes to `notes`.
  package func recognize(_ recording: Recording, notes: inout [String]) -> Outcome {
    var trial = Trial()
    for (index, name) in names.enumerated() {
      let reserve = reserve(behind: index, recording)
      if let outcome = ask(name, recording, reserve: reserve, &trial, &notes) { return outcome }
    }
    if let engine = trial.silent { return .nothingHeard(engine: engine) }
    if trial.isUnreliable { return .unreliable }
    if trial.isSpent, !trial.isBroken, !trial.canWait { return .overBudget }
    return trial.isLate && !trial.canWait ? .outOfTime : .unavailable(canWait: trial.canWait)
  }

  private struct Trial {
    var canWait = false
    var isLate = false
    /// What one may be asked for is spent.
    var isSpent = false
    /// One failed, or cannot be asked for another reason.
    var isBroken = false
    var isUnreliable = false
    /// Who heard nothing.
    var silent: String?
  }

  private func ask(
    _ name: String, _ recording: Recording, reserve: Double, _ trial: inout Trial,
    _ notes: inout [String]
  ) -> Outcome? {
    for attempt in 1...Self.attempts {
      do throws(EngineFailure) {
        let engine = try source.engine(name)
        guard engine.hears(languages) else {
          notes.append("engine \(name): does not know \(languages.joined(separator: ", "))")
          return nil
        }
        guard let answer = try visit(engine, recording, reserve: reserve, &trial, &notes) else {
          return nil
        }
        return judge(answer, of: engine, recording, &trial, &notes)
      } catch {
        notes.append("engine \(name): \(error.sentence)")
        trial.isBroken = true
        guard error.kind == .retryable else { return nil }
        trial.canWait = true
        let pause = max(error.retryAfterSeconds ?? 1, 1)
        guard attempt < Self.attempts, pause <= Self.longestPause,
          secondsLeft(reserve: reserve) > Double(pause) + Self.leastSeconds
        else { return nil }
        gate.rest(seconds: pause)
      }
    }
    return nil
  }

  /// nil when the gate does not let us in; its reason is noted.
  private func visit(
    _ engine: any SpeechEngine, _ recording: Recording, reserve: Double, _ trial: inout Trial,
    _ notes: inout [String]
  ) throws(EngineFailure) -> SpeechAnswer? {
    let left = secondsLeft(reserve: reserve)
    guard left >= Self.leastSeconds else {
      trial.isLate = true
      notes.append("engine \(engine.name): no time left for it")
      return nil
    }
    let limit = min(left, engine.limit(audioSeconds: recording.durationSeconds).inSeconds)
    var request = SpeechRequest(
      recording, languages: languages, vocabulary: vocabulary, deadline: .now)
    let pass = gate.enter(
      engine.name,
      EngineVisit(
        audioSeconds: engine.unheardSeconds(request), limitSeconds: limit,
        waitSeconds: max(0, left - limit / 2)))
    switch pass {
    case .granted: break
    case .spent(let why):
      trial.isSpent = true
      notes.append("engine \(engine.name): not asked: \(why)")
      return nil
    case .refused(let why, let canWait):
      (trial.canWait, trial.isBroken) = (trial.canWait || canWait, true)
      notes.append("engine \(engine.name): not asked: \(why)")
      return nil
    }
    do throws(EngineFailure) {
      // The wait for a turn has cost time.
      let rest = min(limit, secondsLeft(reserve: reserve))
      request.deadline = .now + .milliseconds(Int(max(rest, Self.leastSeconds) * 1_000))
      let answer = try engine.recognize(request)
      gate.leave(engine.name, .answered)
      return answer
    } catch {
      gate.leave(engine.name, .failed(error))
      throw error
    }
  }

  private func judge(
    _ answer: SpeechAnswer, of engine: any SpeechEngine, _ recording: Recording,
    _ trial: inout Trial, _ notes: inout [String]
  ) -> Outcome? {
    let checked =
      engine.mayInvent
      ? InventedText(speechSeconds: recording.speechSeconds, vocabulary: vocabulary).check(answer)
      : CheckedAnswer(
        segments: answer.segments.map(\.segment), language: answer.language, remarks: [])
    notes += checked.remarks.map { "engine \(engine.name): \($0)" }
    if !checked.segments.isEmpty {
      return .heard(checked, engine: engine.name, lowConfidence: engine.lowConfidence)
    }
    if answer.segments.isEmpty {
      if recording.speechSeconds < Transcriber.clearlySpeechSeconds {
        return .nothingHeard(engine: engine.name)
      }
      notes.append("engine \(engine.name): heard nothing in a recording with speech")
      trial.silent = trial.silent ?? engine.name
    } else {
      trial.isUnreliable = true
    }
    return nil
  }

  /// Seconds kept for an embedded engine that comes later: a quarter of the recording's length and two. Half of the
  /// time is the better engine's in any case, and all of it where the embedded one could not be done anyway.
  private func reserve(behind index: Int, _ recording: Recording) -> Double {
    guard let deadline else { return 0 }
    let isFollowed = names[(index + 1)...].contains { name in
      guard let engine = try? source.engine(name) else { return false }
      return engine.isEmbedded && engine.hears(languages)
    }
    let left = ContinuousClock.now.duration(to: deadline).inSeconds
    let needed = recording.durationSeconds / 4 + 2
    return isFollowed && needed <= left ? min(needed, left / 2) : 0
  }

  private func secondsLeft(reserve: Double) -> Double {
    guard let deadline else { return 86_400 }
    let left = ContinuousClock.now.duration(to: deadline).inSeconds
    // An answer that comes at the very end is lost with the worker.
    return reserve > 0 ? left - reserve : left * 0.95
  }
}

extension Duration {
  /// With fractions.
  package var inSeconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) / 1e18
  }
}
