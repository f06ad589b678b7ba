/// Why a transaction did not run to its end.
package struct SMTPFailure: Error, Sendable, Equatable {
  package enum Kind: String, Sendable {
    /// Nothing was accepted; the same may succeed later.
    case transient
    /// The MTA refused this message for good; nothing was accepted.
    case permanent
    /// Lost after the final dot: the MTA may have the message. Trying again may double it (RFC 1047).
    case outcomeUnknown
  }

  package enum Stage: String, Sendable {
    case connect, greeting
    case hello = "EHLO"
    case xforward = "XFORWARD"
    case mail = "MAIL"
    case rcpt = "RCPT"
    case data = "DATA"
    case content
    case finalDot = "final dot"
  }

  package var kind: Kind
  package var stage: Stage
  /// The MTA's reply, when it gave one.
  package var reply: SMTPReply?
  /// One line: which listener, at what, what happened.
  package var sentence: String

  init(
    _ kind: Kind, at stage: Stage, of target: SMTPTarget, _ what: String, reply: SMTPReply? = nil
  ) {
    self.kind = kind
    self.stage = stage
    self.reply = reply
    sentence = "\(target) at \(stage.rawValue): \(what)"
  }
}
