internal import Operations
internal import SMTP
internal import Spool
internal import Voicemail

/// One attempt at one message. Each recipient goes down a ladder until somebody has taken the message or said "later":
///
///     enhanced ─5xx─▶ original ─552─▶ original with the marker alone ─5xx─▶ fallback target ─5xx─▶ held
///
/// Recipients beyond the listener's limit go in further transactions. What was accepted is in the spool before the
/// next transaction begins, so that a crash in between sends nobody a second copy.
final class Handover {
  /// What the attempt came to; `replies` and `queueIDs` are those that the spool does not have yet.
  struct Attempt: Sendable {
    var replies: [RecipientReply] = []
    var queueIDs: [String] = []
    var outcome = DeliveryOutcome.done
    /// What goes out from now on, when that has changed.
    var form: DeliveryForm?
    /// What happened on the way, for the message's story.
    var story: [String] = []
    var remarks: [String] = []
    /// Whether anybody was asked at all.
    var hasAsked = false
    /// Why the target was not even reached, if so.
    var awayReason: String?
    /// Of the whole attempt, for the log.
    var allQueueIDs: [String] = []
  }

  /// A recipient, and which of the message's it is.
  private struct Addressee {
    var position: Int
    var recipient: Recipient
  }

  private enum Rung {
    case enhanced, original, bare, fallback, reply

    var words: String {
      switch self {
      case .enhanced: "enhanced message"
      case .original: "original"
      case .bare: "original with the marker alone"
      case .fallback: "original by the fallback target"
      case .reply: "reply with the transcript"
      }
    }
  }

  private let context: DaemonContext
  private let live: LiveSettings.Snapshot
  private let job: LeasedJob
  private let outlet: Outlet
  private var attempt = Attempt()
  /// Of those to be tried again: the first reason, and whether the target was not even reached.
  private var laterReason: String?
  private var pauseMS: Int64?
  private var refusal: (reason: String, code: Int?) = ("", nil)

  init(_ job: LeasedJob, _ context: DaemonContext, _ outlet: Outlet) {
    self.job = job
    self.context = context
    self.outlet = outlet
    live = context.live.current
  }

  func run() -> Attempt {
    var waiting = zip(job.positions, job.envelope.recipients).map(Addressee.init)
    var rung: Rung? =
      switch job.form {
      case .enhanced: .enhanced
      case .original: .original
      case .reply: .reply
      }
    var isRefused = false
    while let current = rung, !waiting.isEmpty {
      let offered = waiting.count
      waiting = send(to: waiting, as: current)
      // An original that is refused too says nothing against the enhanced message: when what is wrong has been mended, it
      // comes first again.
      if isRefused, waiting.count < offered { attempt.form = .original }
      guard !waiting.isEmpty else { break }
      if current == .enhanced { isRefused = waiting.count == offered }
      rung = next(after: current)
      note(refused: current, goesOn: rung)
    }
    let refused = Set(waiting.map(\.position))
    for index in attempt.replies.indices where refused.contains(attempt.replies[index].position) {
      attempt.replies[index].isFinal = true
    }
    attempt.outcome = outcome(areSomeRefused: !waiting.isEmpty)
    return attempt
  }

  private func next(after rung: Rung) -> Rung? {
    let fallback: Rung? = live.fallback == nil ? nil : .fallback
    return switch rung {
    case .enhanced: .original
    case .original: refusal.code == 552 ? .bare : fallback
    case .bare: fallback
    case .fallback, .reply: nil
    }
  }

  private func note(refused rung: Rung, goesOn next: Rung?) {
    let reason = refusal.reason
    if let next {
      attempt.story.append("\(rung.words) refused, the \(next.words) is tried: \(reason)")
      context.log.error(
        "\(rung.words) refused, the \(next.words) is tried", ["id": job.id, "why": reason])
    }
    context.alarms.raise(
      .reinjectionRefused, "\(rung.words): \(reason)", id: job.id, queueID: job.client.queueID)
  }

  /// Later counts before refused: a message is held when nothing else can be done.
  private func outcome(areSomeRefused: Bool) -> DeliveryOutcome {
    guard let reason = laterReason else {
      return areSomeRefused ? end(refusal.reason) : .done
    }
    let now = Clock.nowMS()
    guard now - job.receivedMS < live.settings.delivery.lifetimeMS else {
      return end("delivery lifetime is over; last: \(reason)")
    }
    var random = SystemRandomNumberGenerator()
    let delay = pauseMS ?? RetrySchedule().delayMS(afterAttempt: job.attempt, using: &random)
    return .deferred(untilMS: now + delay, reason: reason)
  }

  /// A voicemail waits for the administrator; a reply to one that has arrived is not worth his time.
  private func end(_ reason: String) -> DeliveryOutcome {
    job.form == .reply ? .givenUp(reason: reason) : .held(reason: reason)
  }

  // MARK: - One rung

