extension SMTPClient {
  /// Hands one message over (RFC 5321, 3.3).
  ///
  /// A result means: every accepted recipient is the MTA's responsibility now. It may hold refused
  /// recipients, or nothing but refused ones. A failure means that no recipient was accepted, or
  /// that nobody can know (`.outcomeUnknown`). Recipients beyond what the listener takes at once are
  /// `.leftOver`; never all of them.
  package func deliver(_ submission: Submission) throws(SMTPFailure) -> DeliveryResult {
    try submission.checkEnvelope(for: target)
    guard let limit = extensions.maximumRecipients, limit < submission.recipients.count else {
      return try transact(submission)
    }
    var first = submission
    first.recipients = Array(submission.recipients.prefix(limit))
    var result = try transact(first)
    result.recipients += submission.recipients.dropFirst(limit).map {
      RecipientResult(leftOver: $0.address, "the listener takes \(limit) at once")
    }
    return result
  }

  private func transact(_ submission: Submission) throws(SMTPFailure) -> DeliveryResult {
    let content = ContentFacts(submission.message)
    var parameters = MailParameters(extensions)
    var remarks = try forwardClient(submission.client)

    let mail = parameters.forMail(submission, content: content)
    let problems = submission.recipients.map { AddressCheck.problem($0.address) }
    var commands = [Self.line("MAIL FROM:<\(submission.sender)>", mail)]
    for (recipient, problem) in zip(submission.recipients, problems) where problem == nil {
      let options = parameters.forRecipient(recipient)
      commands.append(Self.line("RCPT TO:<\(recipient.address)>", options))
    }
    remarks += parameters.remarks
    var replies = try converse(commands)[...]
    let mailReply = replies.removeFirst()
    guard mailReply.code / 100 == 2 else {
      reset()
      throw refusal(mailReply, at: .mail)
    }
    let recipients = zip(submission.recipients, problems).map { recipient, problem in
      let reply =
        problem.map { SMTPReply(code: 553, lines: ["not sent: \($0)"]) } ?? replies.removeFirst()
      return RecipientResult(address: recipient.address, reply: reply)
    }
    guard recipients.contains(where: { $0.outcome == .accepted }) else {
      reset()
      return DeliveryResult(recipients: recipients, reply: nil, queueID: nil, remarks: remarks)
    }
    let reply: SMTPReply
    do throws(SMTPFailure) {
      reply = try sendContent(submission.message)
    } catch {
      var failure = error
      failure.recipientsTaken = recipients.count { $0.outcome == .accepted }
      throw failure
    }
    return DeliveryResult(
      recipients: recipients.map { $0.besideAccepted() }, reply: reply, queueID: reply.queueID,
      remarks: remarks)
  }

  /// XFORWARD is for logs: a server that refuses it gets the message all the same.
  ///
  /// Postfix refuses a whole line for one value it does not like (an IPv6 address where it speaks
  /// IPv4 only); what it does like is then sent alone, above all the first queue id.
  func forwardClient(_ client: ForwardedClient?) throws(SMTPFailure) -> [String] {
    guard let client else { return [] }
    var remarks: [String] = []
    for command in XForward.commands(for: client, offered: extensions.xforwardAttributes) {
      guard try xforward(command) != nil else { continue }
      for attribute in command.split(separator: " ").dropFirst() {
        guard let refused = try xforward("XFORWARD \(attribute)") else { continue }
        remarks.append("XFORWARD refused: \(refused.forLog)")
      }
    }
    return remarks
  }

  /// The reply, if it is a refusal.
  private func xforward(_ command: String) throws(SMTPFailure) -> SMTPReply? {
    let reply = try exchange(command, at: .xforward, limit: limits.hello)
    return reply.code / 100 == 2 ? nil : reply
  }

  static func line(_ command: String, _ parameters: [String]) -> String {
    ([command] + parameters).joined(separator: " ")
  }

  /// MAIL and all RCPT, one reply each; in groups when the server offers PIPELINING (RFC 2920).
  ///
  /// A group is small enough for both sockets' buffers, so that neither side waits for the other
  /// to read. DATA is never part of it: after a refusal of all recipients a pipelined DATA could
  /// be answered with 354, and an empty message would have to be sent to get out of it.
  private func converse(_ commands: [String]) throws(SMTPFailure) -> [SMTPReply] {
    var replies: [SMTPReply] = []
    do throws(SMTPFailure) {
      try converse(commands, &replies)
    } catch {
      var failure = error
      failure.recipientsTaken = replies.dropFirst().count { $0.code / 100 == 2 }
      throw failure
    }
    return replies
  }

  private func converse(
    _ commands: [String], _ replies: inout [SMTPReply]
  ) throws(SMTPFailure) {
    let groupSize = extensions.hasPipelining ? 50 : 1
    while replies.count < commands.count {
      let group = commands[replies.count...].prefix(groupSize)
      let first: SMTPFailure.Stage = replies.isEmpty ? .mail : .rcpt
      let bytes = group.map { "\($0)\r\n" }.joined()
      let limit = first == .mail ? limits.mail : limits.rcpt
      try send(Array(bytes.utf8), at: first, limit: limit)
      for _ in group {
        let stage: SMTPFailure.Stage = replies.isEmpty ? .mail : .rcpt
        let limit = stage == .mail ? limits.mail : limits.rcpt
        let reply = try readReply(at: stage, limit: limit)
        // RFC 5321, 3.8: the server closes; what it accepted before is void.
        guard reply.code != 421 else { throw abandon(refusal(reply, at: stage)) }
        replies.append(reply)
      }
      if let mail = replies.first, mail.code / 100 != 2 { break }
    }
  }

  private func sendContent(_ message: [UInt8]) throws(SMTPFailure) -> SMTPReply {
    let go = try exchange("DATA", at: .data, limit: limits.data)
    guard go.code == 354 else {
      // 2xx or another 3xx: nobody knows what the server waits for now.
      guard go.code >= 400 else { throw abandon(refusal(go, at: .data)) }
      reset()
      throw refusal(go, at: .data)
    }
    var content = WireContent(message)
    while let chunk = content.nextChunk() {
      // When this throws, the final dot was not handed over: the server cannot have accepted.
      try send(chunk, at: .content, limit: limits.block)
    }
    let reply = try readReply(at: .finalDot, limit: limits.finalDot)
    guard reply.code / 100 == 2 else {
      let failure = refusal(reply, at: .finalDot)
      throw reply.code == 421 || reply.code < 400 ? abandon(failure) : failure
    }
    return reply
  }
}
