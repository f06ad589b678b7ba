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
    /// The sendmail(1) command in place of a listener.
    case sendmail
  }

  package var kind: Kind
  package var stage: Stage
  /// The MTA's reply, when it gave one.
  package var reply: SMTPReply?
  /// One line: which listener, at what, what happened.
  package var sentence: String
  /// The server closed the connection, or said that it will.
  package var isEndOfConnection = false
  /// Recipients that had been accepted when the server closed; the transaction is void.
  var recipientsTaken = 0

  /// RFC 5321, 4.5.3.1.8: what every server takes.
  static let everyServersRecipients = 100

  /// How many of these recipients to offer at most, after a server that closed at one of them; nil when fewer would
  /// not help.
  ///
  /// Servers close not only at one recipient too many, but also when they have refused too many of them (Postfix:
  /// smtpd_hard_error_limit). The same list would end so every time.
  package func recipientLimit(offered: Int) -> Int? {
    guard [.rcpt, .data].contains(stage), isEndOfConnection, recipientsTaken < offered else {
      return nil
    }
    let isTooMany = reply?.saysTooManyRecipients ?? false
    if recipientsTaken > 0 {
      return isTooMany ? recipientsTaken : min(recipientsTaken, offered / 2)
    }
    return isTooMany && offered > Self.everyServersRecipients ? Self.everyServersRecipients : nil
  }

  /// A recipient was refused, whatever became of others.
  package init(refused reply: SMTPReply, of target: some CustomStringConvertible) {
    self.init(
      .permanent, at: .rcpt, of: target, "the server said \(reply.description)", reply: reply)
  }

  init(
    _ kind: Kind, at stage: Stage, of target: some CustomStringConvertible, _ what: String,
    reply: SMTPReply? = nil
  ) {
    self.kind = kind
    self.stage = stage
    self.reply = reply
    isEndOfConnection = reply?.code == 421
    sentence = "\(target) at \(stage.rawValue): \(what)"
  }
}
