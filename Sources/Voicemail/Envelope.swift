/// Who sends a message and who shall get it, as the SMTP client said it (RFC 5321, 4.1.1).
package struct Envelope: Sendable, Codable, Equatable {
  /// Reverse path without angle brackets; empty is the null sender `<>`.
  package var sender: String
  /// ESMTP parameters of MAIL FROM, verbatim, one per element: `BODY=8BITMIME`.
  package var senderParameters: [String]
  package var recipients: [Recipient]

  package init(sender: String, senderParameters: [String] = [], recipients: [Recipient]) {
    self.sender = sender
    self.senderParameters = senderParameters
    self.recipients = recipients
  }
}

/// One forward path and its ESMTP parameters.
package struct Recipient: Sendable, Codable, Equatable {
  /// Forward path without angle brackets.
  package var address: String
  /// ESMTP parameters of RCPT TO, verbatim: `NOTIFY=SUCCESS`, `ORCPT=rfc822;a@example.com`.
  package var parameters: [String]

  package init(address: String, parameters: [String] = []) {
    self.address = address
    self.parameters = parameters
  }
}

/// What the MTA knows of the SMTP client that brought a message; XFORWARD and the trace line repeat it.
package struct ClientFacts: Sendable, Codable, Equatable {
  /// Host name by reverse look-up; nil when the MTA found none.
  package var name: String?
  /// Textual IP address; nil for a client on a Unix socket.
  package var address: String?
  package var port: Int?
  /// What the client said in HELO or EHLO.
  package var helo: String?
  /// `ESMTP`, `SMTP`, `ESMTPSA` ...
  package var protocolName: String?
  /// The MTA's queue id of the message as it came in.
  package var queueID: String?
  /// Whether it has logged in (RFC 4954); known from MAIL on.
  package var isAuthenticated: Bool

  package init(
    name: String? = nil, address: String? = nil, port: Int? = nil, helo: String? = nil,
    protocolName: String? = nil, queueID: String? = nil,
    isAuthenticated: Bool = false
  ) {
    self.name = name
    self.address = address
    self.port = port
    self.helo = helo
    self.protocolName = protocolName
    self.queueID = queueID
    self.isAuthenticated = isAuthenticated
  }
}
