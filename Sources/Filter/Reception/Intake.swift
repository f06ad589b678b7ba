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

  /// Above this a message passes unchanged: no PBX mails such a recording.
  static let messageLimitBytes = 100 << 20

  let context: DaemonContext
  private let reader = GMimeReader()

  init(context: DaemonContext) { self.context = context }

  /// Why a client's messages pass; nil: they may be voicemails.
  func reasonToPass(from client: ClientFacts) -> String? {
    Self.reason(context.recognition.verdictAtConnect(client))
  }

  /// Why a message with this header section passes; nil: its body may tell.
  func reasonToPass(
    headers: [UInt8], _ envelope: Envelope, _ client: ClientFacts
  ) -> String? {
    let facts = reader.readHeaders(headers)
    return Self.reason(context.recognition.verdictAtEndOfHeaders(facts, envelope, client))
  }

  /// Decides over a whole message.
  func take(_ content: [UInt8], _ envelope: Envelope, _ client: ClientFacts) -> Outcome {
    let start = ContinuousClock.now
    let facts: MessageFacts
    do throws(StepFailure) {
      facts = try reader.read(content)
    } catch {
      return .pass(reason: "its MIME structure could not be read: \(error.sentence)")
    }
    switch context.recognition.verdict(facts, envelope, client) {
    case .pass(let reason): return .pass(reason: reason)
    case .voicemail(let voicemail):
      return keep(content, envelope, client, facts, voicemail, since: start)
    }
  }

  private func keep(
    _ content: [UInt8], _ envelope: Envelope, _ client: ClientFacts, _ facts: MessageFacts,
    _ voicemail: VoicemailFacts, since start: ContinuousClock.Instant
  ) -> Outcome {
    let now = Clock.nowMS()
    var random = SystemRandomNumberGenerator()
    let id = JobID.make(atMS: now, using: &random)
    do throws(SpoolError) {
      try context.store.accept(
        NewJob(
          id: id, receivedMS: now, envelope: envelope, client: client,
          messageID: facts.header("Message-ID"), voicemail: voicemail, content: content))
    } catch {
      context.log.error(
        "voicemail passes unchanged", ["queue_id": client.queueID, "why": error.sentence])
      return .pass(reason: "it could not be kept")
    }
    context.log.info(
      "voicemail",
      [
        "queue_id": client.queueID, "id": id, "rule": voicemail.rule,
        "recipients": "\(envelope.recipients.count)", "bytes": "\(content.count)",
        "recordings": "\(voicemail.audioParts.count)", "reception_ms": "\(start.elapsedMS)",
      ])
    context.transcription.ring()
    return .kept(id: id)
  }

  private static func reason(_ verdict: Verdict?) -> String? {
    guard case .pass(let reason)? = verdict else { return nil }
    return reason
  }
}
