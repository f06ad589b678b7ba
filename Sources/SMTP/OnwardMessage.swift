/// A transaction that is relayed step by step as it comes in: each of the client's commands goes to
/// the listener at once, and the client hears the listener's own answer.
///
/// Any failure loses the connection and with it the whole transaction: nothing of it was accepted,
/// unless the failure came after the final dot (`.outcomeUnknown`).
package final class OnwardMessage {
  private let client: SMTPClient
  private var parameters: MailParameters
  private var encoder = WireEncoder()
  /// What was left out or refused on the way without harm, one line each, for the log.
  package private(set) var remarks: [String] = []

  /// Sends XFORWARD and MAIL. The reply is the one to MAIL; a refusal ends the transaction.
  package static func begin(
    _ client: SMTPClient, sender: String, parameters: [String], forwarding facts: ForwardedClient?
  ) throws(SMTPFailure) -> (OnwardMessage, SMTPReply) {
    let message = OnwardMessage(client)
    message.remarks = try client.forwardClient(facts)
    let options = message.parameters.relayed(parameters)
    let reply = try client.exchange(
      SMTPClient.line("MAIL FROM:<\(sender)>", options), at: .mail, limit: client.limits.mail)
    return (message, reply)
  }

  /// What is wrong with an address that did not come by SMTP; nil when it can be sent.
  package static func problem(withAddress address: String) -> String? {
    AddressCheck.problem(address)
  }

  private init(_ client: SMTPClient) {
    self.client = client
    parameters = MailParameters(client.extensions)
  }

  package func recipient(
    _ address: String, parameters options: [String]
  ) throws(SMTPFailure) -> SMTPReply {
    try client.exchange(
      SMTPClient.line("RCPT TO:<\(address)>", parameters.relayed(options)), at: .rcpt,
      limit: client.limits.rcpt)
  }

  /// DATA; nil when the content may follow, else the listener's refusal.
  package func data() throws(SMTPFailure) -> SMTPReply? {
    let reply = try client.exchange("DATA", at: .data, limit: client.limits.data)
    if reply.code == 354 { return nil }
    // 2xx or another 3xx: nobody knows what the server waits for now.
    guard reply.code >= 400 else { throw client.abandon(client.refusal(reply, at: .data)) }
    return reply
  }

  /// A piece of the content, with any line ends.
  package func content(_ piece: [UInt8]) throws(SMTPFailure) {
    var wire: [UInt8] = []
    wire.reserveCapacity(piece.count + piece.count / 32 + 16)
    encoder.encode(piece[...], into: &wire)
    try client.send(wire, at: .content, limit: client.limits.block)
  }

  /// The final dot, and the listener's reply to it, whatever it says.
  package func end() throws(SMTPFailure) -> SMTPReply {
    try client.send(encoder.end(), at: .content, limit: client.limits.block)
    let reply = try client.readReply(at: .finalDot, limit: client.limits.finalDot)
    if reply.code == 421 || reply.code < 200 || reply.code / 100 == 3 {
      throw client.abandon(client.refusal(reply, at: .finalDot))
    }
    return reply
  }

  /// Ends a transaction before its content: the connection can be used again.
  package func reset() { client.reset() }

  /// Cuts the connection: content without its end is no message.
  package func cut() { client.close() }
}
