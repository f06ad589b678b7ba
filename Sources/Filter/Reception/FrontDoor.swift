internal import Mail
internal import MilterBridge
internal import Operations
internal import Spool
internal import Voicemail

/// One connection of the MTA: collects a message no further than needed to tell what it is.
///
/// Ordinary mail leaves at the earliest callback that can tell, unchanged. A voicemail is committed to the
/// spool, and only then the MTA hears DISCARD. Whatever goes wrong before that commit: ACCEPT, unchanged.
final class FrontDoor: MilterSession {
  private let context: DaemonContext
  private let reader = GMimeReader()
  private var client = ClientFacts()
  private var candidate: Candidate?

  /// Above this a message passes unchanged: no PBX mails such a recording.
  private static let messageLimitBytes = 100 << 20

  init(context: DaemonContext) {
    self.context = context
  }

  func connect(_ facts: ConnectFacts, macros: borrowing MilterMacros) -> MilterReply {
    client = ClientFacts(
      name: facts.name == "unknown" || facts.name.hasPrefix("[") ? nil : facts.name,
      address: facts.address, port: facts.port)
    guard case .pass(let reason)? = context.recognition.verdictAtConnect(client) else {
      return .continue
    }
    context.log.debug("connection passes", ["why": reason])
    return .accept
  }

  func helo(_ name: String) { client.helo = name }

  func envelopeFrom(_ address: [UInt8], parameters: [[UInt8]], macros: borrowing MilterMacros)
    -> MilterReply
  {
    candidate = Candidate(sender: address, parameters: parameters)
    let isEncrypted = macros.symbol("{tls_version}") != nil
    let isAuthenticated = macros.symbol("{auth_type}") != nil
    // RFC 3848. No macro tells HELO from EHLO, and hardly a client says HELO.
    client.protocolName = "ESMTP" + (isEncrypted ? "S" : "") + (isAuthenticated ? "A" : "")
    return .continue
  }

  func recipient(_ address: [UInt8], parameters: [[UInt8]], macros: borrowing MilterMacros) {
    candidate?.add(recipient: address, parameters: parameters)
  }

  func header(_ name: [UInt8], value: [UInt8]) { candidate?.add(header: name, value: value) }

  func endOfHeaders(macros: borrowing MilterMacros) -> MilterReply {
    client.queueID = macros.symbol("i")
    guard let envelope = candidate?.envelope else {
      // An address that is no UTF-8 cannot be kept verbatim, so the message is not ours to keep.
      return pass("an address in the envelope is not UTF-8")
    }
    candidate?.endHeaders()
    let facts = reader.readHeaders(candidate?.content ?? [])
    if case .pass(let reason)? = context.recognition.verdictAtEndOfHeaders(facts, envelope, client)
    {
      return pass(reason)
    }
    return .continue
  }

  func body(_ chunk: RawSpan) -> MilterReply {
    guard let size = candidate?.content.count, size + chunk.byteCount <= Self.messageLimitBytes
    else {
      return pass("larger than \(Self.messageLimitBytes >> 20) MB")
    }
    candidate?.add(body: chunk)
    return .continue
  }

  func endOfMessage(macros: borrowing MilterMacros) -> MilterReply {
    defer { candidate = nil }
    guard let candidate, let envelope = candidate.envelope else { return .accept }
    let start = ContinuousClock.now
    client.queueID = macros.symbol("i") ?? client.queueID
    let facts: MessageFacts
    do throws(StepFailure) {
      facts = try reader.read(candidate.content)
    } catch {
      return pass("its MIME structure could not be read: \(error.sentence)")
    }
    switch context.recognition.verdict(facts, envelope, client) {
    case .pass(let reason): return pass(reason)
    case .voicemail(let voicemail):
      return takeOver(candidate.content, envelope, facts, voicemail, since: start)
    }
  }

  func abort() { candidate = nil }

  private func takeOver(
    _ content: [UInt8], _ envelope: Envelope, _ facts: MessageFacts, _ voicemail: VoicemailFacts,
    since start: ContinuousClock.Instant
  ) -> MilterReply {
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
      return .accept
    }
    context.log.info(
      "voicemail",
      [
        "queue_id": client.queueID, "id": id, "rule": voicemail.rule,
        "recipients": "\(envelope.recipients.count)", "bytes": "\(content.count)",
        "recordings": "\(voicemail.audioParts.count)", "reception_ms": "\(start.elapsedMS)",
      ])
    context.transcription.ring()
    return .discard
  }

  private func pass(_ reason: String) -> MilterReply {
    candidate = nil
    context.log.debug("passes", ["queue_id": client.queueID, "why": reason])
    return .accept
  }
}
