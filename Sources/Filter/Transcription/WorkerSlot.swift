internal import Glibc
internal import Operations
internal import Spool
internal import Voicemail

/// One place for a worker: keeps a process, leases messages, hands them over, stores what comes back.
///
/// Runs on a thread of its own. A message that took a worker down twice is tried once more without
/// its recording, for the honest line; if even that fails it goes out as it came.
final class WorkerSlot {
  private let number: Int
  private let context: DaemonContext
  private var worker: WorkerProcess?

  /// Short, as the deadline is: others get their turn in between.
  private let schedule = RetrySchedule(firstMS: 1_000, longestMS: 60_000)

  /// Reading and writing a message without transcribing it.
  private static let shortLimit = Duration.seconds(30)
  /// Others get their turn, also where a reply has hours.
  private static let longestTryMS: Int64 = 3_600_000
  private static let attemptsPerMessage = 2
  /// Between two tries to start a worker.
  private static let restartPauseMS: Int64 = 5_000

  init(number: Int, context: DaemonContext) {
    self.number = number
    self.context = context
  }

  /// Until the daemon stops.
  func run() {
    while !context.transcription.isStopped {
      guard startWorker() else {
        context.transcription.wait(untilMS: Clock.nowMS() + Self.restartPauseMS)
        continue
      }
      do throws(SpoolError) {
        let job = try context.store.leaseForTranscription(
          holder: "worker \(number)\(worker.map { " (pid \($0.pid))" } ?? "")", nowMS: Clock.nowMS()
        )
        if let job {
          work(on: job)
        } else {
          context.transcription.wait(untilMS: try context.store.nextDueMS(delivery: false))
        }
      } catch {
        context.log.error("spool trouble", ["where": "transcription", "why": error.sentence])
        context.transcription.wait(untilMS: Clock.nowMS() + Self.restartPauseMS)
      }
    }
    dropWorker()
    context.board.update(number) { $0.doing = .stopped }
  }

  private func startWorker() -> Bool {
    var setup = Wiring.setup(context.settings)
    if setup.engines.contains(where: { $0.keyFile != nil }) {
      setup.keyRound = context.engines.configured
    }
    if let worker, !worker.isDead, worker.setup == setup { return true }
    if let worker, worker.isDead {
      context.log.warning("idle worker died", ["pid": "\(worker.pid)"])
    }
    dropWorker()
    context.board.update(number) {
      $0 = WorkerStatus(number: $0.number, doing: .starting, sinceMS: 0)
    }
    let start = ContinuousClock.now
    do throws(StepFailure) {
      let fresh = try WorkerProcess(setup: setup)
      worker = fresh
      context.board.update(number) {
        $0.pid = fresh.pid
        $0.doing = .idle
      }
      for engine in fresh.hello.engines {
        context.engines.note(engine.name, trouble: engine.trouble)
        guard let trouble = engine.trouble else { continue }
        context.log.error("engine unusable", ["engine": engine.name, "why": trouble])
      }
      let chain = fresh.hello.engines.filter { context.settings.engines.contains($0.name) }
      if chain.allSatisfy({ $0.trouble != nil }) {
        let troubles = chain.map { "\($0.name): \($0.trouble ?? "")" }
        context.alarms.raise(.enginesDown, troubles.joined(separator: "; "))
      }
      context.log.info(
        "worker started",
        ["worker": "\(number)", "pid": "\(fresh.pid)", "start_ms": "\(start.elapsedMS)"])
      return true
    } catch {
      context.log.error("worker not started", ["why": error.sentence])
      return false
    }
  }

  /// Kills and reaps it. Its pid goes from the board first: afterwards it may be another's.
  private func dropWorker() {
    context.board.update(number) { $0.pid = nil }
    worker = nil
  }

  private func work(on job: LeasedJob) {
    Failpoint.pass("transcription claimed")
    let age = Clock.nowMS() - job.deadlineFromMS
    // Received by a clock that was ahead, it gets no more time than any other.
    let left = job.allowedMS - max(age, 0)
    if left <= 0, job.mayBeLate { return postpone(job) }
    var order = context.order(for: job)
    context.engines.order(&order, for: job, secondsLeft: Double(left) / 1_000, context)
    if left <= 0 {
      order.withoutTranscript = Self.tooLate
    } else if job.attempt > Self.attemptsPerMessage {
      order.withoutTranscript = Self.tooHard
    }
    let limit =
      order.withoutTranscript == nil
      ? Duration.milliseconds(min(left, Self.longestTryMS)) : Self.shortLimit
    do throws(ChannelError) {
      finish(job, try perform(order, job, limit))
      return
    } catch ChannelError.timedOut where order.withoutTranscript == nil {
      context.log.warning("transcription deadline", ["id": job.id, "worker": "\(number)"])
      dropWorker()
      if job.mayBeLate { return postpone(job) }
      order.withoutTranscript = Self.tooLate
      if startWorker() {
        do throws(ChannelError) {
          finish(job, try perform(order, job, Self.shortLimit))
          return
        } catch {
          lose(job, error, giveUp: true)
        }
      } else {
        lose(job, .closed, giveUp: true)
      }
    } catch {
      lose(job, error, giveUp: order.withoutTranscript != nil)
    }
  }

  /// The message first, then its transcript.
  private func postpone(_ job: LeasedJob) {
    context.insist("postponing a transcript", id: job.id) { store throws(SpoolError) in
      try store.postpone(job.lease, nowMS: Clock.nowMS())
    }
    context.log.info("the message goes out before its transcript", ["id": job.id])
    context.delivery.ring()
  }

  private static let tooLate = "it was not ready in time"
  private static let tooHard = "the recording could not be processed"

