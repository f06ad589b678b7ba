/// One message to hand over: envelope, what is known of its first client, content.
package struct Submission: Sendable {
  /// Reverse path without angle brackets; empty is the null sender.
  package var sender: String
  /// ESMTP parameters of the original MAIL FROM, verbatim.
  ///
  /// What is sent of them follows from the listener's offer; see `MailParameters`.
  package var senderParameters: [String]
  package var recipients: [SubmissionRecipient]
  /// Facts for XFORWARD; nil sends none.
  package var client: ForwardedClient?
  /// The message, with any line ends.
  package var message: [UInt8]

  package init(
    sender: String, senderParameters: [String] = [], recipients: [SubmissionRecipient],
    client: ForwardedClient? = nil, message: [UInt8]
  ) {
    self.sender = sender
    self.senderParameters = senderParameters
    self.recipients = recipients
    self.client = client
    self.message = message
  }
}

extension Submission {
  /// Refuses what no MTA could be told.
  func checkEnvelope(for target: some CustomStringConvertible) throws(SMTPFailure) {
    guard !recipients.isEmpty else {
      throw SMTPFailure(.permanent, at: .rcpt, of: target, "the message has no recipient")
    }
    if let problem = AddressCheck.problem(sender) {
      throw SMTPFailure(.permanent, at: .mail, of: target, "sender not sent: \(problem)")
    }
  }
}

/// One forward path with the ESMTP parameters of its original RCPT TO.
package struct SubmissionRecipient: Sendable, Equatable {
  /// Forward path without angle brackets.
  package var address: String
  package var parameters: [String]

  package init(_ address: String, parameters: [String] = []) {
    self.address = address
    self.parameters = parameters
  }
}

/// The client that first brought a message, as XFORWARD tells it to the listener.
///
/// A nil value is sent as `[UNAVAILABLE]`.
package struct ForwardedClient: Sendable, Equatable {
  package enum Source: String, Sendable {
    case local = "LOCAL"
    case remote = "REMOTE"
  }

  package var name: String?
  package var address: String?
  package var port: Int?
  package var protocolName: String?
  package var helo: String?
  /// The MTA's queue id of the message as it came in.
  package var queueID: String?
  package var source: Source?

  package init(
    name: String? = nil, address: String? = nil, port: Int? = nil, protocolName: String? = nil,
    helo: String? = nil, queueID: String? = nil, source: Source? = nil
  ) {
    self.name = name
    self.address = address
    self.port = port
    self.protocolName = protocolName
    self.helo = helo
    self.queueID = queueID
    self.source = source
  }
}
