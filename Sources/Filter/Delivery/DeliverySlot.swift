internal import Operations
internal import SMTP
internal import Spool
internal import Voicemail

/// Hands ready messages back to the MTA, one at a time, on a thread of its own.
final class DeliverySlot {
  private let context: DaemonContext
  private let schedule = RetrySchedule()

  private static let restPauseMS: Int64 = 5_000
  /// After the deadline, a message that still waits for a worker goes out as it came.
  private static let graceMS: Int64 = 30_000

  init(context: DaemonContext) { self.context = context }

  /// Until the daemon stops.
  func run() {
    while !context.delivery.isStopped {
      do throws(SpoolError) {
        let deadline = context.settings.transcriptionDeadlineMS + Self.graceMS
        try context.store.expireWaiting(
          receivedBeforeMS: Clock.nowMS() - deadline, nowMS: Clock.nowMS())
        if let job = try context.store.leaseForDelivery(
          holder: "delivery", nowMS: Clock.nowMS())
        {
          deliver(job)
          continue
        }
        let due = try context.store.nextDueMS(delivery: true)
        let late = try context.store.nextDueMS(delivery: false).map { $0 + deadline }
        context.delivery.wait(untilMS: [due, late].compactMap(\.self).min())
      } catch {
        context.log.error("spool trouble", ["where": "delivery", "why": error.sentence])
        context.delivery.wait(untilMS: Clock.nowMS() + Self.restPauseMS)
      }
    }
  }

  private func deliver(_ job: LeasedJob) {
    let start = ContinuousClock.now
    let attempt = attempt(job)
    let took = start.elapsedMS
    context.insist("recording a delivery", id: job.id) { store throws(SpoolError) in
      try store.finishDelivery(
        job.lease, replies: attempt.replies, newQueueID: attempt.queueID, deliveryMS: took,
        outcome: attempt.outcome, nowMS: Clock.nowMS())
    }
    report(job, attempt, took)
    // A fallback is due at once, and this thread is the one to see to it.
  }

  private struct Attempt: Sendable {
    var replies: [RecipientReply] = []
    var queueID: String?
    var outcome: DeliveryOutcome
    var remarks: [String] = []
  }

  private func attempt(_ job: LeasedJob) -> Attempt {
    do throws(SMTPFailure) {
      let live = context.live.current
      let client = try SMTPClient(live.target, heloName: live.settings.hostname)
      let result = try client.deliver(submission(of: job))
      client.quit()
      let replies = result.recipients.map {
        RecipientReply(
          address: $0.address, delivered: $0.outcome == .accepted,
          reply: ($0.outcome == .accepted ? result.reply : nil)?.description
            ?? $0.reply.description)
      }
      let waiting = result.recipients.filter { $0.outcome != .accepted }
      guard let first = waiting.first else {
        return Attempt(
          replies: replies, queueID: result.queueID, outcome: .done, remarks: result.remarks)
      }
      let reason = "\(waiting.count) of \(replies.count) recipients: \(first.reply.forLog)"
      let refused = waiting.allSatisfy { $0.outcome == .refused }
      return Attempt(
        replies: replies, queueID: result.queueID,
        outcome: outcome(job, refused: refused, reason), remarks: result.remarks)
    } catch {
      return Attempt(outcome: outcome(job, refused: error.kind == .permanent, error.sentence))
    }
  }

  /// Refused enhanced: the original at once. Refused original: held. All else: later, while its lifetime lasts.
  private func outcome(_ job: LeasedJob, refused: Bool, _ reason: String) -> DeliveryOutcome {
    if refused { return job.form == .enhanced ? .fallBack(reason: reason) : .held(reason: reason) }
    let now = Clock.nowMS()
    guard now - job.receivedMS < context.settings.deliveryLifetimeMS else {
      return .held(reason: "delivery lifetime is over; last: \(reason)")
    }
    var random = SystemRandomNumberGenerator()
    let delay = schedule.delayMS(afterAttempt: job.attempt, using: &random)
    return .deferred(untilMS: now + delay, reason: reason)
  }

  private func submission(of job: LeasedJob) -> Submission {
    let client = job.client
    return Submission(
      sender: job.envelope.sender, senderParameters: job.envelope.senderParameters,
      recipients: job.envelope.recipients.map {
        SubmissionRecipient($0.address, parameters: $0.parameters)
      },
      client: ForwardedClient(
        name: client.name, address: client.address, port: client.port,
        protocolName: client.protocolName, helo: client.helo, queueID: client.queueID,
        source: .remote),
      message: job.form == .enhanced
        ? job.content : OriginalMessage.marked(job.content, with: context.ownHeaders(for: job)))
  }

  private func report(_ job: LeasedJob, _ attempt: Attempt, _ took: Int64) {
    for remark in attempt.remarks {
      context.log.warning("delivery remark", ["id": job.id, "why": remark])
    }
    switch attempt.outcome {
    case .done:
      context.deliveryBoard.succeeded()
      let details = (try? context.store.details(job.id)) ?? nil
      let result = details?.result
      context.log.info(
        "delivered",
        [
          "id": job.id, "queue_id": job.client.queueID, "new_queue_id": attempt.queueID,
          "recipients": "\(job.envelope.recipients.count)", "form": job.form.rawValue,
          "transcript": result?.status.rawValue,
          "seconds": "\(Double(Clock.nowMS() - job.receivedMS) / 1_000)",
          "decode_ms": result.map { "\($0.decodeMS)" },
          "recognize_ms": result.map { "\($0.recognizeMS)" },
          "enhance_ms": result.map { "\($0.enhanceMS)" }, "delivery_ms": "\(took)",
        ])
    case .deferred(let until, let reason):
      context.deliveryBoard.failed(reason)
      context.log.warning(
        "deferred",
        [
          "id": job.id, "queue_id": job.client.queueID, "attempt": "\(job.attempt)",
          "next_try": Clock.text(until), "why": reason,
        ])
    case .fallBack(let reason):
      context.deliveryBoard.failed(reason)
      context.log.error(
        "enhanced message refused, the original goes out", ["id": job.id, "why": reason])
      context.alarms.raise(.reinjectionRefused, reason, id: job.id)
    case .held(let reason):
      context.deliveryBoard.failed(reason)
      context.log.error(
        "held for the administrator",
        ["id": job.id, "queue_id": job.client.queueID, "why": reason])
      context.alarms.raise(.messageHeld, reason, id: job.id, queueID: job.client.queueID)
    }
  }
}