  private typealias Outcome = (result: WorkResult, enhanced: [UInt8]?)

  private func perform(_ order: WorkOrder, _ job: LeasedJob, _ limit: Duration)
    throws(ChannelError) -> Outcome
  {
    var hasBegun = false
    do throws(ChannelError) {
      return try handOver(order, job, limit) { hasBegun = true }
    } catch {
      // Dead before it had begun: it died idle, which is not this message's doing.
      guard !hasBegun, case .closed = error, !context.transcription.isStopped else { throw error }
      guard startWorker() else { throw error }
      return try handOver(order, job, limit) {}
    }
  }

  private func handOver(
    _ order: WorkOrder, _ job: LeasedJob, _ limit: Duration, begun: () -> Void
  ) throws(ChannelError) -> Outcome {
    guard let worker else { throw .closed }
    context.board.update(number) {
      $0.doing = .working
      $0.id = job.id
    }
    defer {
      context.board.update(number) {
        $0.doing = .idle
        $0.id = nil
        $0.stage = nil
      }
    }
    let clerk = EngineClerk(context, job)
    return try clerk.watch { () throws(ChannelError) in
      try worker.perform(order, on: job.content, limit: limit, clerk: clerk) { stage in
        begun()
        Failpoint.pass("transcription begun")
        context.board.update(number) { $0.stage = stage }
      }
    }
  }

  /// No engine could be asked: an alarm, and another try as long as one may be back before the deadline.
  private func putOff(_ job: LeasedJob, _ result: WorkResult) -> Bool {
    guard result.enginesWereDown else { return false }
    let why = result.notes.last ?? "no engine could be asked"
    context.alarms.raise(.enginesDown, why, id: job.id)
    let now = Clock.nowMS()
    let end = job.deadlineFromMS + job.allowedMS
    guard result.canWait, result.lacksText, now < end else { return false }
    let next = min(now + Self.enginesPauseMS, end)
    context.log.warning(
      "waits for an engine", ["id": job.id, "next_try": Clock.text(next), "why": why])
    context.insist("postponing a transcription", id: job.id) { store throws(SpoolError) in
      try store.postponeTranscription(job.lease, why: why, retryMS: next, nowMS: now)
    }
    context.transcription.ring()
    return true
  }

  /// Between two tries of a message when all its engines are down.
  private static let enginesPauseMS: Int64 = 10_000

  private func finish(_ job: LeasedJob, _ made: Outcome) {
    if putOff(job, made.result) { return }
    context.engines.forget(job.id)
    var outcome = made
    var isStored = false
    context.insist("storing a transcript", id: job.id) { store throws(SpoolError) in
      do throws(SpoolError) {
        isStored = try store.finishTranscription(
          job.lease, result: outcome.result, outgoing: outcome.enhanced, nowMS: Clock.nowMS())
      } catch {
        guard error.isFull, outcome.enhanced != nil else { throw error }
        // The message itself needs no room, and does not wait for any.
        outcome.enhanced = nil
        outcome.result.refusal = "the spool has no room for more"
        isStored = try store.finishTranscription(
          job.lease, result: outcome.result, outgoing: nil, nowMS: Clock.nowMS())
      }
    }
    Failpoint.pass("transcription stored")
    // Held, deleted or sent on demand meanwhile: nobody gets to see it.
    guard isStored else { return }
    // An engine that rests has had its line; each message's story names it.
    for note in outcome.result.notes where !note.contains(EngineDesk.outOfOrder) {
      context.log.warning("recording", ["id": job.id, "why": note])
    }
    if job.form == .reply, let refusal = outcome.result.refusal {
      context.log.warning("no reply is sent", ["id": job.id, "why": refusal])
    } else if let refusal = outcome.result.refusal {
      context.log.error("not enhanced, the original goes out", ["id": job.id, "why": refusal])
      if refusal.hasPrefix("self-check:") {
        context.alarms.raise(.selfCheckFailed, refusal, id: job.id)
      }
    }
    context.figures.change {
      $0.transcribed[outcome.result.status.rawValue, default: 0] += 1
      $0.recognizeSeconds.add(Double(outcome.result.recognizeMS) / 1_000)
    }
    context.log.info(
      "transcribed",
      [
        "id": job.id, "transcript": outcome.result.status.rawValue,
        "decode_ms": "\(outcome.result.decodeMS)",
        "recognize_ms": "\(outcome.result.recognizeMS)",
        "enhance_ms": "\(outcome.result.enhanceMS)",
      ])
    context.delivery.ring()
  }

  private func lose(_ job: LeasedJob, _ error: ChannelError, giveUp: Bool) {
    let pid = worker.map { "\($0.pid)" } ?? "none"
    dropWorker()
    guard !context.transcription.isStopped else {
      return context.insist("giving a message back", id: job.id) { store throws(SpoolError) in
        try store.giveBack(job.lease, nowMS: Clock.nowMS())
      }
    }
    let why = "worker \(number) (pid \(pid)) lost: \(error)"
    context.log.error(
      "worker lost", ["id": job.id, "pid": pid, "attempt": "\(job.attempt)", "why": "\(error)"])
    let now = Clock.nowMS()
    var random = SystemRandomNumberGenerator()
    let delay = schedule.delayMS(afterAttempt: job.attempt, using: &random)
    // Nothing else frees it while the daemon runs.
    context.insist("recording a lost worker", id: job.id) { store throws(SpoolError) in
      try store.loseWorker(
        job.lease, why: why, retryMS: giveUp ? nil : now + delay, nowMS: now)
    }
    if giveUp { context.delivery.ring() } else { context.transcription.ring() }
  }
}