  /// Transactions until each recipient has an answer; those that were refused for good.
  private func send(to recipients: [Addressee], as rung: Rung) -> [Addressee] {
    guard let message = message(for: rung) else { return [] }
    let target = rung == .fallback ? live.fallback ?? live.target : live.target
    var waiting = recipients
    var refused: [Addressee] = []
    var limit = Int.max
    while !waiting.isEmpty {
      guard recordAccepted() else { return refused }
      let now = Array(waiting.prefix(limit))
      attempt.hasAsked = true
      do throws(SMTPFailure) {
        let result = try outlet.deliver(submission(of: message, to: now), to: target, live)
        context.targetHealth.answered()
        waiting = take(result, of: now, &refused) + waiting.dropFirst(now.count)
      } catch {
        if let most = error.recipientLimit(offered: now.count), most < now.count {
          limit = most
          continue
        }
        if take(error, at: rung) {
          refused += waiting
        } else {
          let doubt =
            error.kind == .outcomeUnknown
            ? "; the MTA may have it, so that it may arrive twice" : ""
          laterReason = laterReason ?? error.sentence + doubt
        }
        answer(waiting, error.reply?.description ?? error.sentence)
        waiting = []
      }
    }
    return refused
  }

  /// Sorts the recipients of a transaction; those that must go in another one come back.
  private func take(
    _ result: DeliveryResult, of recipients: [Addressee], _ refused: inout [Addressee]
  ) -> [Addressee] {
    var leftOver: [Addressee] = []
    var troubled: RecipientResult?
    for (recipient, found) in zip(recipients, result.recipients) {
      switch found.outcome {
      case .accepted: break
      case .leftOver:
        leftOver.append(recipient)
        continue
      case .refused:
        if refused.isEmpty { refusal = (found.reply.forLog, found.reply.code) }
        refused.append(recipient)
      case .refusedForNow: troubled = troubled ?? found
      }
      let reply = found.outcome == .accepted ? result.reply ?? found.reply : found.reply
      attempt.replies.append(
        RecipientReply(
          position: recipient.position, delivered: found.outcome == .accepted,
          reply: reply.description))
    }
    if let troubled, laterReason == nil {
      let count = result.recipients.count { $0.outcome == .refusedForNow }
      laterReason = "\(count) of \(recipients.count) recipients: \(troubled.reply.forLog)"
    }
    if let id = result.queueID {
      attempt.queueIDs.append(id)
      attempt.allQueueIDs.append(id)
    }
    attempt.remarks += result.remarks.filter { !attempt.remarks.contains($0) }
    return leftOver
  }

  /// Whether a failure is a refusal for good; else it is remembered as a reason to try again.
  private func take(_ failure: SMTPFailure, at rung: Rung) -> Bool {
    if rung != .fallback {
      switch failure.stage {
      case .connect, .greeting, .hello:
        pauseMS = context.targetHealth.failed()
        attempt.awayReason = failure.sentence
      default: context.targetHealth.answered()
      }
    }
    guard failure.kind == .permanent else { return false }
    refusal = (failure.sentence, failure.reply?.code)
    return true
  }

  private func answer(_ recipients: [Addressee], _ reply: String) {
    attempt.replies += recipients.map {
      RecipientReply(position: $0.position, delivered: false, reply: reply)
    }
  }

  /// False when the spool does not have it: then nothing more may be sent.
  private func recordAccepted() -> Bool {
    let accepted = attempt.replies.filter(\.delivered)
    guard !accepted.isEmpty else { return true }
    var isRecorded = false
    let ids = attempt.queueIDs.isEmpty ? nil : attempt.queueIDs.joined(separator: ", ")
    context.insist("recording a part of a delivery", id: job.id) { store throws(SpoolError) in
      isRecorded = try store.noteAccepted(
        job.lease, replies: accepted, newQueueID: ids, nowMS: Clock.nowMS())
    }
    guard isRecorded else {
      laterReason = "the rest waits: what was accepted could not be recorded"
      return false
    }
    attempt.replies.removeAll(where: \.delivered)
    attempt.queueIDs = []
    return true
  }

  // MARK: - What is sent

  /// nil when the spool cannot be read now.
  private func message(for rung: Rung) -> [UInt8]? {
    if rung == .enhanced || rung == .reply { return job.content }
    let own = context.ownHeaders(for: job)
    if job.form == .original {
      return OriginalMessage.marked(job.content, with: rung == .bare ? own.suffix(1) : own)
    }
    do throws(SpoolError) {
      let original = try context.store.original(of: job.lease)
      guard !original.isEmpty else { throw SpoolError("the original is not there any more") }
      return OriginalMessage.marked(original, with: rung == .bare ? own.suffix(1) : own)
    } catch {
      laterReason = error.sentence
      return nil
    }
  }

  private func submission(of message: [UInt8], to recipients: [Addressee]) -> Submission {
    guard job.form != .reply else { return reply(message, to: recipients) }
    let client = job.client
    return Submission(
      sender: job.envelope.sender, senderParameters: job.envelope.senderParameters,
      recipients: recipients.map(\.recipient).map {
        SubmissionRecipient($0.address, parameters: $0.parameters)
      },
      client: ForwardedClient(
        name: client.name, address: client.address, port: client.port,
        protocolName: client.protocolName, helo: client.helo, queueID: client.queueID,
        source: .remote),
      message: message)
  }

  /// A mail of this host's own, from the null sender so that no bounce or vacation answers it.
  private func reply(_ message: [UInt8], to recipients: [Addressee]) -> Submission {
    let isUTF8 = job.envelope.senderParameters.contains { $0.uppercased() == "SMTPUTF8" }
    return Submission(
      sender: "", senderParameters: isUTF8 ? ["SMTPUTF8"] : [],
      recipients: recipients.map { SubmissionRecipient($0.recipient.address) }, message: message)
  }
}
