internal import Mail
internal import Operations
internal import Spool
internal import Voicemail

/// What every way in shares: a collected message is looked at, and a voicemail goes into the spool.
///
/// Whatever goes wrong before it is on disk: the message passes unchanged.
struct Intake {
  enum Outcome {
    case pass(reason: String)
    /// On disk, synced, by that id: the sender may be told that we have it.
    case kept(id: String)
    /// The message is to go on as it is. When it has, or as far as can be told will, `keep` these: replies to it.
    case passAndKeep([NewJob])
  }

  let context: DaemonContext
  private var live: LiveSettings.Held
  private static let keptHeaderBytes = 64 << 10
  private let reader = GMimeReader()
  /// Of the open message, when its header section was read before its body came.
  private var headerFacts: MessageFacts?
  /// Whether the open message is a voicemail that has just been handed over, to one of its recipients again.
  private(set) var comesRound = false

  init(context: DaemonContext) {
    self.context = context
    live = LiveSettings.Held(context.live)
  }

  /// In force for the message that is open.
  var settings: Settings { live.snapshot.settings }
  private var recognition: Recognition { live.snapshot.recognition }

  /// To be called when a message begins: what was reloaded counts from here on.
  mutating func begin() {
    live.refresh()
    (headerFacts, comesRound) = (nil, false)
  }

  /// Why all messages of a client pass, whoever logs in; nil: they may be voicemails.
  func reasonToPass(atConnect client: ClientFacts) -> String? {
    Self.reason(recognition.verdictAtConnect(client))
  }

  /// Why a client's message passes; nil: it may be a voicemail.
  func reasonToPass(from client: ClientFacts) -> String? {
    Self.reason(recognition.verdictAtMail(client))
  }

  /// Why a message with this header section, which is whole, passes; nil: its body may tell.
  mutating func reasonToPass(
    headers: [UInt8], _ envelope: Envelope, _ client: ClientFacts
  ) -> String? {
    let facts = facts(headers: headers)
    // Read again where keeping them for the time of the body would cost much.
    headerFacts = headers.count <= Self.keptHeaderBytes ? facts : nil
    let reason = Self.reason(recognition.verdictAtEndOfHeaders(facts, envelope, client))
    if let reason, case .valid(let id) = recognition.loopGuard.check(facts),
      !isOwnSubmission(client), isJustOut(id, to: envelope)
    {
      comesRound = recognition.loopGuard.ownTraces(in: facts) > 0
      context.alarms.raise(.loopSeen, reason, queueID: client.queueID)
    }
    return reason
  }

  /// Of a header section, which is whole.
  func facts(headers: [UInt8]) -> MessageFacts { headerFacts ?? reader.readHeaders(headers) }

  /// A loop brings a message back while it is delivered or soon after. One that comes later was queued again by an
  /// administrator (`postsuper -r`) or sent on by somebody.
  private static let loopMS: Int64 = 600_000

  private func isJustOut(_ id: String, to envelope: Envelope) -> Bool {
    do throws(SpoolError) {
      guard let details = try context.store.details(id) else { return false }
      // A recipient's own forwarding to somebody else comes by here as well.
      let known = Set(details.recipients.map { $0.address.lowercased() })
      guard envelope.recipients.contains(where: { known.contains($0.address.lowercased()) }) else {
        return false
      }
      return details.finishedMS.map { Clock.nowMS() - $0 < Self.loopMS } ?? true
    } catch {
      return true
    }
  }

  /// What goes out by sendmail(1) comes by here once more (non_smtpd_milters), and has no port.
  private func isOwnSubmission(_ client: ClientFacts) -> Bool {
    guard (client.port ?? 0) == 0 else { return false }
    return live.snapshot.usesSendmail
  }

  /// Why a whole message passes; nil: it is a voicemail. Nothing is kept of it.
  func reasonToPass(content: [UInt8], _ envelope: Envelope, _ client: ClientFacts) -> String? {
    do throws(StepFailure) {
      let (facts, _) = try reader.read(content, headers: headerFacts) { _ in [] }
      return Self.reason(recognition.verdict(facts, envelope, client))
    } catch {
      return Self.unreadable(error)
    }
  }

