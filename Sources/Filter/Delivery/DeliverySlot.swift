internal import Operations
internal import Spool
internal import Voicemail

/// Hands ready messages back to the MTA, one at a time, on a thread of its own.
final class DeliverySlot {
  private let context: DaemonContext
  private let number: Int
  private let outlet = Outlet()

  private static let restPauseMS: Int64 = 5_000
  /// After the deadline, a message that still waits for a worker goes out as it came.
  private static let graceMS: Int64 = 30_000

  init(context: DaemonContext, number: Int) {
    self.context = context
    self.number = number
  }

  /// Until the daemon stops.
  func run() {
    while !context.delivery.isStopped {
      do throws(SpoolError) {
        try context.store.expireWaiting(
          deadlineBeforeMS: Clock.nowMS() - Self.graceMS, nowMS: Clock.nowMS())
        if let pause = context.targetHealth.pauseMS() {
          rest(untilMS: Clock.nowMS() + pause)
          continue
        }
        if let job = try lease() {
          deliver(job)
          continue
        }
        guard try context.store.bringBack(nowMS: Clock.nowMS()) == 0 else { continue }
        let due = try context.store.nextDueMS(delivery: true)
        let late = try context.store.nextDeadlineMS().map { $0 + Self.graceMS }
        rest(untilMS: [due, late].compactMap(\.self).min())
      } catch {
        context.log.error("spool trouble", ["where": "delivery", "why": error.sentence])
        rest(untilMS: Clock.nowMS() + Self.restPauseMS)
      }
    }
    outlet.close()
  }

  private func lease() throws(SpoolError) -> LeasedJob? {
    do throws(SpoolError) {
      let job = try context.store.leaseForDelivery(
        holder: "delivery \(number)", nowMS: Clock.nowMS())
      if job == nil { context.targetHealth.gaveUp() }
      return job
    } catch {
      context.targetHealth.gaveUp()
      throw error
    }
  }

  private func rest(untilMS moment: Int64?) {
    context.delivery.wait(untilMS: [moment, outlet.closesAtMS].compactMap(\.self).min())
    outlet.rest(nowMS: Clock.nowMS())
  }

  private func deliver(_ job: LeasedJob) {
    let start = ContinuousClock.now
    Failpoint.pass("delivery claimed")
    var attempt = Handover(job, context, outlet).run()
    // One that asked nobody has not told how it is.
    context.targetHealth.gaveUp()
    Failpoint.pass("delivery accepted")
    let took = start.elapsedMS
    var random = SystemRandomNumberGenerator()
    let replyID = JobID.make(atMS: Clock.nowMS(), using: &random)
    let ids = attempt.queueIDs.isEmpty ? nil : attempt.queueIDs.joined(separator: ", ")
    context.insist("recording a delivery", id: job.id) {
      [attempted = attempt] store throws(SpoolError) in
      let outcome = try store.finishDelivery(
        job.lease, replies: attempted.replies, newQueueID: ids, deliveryMS: took,
        outcome: attempted.outcome, form: attempted.form, story: attempted.story,
        replyID: replyID, nowMS: Clock.nowMS())
      attempt.outcome = outcome ?? attempted.outcome
    }
    Failpoint.pass("delivery stored")
    context.housekeeping.noteWork()
    report(job, attempt, took)
    if let reason = attempt.awayReason { holdExpired(reason) }
  }

  /// The lifetime of those that keep their places while the target is away ends too.
  private func holdExpired(_ reason: String) {
    let now = Clock.nowMS()
    let why = "delivery lifetime is over; last: \(reason)"
    do throws(SpoolError) {
      let held = try context.store.holdExpired(
        receivedBeforeMS: now - context.settings.delivery.lifetimeMS, reason: why, nowMS: now)
      for id in held {
        context.log.error("held for the administrator", ["id": id, "why": why])
        context.alarms.raise(.messageHeld, why, id: id)
      }
    } catch {
      context.log.error("spool trouble", ["where": "delivery", "why": error.sentence])
    }
  }

  private func report(_ job: LeasedJob, _ attempt: Handover.Attempt, _ took: Int64) {
    for remark in attempt.remarks {
      context.log.warning("delivery remark", ["id": job.id, "why": remark])
    }
    if let reason = attempt.awayReason {
      context.deliveryBoard.failed(reason)
    } else if attempt.outcome == .done {
      context.deliveryBoard.succeeded()
    } else if attempt.hasAsked {
      context.deliveryBoard.answered()
    }
    // Perhaps a reply follows, if only to some.
    if job.form == .original { context.transcription.ring() }
    switch attempt.outcome {
    case .done:
      context.figures.change {
        $0.delivered += 1
        $0.deliverySeconds.add(Double(max(Clock.nowMS() - job.receivedMS, 0)) / 1_000)
      }
      let details = (try? context.store.details(job.id)) ?? nil
      let result = details?.result
      context.log.info(
        "delivered",
        [
          "id": job.id, "queue_id": job.client.queueID, "message_id": job.messageID,
          "to": context.log.addresses(job.envelope.recipients.map(\.address)),
          "new_queue_id": attempt.allQueueIDs.isEmpty
            ? nil : attempt.allQueueIDs.joined(separator: ","),
          "recipients": "\(job.envelope.recipients.count)",
          "form": (attempt.form ?? job.form).rawValue, "transcript": result?.status.rawValue,
          "seconds": "\(Double(Clock.nowMS() - job.receivedMS) / 1_000)",
          "decode_ms": result.map { "\($0.decodeMS)" },
          "recognize_ms": result.map { "\($0.recognizeMS)" },
          "enhance_ms": result.map { "\($0.enhanceMS)" }, "delivery_ms": "\(took)",
        ])
    case .deferred(let until, let reason):
      context.figures.change { $0.deferred += 1 }
      context.log.warning(
        "deferred",
        [
          "id": job.id, "queue_id": job.client.queueID, "attempt": "\(job.attempt)",
          "next_try": Clock.text(until), "why": reason,
        ])
    case .givenUp(let reason):
      context.log.warning("no reply is sent", ["id": job.id, "why": reason])
    case .held(let reason):
      context.figures.change { $0.held += 1 }
      context.log.error(
        "held for the administrator",
        ["id": job.id, "queue_id": job.client.queueID, "why": reason])
      context.alarms.raise(.messageHeld, reason, id: job.id, queueID: job.client.queueID)
    }
  }
}
