internal import MilterBridge
internal import Operations
internal import Voicemail

/// One connection of the MTA: collects a message no further than needed to tell what it is.
///
/// Ordinary mail leaves at the earliest callback that can tell, unchanged. A voicemail is committed to the
/// spool, and only then the MTA hears DISCARD. Whatever goes wrong before that commit: ACCEPT, unchanged.
final class FrontDoor: MilterSession {
  private let context: DaemonContext
  private let intake: Intake
  private var client = ClientFacts()
  private var candidate: Candidate?

  init(context: DaemonContext) {
    self.context = context
    intake = Intake(context: context)
  }

  func connect(_ facts: ConnectFacts, macros: borrowing MilterMacros) -> MilterReply {
    client = ClientFacts(
      name: facts.name == "unknown" || facts.name.hasPrefix("[") ? nil : facts.name,
      address: facts.address, port: facts.port)
    guard let reason = intake.reasonToPass(from: client) else { return .continue }
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
    let headers = candidate?.content ?? []
    if let reason = intake.reasonToPass(headers: headers, envelope, client) { return pass(reason) }
    return .continue
  }

  func body(_ chunk: RawSpan) -> MilterReply {
    guard let size = candidate?.content.count, size + chunk.byteCount <= Intake.messageLimitBytes
    else {
      return pass("larger than \(Intake.messageLimitBytes >> 20) MB")
    }
    candidate?.add(body: chunk)
    return .continue
  }

  func endOfMessage(macros: borrowing MilterMacros) -> MilterReply {
    defer { candidate = nil }
    guard let candidate, let envelope = candidate.envelope else { return .accept }
    client.queueID = macros.symbol("i") ?? client.queueID
    switch intake.take(candidate.content, envelope, client) {
    case .pass(let reason): return pass(reason)
    case .kept: return .discard
    }
  }

  func abort() { candidate = nil }

  private func pass(_ reason: String) -> MilterReply {
    candidate = nil
    context.log.debug("passes", ["queue_id": client.queueID, "why": reason])
    return .accept
  }
}
