internal import MilterBridge
internal import Operations
internal import Voicemail

/// One connection of the MTA: collects a message no further than needed to tell what it is.
///
/// Ordinary mail leaves at the earliest callback that can tell, unchanged. A voicemail is committed to the
/// spool, and only then the MTA hears DISCARD. Whatever goes wrong before that commit: ACCEPT, unchanged.
/// With `on_voicemail = mark` it gets a header field and ACCEPT instead; nothing is kept.
final class FrontDoor: MilterSession {
  private let context: DaemonContext
  private var intake: Intake
  private var client = ClientFacts()
  private var candidate: Candidate?

  init(context: DaemonContext) {
    self.context = context
    intake = Intake(context: context)
  }

  func connect(_ facts: ConnectFacts, macros: borrowing MilterMacros) -> MilterReply {
    let hasName = facts.name != "unknown" && !facts.name.hasPrefix("[")
    // Without an address it is on this host, unless the MTA knows neither.
    client = ClientFacts(
      name: hasName ? facts.name : nil,
      address: facts.address ?? (hasName ? nil : "unknown"), port: facts.port)
    guard let reason = intake.reasonToPass(atConnect: client) else { return .continue }
    context.log.debug("connection passes", ["why": reason])
    return .accept
  }

  func helo(_ name: String) { client.helo = name }

  func envelopeFrom(_ address: [UInt8], parameters: [[UInt8]], macros: borrowing MilterMacros)
    -> MilterReply
  {
    guard !context.closing.isClosing else { return pass("the filter is about to stop") }
    intake.begin()
    candidate = Candidate(sender: address, parameters: parameters)
    let isEncrypted = macros.symbol("{tls_version}") != nil
    let isAuthenticated = macros.symbol("{auth_type}") != nil
    // RFC 3848. No macro tells HELO from EHLO, and hardly a client says HELO.
    client.protocolName = "ESMTP" + (isEncrypted ? "S" : "") + (isAuthenticated ? "A" : "")
    client.isAuthenticated = macros.symbol("{auth_authen}") != nil
    client.queueID = macros.symbol("i")
    if let reason = intake.reasonToPass(from: client) { return pass(reason) }
    return .continue
  }

  func recipient(_ address: [UInt8], parameters: [[UInt8]], macros: borrowing MilterMacros) {
    candidate?.add(recipient: address, parameters: parameters)
  }

  func header(_ name: Span<UInt8>, value: Span<UInt8>) {
    candidate?.add(header: name, value: value)
  }

  func endOfHeaders(macros: borrowing MilterMacros) -> MilterReply {
    client.queueID = macros.symbol("i")
    if candidate?.isOversized ?? false {
      return passWarning("voicemail not looked for", "its envelope or header section is too large")
    }
    if let reason = candidate?.glance.reasonToPass {
      // Debug lines tell all that speaks against it, as `inspect` does; else nobody asks.
      return pass(reasonInHeaders() ?? reason)
    }
    if let reason = reasonInHeaders() { return pass(reason) }
    candidate?.releaseHeaders()
    let limit = intake.settings.maxConcurrentBodies
    candidate?.place = context.limits.placeForBody(limit: limit)
    guard candidate?.place != nil else {
      return passWarning("too many messages at once", "\(limit) are being read already")
    }
    return .continue
  }

  private func reasonInHeaders() -> String? {
    candidate?.endHeaders(directory: intake.settings.stateDirectory, limits: context.limits)
    guard let candidate, let envelope = candidate.envelope else {
      // An address that is no UTF-8 cannot be kept verbatim, so the message is not ours to keep.
      return "an address in the envelope is not UTF-8"
    }
    return intake.reasonToPass(headers: candidate.headers, envelope, client)
  }

  func body(_ chunk: RawSpan) -> MilterReply {
    guard let candidate else { return .accept }
    let limit = intake.settings.maxMessageBytes
    guard candidate.size + chunk.byteCount <= limit else {
      return passWarning("message too large", "more than \(limit) bytes")
    }
    candidate.body?.append(chunk)
    return .continue
  }

  func endOfMessage(
    macros: borrowing MilterMacros, changes: borrowing MilterChanges
  ) -> MilterReply {
    defer { candidate = nil }
    guard let candidate, let envelope = candidate.envelope else { return .accept }
    client.queueID = macros.symbol("i") ?? client.queueID
    let outcome = context.limits.withRoom(for: candidate.size) { examine(candidate, envelope) }
    switch outcome {
    case .reply(let reply): return reply
    case .toMark: return mark(changes)
    case nil: return passWarning("too many large messages at once", "no memory for one more")
    }
  }

  private enum Outcome {
    case reply(MilterReply)
    /// A voicemail for the content filter.
    case toMark
  }

  private func examine(_ candidate: Candidate, _ envelope: Envelope) -> Outcome {
    let content: [UInt8]
    do throws(StepFailure) {
      content = try candidate.content()
    } catch {
      return .reply(passWarning("message passes unread", error.sentence))
    }
    if intake.settings.marksVoicemail {
      let reason = intake.reasonToPass(content: content, envelope, client)
      return reason.map { .reply(pass($0)) } ?? .toMark
    }
    switch intake.take(content, envelope, client, canPass: true) {
    case .pass(let reason): return .reply(pass(reason))
    case .passAndKeep(let replies):
      // Before the MTA hears it: killed in between we know nothing of it, or the MTA keeps the message anyway. No callback
      // tells what milters behind this one make of it, which is why such policies want it last (docs/policies.md).
      intake.keep(replies)
      return .reply(pass("its transcript follows in a reply"))
    case .kept: return .reply(.discard)
    }
  }

  /// The message stays the MTA's, whose header_checks find the mark.
  private func mark(_ changes: borrowing MilterChanges) -> MilterReply {
    guard changes.insertField(RouteMark.headerName, RouteMark.value) else {
      return passWarning("voicemail passes unmarked", "the MTA lets no milter add a header field")
    }
    context.log.info("marked voicemail", ["queue_id": client.queueID])
    return .accept
  }

  func abort() { candidate = nil }

  /// The reason is made for those who read debug lines.
  private func pass(_ reason: @autoclosure () -> String) -> MilterReply {
    context.log.debug("passes", ["queue_id": client.queueID, "why": reason()])
    candidate = nil
    return .accept
  }

  /// For what an administrator should know, though not for each message.
  private func passWarning(_ event: String, _ reason: String) -> MilterReply {
    context.rareLines.write(.warning, event, queueID: client.queueID, why: reason)
    return pass(reason)
  }
}
