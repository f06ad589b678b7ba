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
  }

  let context: DaemonContext
  private var live: LiveSettings.Held
  private let reader = GMimeReader()
  /// Of the open message, when its header section was read before its body came.
  private var headerFacts: MessageFacts?

  init(context: DaemonContext) {
    self.context = context
    live = LiveSettings.Held(context.live)
  }

  /// In force for the message that is open.
  var settings: Settings { live.snapshot.settings }
  var recognition: Recognition { live.snapshot.recognition }

  /// To be called when a message begins: what was reloaded counts from here on.
  mutating func begin() {
    live.refresh()
    headerFacts = nil
  }

  /// Why a client's messages pass; nil: they may be voicemails.
  func reasonToPass(from client: ClientFacts) -> String? {
    Self.reason(recognition.verdictAtConnect(client) ?? recognition.verdictAtMail(client))
  }

  /// Why a message with this header section, which is whole, passes; nil: its body may tell.
  mutating func reasonToPass(
    headers: [UInt8], _ envelope: Envelope, _ client: ClientFacts
  ) -> String? {
    let facts = reader.readHeaders(headers)
    headerFacts = facts
    let reason = Self.reason(recognition.verdictAtEndOfHeaders(facts, envelope, client))
    if let reason, case .valid(let id) = recognition.loopGuard.check(facts),
      !isOwnSubmission(client), isJustOut(id)
    {
      context.alarms.raise(.loopSeen, reason, queueID: client.queueID)
    }
    return reason
  }

  /// A loop brings a message back while it is delivered or soon after. One that comes later was queued again by an
  /// administrator (`postsuper -r`) or sent on by somebody.
  private static let loopMS: Int64 = 600_000

  private func isJustOut(_ id: String) -> Bool {
    do throws(SpoolError) {
      guard let details = try context.store.details(id) else { return false }
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

  /// Decides over a whole message.
  func take(_ content: [UInt8], _ envelope: Envelope, _ client: ClientFacts) -> Outcome {
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
        let now = Clock.nowMS()
        var random = SystemRandomNumberGenerator()
        return keep(
          NewJob(
            id: JobID.make(atMS: now, using: &random), receivedMS: now, envelope: envelope,
            client: client, messageID: facts.header("Message-ID"), voicemail: voicemail,
            content: content,
            fingerprint: recognition.loopGuard.fingerprint(facts, recordings: digests, envelope)),
          since: start)
      }
    } catch {
      return .pass(reason: Self.unreadable(error))
    }
  }

  private func keep(_ job: NewJob, since start: ContinuousClock.Instant) -> Outcome {
    let queueID = job.client.queueID
    do throws(SpoolError) {
      guard try context.store.accept(job, within: Wiring.spoolLimits(context.settings)) else {
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
    context.log.info(
      "voicemail",
      [
        "queue_id": queueID, "id": job.id, "rule": job.voicemail.rule,
        "recipients": "\(job.envelope.recipients.count)", "bytes": "\(job.content.count)",
        "recordings": "\(job.voicemail.audioParts.count)", "reception_ms": "\(start.elapsedMS)",
      ])
    context.transcription.ring()
    return .kept(id: job.id)
  }

  private static func unreadable(_ error: StepFailure) -> String {
    "its MIME structure could not be read: \(error.sentence)"
  }

  private static func reason(_ verdict: Verdict?) -> String? {
    guard case .pass(let reason)? = verdict else { return nil }
    return reason
  }
}
