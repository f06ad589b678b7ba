internal import Operations
internal import Voicemail

/// Stands between one message's worker and the desk: knows which engine has the recording at this moment.
final class EngineClerk {
  private let context: DaemonContext
  private let customer: EngineDesk.Customer
  private var active: (engine: String, until: ContinuousClock.Instant)?

  /// Between an engine's limit and the end of patience with it.
  private static let grace = Duration.seconds(10)

  init(_ context: DaemonContext, _ job: LeasedJob) {
    self.context = context
    customer = EngineDesk.Customer(
      id: job.id, client: job.client.address, recipients: job.envelope.recipients.map(\.address))
  }

  func enter(_ question: EngineQuestion) -> EnginePass {
    let pass = context.engines.enter(question.engine, question.visit, customer)
    if pass == .granted {
      let limit = Duration.milliseconds(Int(question.visit.limitSeconds * 1_000))
      active = (question.engine, .now + limit + Self.grace)
    }
    return pass
  }

  func leave(_ report: EngineReport) {
    active = nil
    tell(context.engines.leave(report.engine, report.end, customer), of: report)
  }

  private func tell(_ news: EngineDesk.News, of report: EngineReport) {
    switch news {
    case .none: break
    case .rests(let why):
      context.log.warning("engine rests", ["engine": report.engine, "why": why])
    case .isBack: context.log.info("engine is back", ["engine": report.engine])
    case .needsAdministrator:
      guard case .failed(let failure) = report.end else { return }
      context.alarms.raise(.engineUnusable, "engine \(report.engine): \(failure.sentence)")
    }
  }

  /// The next frame, until that moment or until the engine at work is beyond its limit.
  func receive(from channel: WorkerChannel, until deadline: ContinuousClock.Instant)
    throws(ChannelError) -> (kind: FrameKind, payload: [UInt8])
  {
    guard let active, active.until < deadline else { return try channel.receive(until: deadline) }
    do throws(ChannelError) {
      return try channel.receive(until: active.until)
    } catch {
      guard case .timedOut = error else { throw error }
      throw .engineHung(active.engine)
    }
  }

  /// What happens in there with an engine at work is its doing when the worker is lost.
  func watch<T>(_ body: () throws(ChannelError) -> T) throws(ChannelError) -> T {
    do throws(ChannelError) {
      return try body()
    } catch {
      if let active {
        let why = "the worker was lost with it: \(error)"
        let report = EngineReport(engine: active.engine, end: .failed(.retryable(why)))
        tell(context.engines.lost(active.engine, customer, why), of: report)
      }
      throw error
    }
  }
}

extension EngineDesk {
  /// Fills in whom a message's worker asks, and what it tells them.
  func order(
    _ order: inout WorkOrder, for job: LeasedJob, secondsLeft: Double, _ context: DaemonContext
  ) {
    order.secondsLeft = secondsLeft
    let settings = context.settings
    if let engine = job.engine {
      // What an administrator names, it is: nothing else is asked.
      order.engines = [engine]
    } else {
      let names = job.policy.engines ?? settings.engines
      let allowed = job.isConfidential ? settings.enginesHere(names) : names
      if allowed.isEmpty { order.withoutTranscript = "no speech recogniser was available" }
      order.engines = chain(allowed, for: job.id)
    }
    order.languages = job.policy.language.map { [$0] } ?? settings.languages
    guard let file = job.policy.vocabulary ?? settings.vocabulary else { return }
    do throws(FileError) {
      order.vocabulary = try Vocabulary.read(file)
    } catch {
      context.log.warning("vocabulary not used", ["id": job.id, "why": error.sentence])
    }
  }
}

extension LeasedJob {
  /// Private mail that no policy takes like others: what it says stays on this host.
  fileprivate var isConfidential: Bool { voicemail.privacy != nil && !policy.takesPrivate }
}