  /// Decides over a whole message. `canPass`: whether it can go on from here as it is.
  func take(
    _ content: [UInt8], _ envelope: Envelope, _ client: ClientFacts, canPass: Bool
  ) -> Outcome {
    let start = ContinuousClock.now
    do throws(StepFailure) {
      var verdict = Verdict.pass(reason: "")
      let (facts, digests) = try reader.read(content, headers: headerFacts) { facts in
        verdict = recognition.verdict(facts, envelope, client)
        guard case .voicemail(let voicemail) = verdict else { return [] }
        return voicemail.audioParts
      }
      switch verdict {
      case .pass(let reason): return .pass(reason: reason)
      case .voicemail(let voicemail):
        var job = NewJob(
          id: "", receivedMS: Clock.nowMS(), envelope: envelope, client: client,
          messageID: facts.header("Message-ID"), voicemail: voicemail, content: content,
          fingerprint: recognition.loopGuard.fingerprint(facts, recordings: digests, envelope))
        job.allowedMS = settings.transcriptionDeadlineMS
        let groups = live.snapshot.policies.groups(voicemail, envelope)
        switch ReceptionPlan(groups, voicemail, canPass: canPass) {
        case .pass(let reason): return .pass(reason: reason)
        case .passAndReply(let parts): return .passAndKeep(divide(job, parts))
        case .take(let parts): return keep(divide(job, parts), since: start)
        }
      }
    } catch {
      return .pass(reason: Self.unreadable(error))
    }
  }

  /// A job for each part; the first has the fingerprint, which is the whole message's.
  private func divide(_ whole: NewJob, _ parts: [ReceptionPlan.Part]) -> [NewJob] {
    var random = SystemRandomNumberGenerator()
    return parts.enumerated().map { index, part in
      var job = whole
      job.id = JobID.make(atMS: whole.receivedMS, using: &random)
      job.envelope.recipients = part.recipients
      (job.policy, job.start) = (part.policy, part.start)
      job.allowedMS =
        part.start == .message ? part.policy.deadlineMS ?? whole.allowedMS : Policy.replyWithinMS
      if index > 0 { job.fingerprint = nil }
      if let country = part.policy.country {
        let number = whole.voicemail.caller.number
        job.voicemail.caller.e164 = Country.e164(number, in: Country(country))
      }
      if part.policy.countCalls {
        job.callerHash = recognition.loopGuard.callerHash(job.voicemail, whole.envelope)
      }
      return job
    }
  }

  /// Keeps replies to a message that has gone on; without them it is a voicemail without a transcript.
  func keep(_ replies: [NewJob]) { _ = keep(replies, since: .now) }

  private func keep(_ jobs: [NewJob], since start: ContinuousClock.Instant) -> Outcome {
    guard let first = jobs.first else { return .pass(reason: "it has no recipient") }
    let queueID = first.client.queueID
    do throws(SpoolError) {
      guard try context.store.accept(jobs, within: Wiring.spoolLimits(context.settings)) else {
        let reason = "this voicemail was taken over before"
        context.log.info("passes", ["queue_id": queueID, "why": reason])
        return .pass(reason: reason)
      }
    } catch {
      context.spoolRoom.refused(error, queueID: queueID)
      return .pass(reason: "it could not be kept")
    }
    context.spoolRoom.kept()
    Failpoint.pass("reception before reply")
    for job in jobs {
      context.log.info(
        "voicemail",
        [
          "queue_id": queueID, "id": job.id, "message_id": job.messageID,
          "from": context.log.addresses([job.envelope.sender]),
          "to": context.log.addresses(job.envelope.recipients.map(\.address)),
          "rule": job.voicemail.rule,
          "policy": job.policy.name, "mode": job.policy.mode.rawValue,
          "recipients": "\(job.envelope.recipients.count)", "bytes": "\(job.content.count)",
          "recordings": "\(job.voicemail.audioParts.count)", "reception_ms": "\(start.elapsedMS)",
        ])
    }
    context.figures.change { $0.received += jobs.count }
    context.transcription.ring()
    if jobs.contains(where: { if case .original = $0.start { true } else { false } }) {
      context.delivery.ring()
    }
    return .kept(id: first.id)
  }

  private static func unreadable(_ error: StepFailure) -> String {
    "its MIME structure could not be read: \(error.sentence)"
  }

  private static func reason(_ verdict: Verdict?) -> String? {
    guard case .pass(let reason)? = verdict else { return nil }
    return reason
  }
}
