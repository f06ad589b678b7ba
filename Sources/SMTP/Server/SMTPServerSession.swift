/// What a program does with the messages of one SMTP connection; the order of commands, syntax and
/// limits are `ServerConversation`'s.
///
/// Always called by one thread. Order for each message: `mail`, `recipient`..., `data`, `content`...,
/// `endOfContent`; `abort` instead, at any point, when the client gives the message up or is lost.
/// After a refusal of `mail` or `data` the message is over without `abort`. Text is UTF-8 throughout.
package protocol SMTPServerSession: AnyObject {
  /// EHLO or HELO: what can be offered of these. A client that uses what is not offered is refused.
  func extensions() -> RelayedExtensions
  /// MAIL FROM, without angle brackets; empty is the null sender. Parameters are verbatim.
  func mail(_ address: String, parameters: [String], client: SMTPClientFacts) -> SMTPReply
  /// RCPT TO; a 2xx reply makes it a recipient.
  func recipient(_ address: String, parameters: [String]) -> SMTPReply
  /// DATA, with at least one recipient; nil lets the content come.
  func data() -> SMTPReply?
  /// A piece of the content; CRLF line ends as they came, bare CR and LF too.
  func content(_ bytes: [UInt8])
  /// The whole content has come. A 2xx reply takes responsibility for the message.
  func endOfContent() -> SMTPReply
  func abort()
}

extension SMTPServerSession {
  package func extensions() -> RelayedExtensions { .all }
}

/// Who is at the other end.
package struct SMTPClientFacts: Sendable, Equatable {
  /// The connection's address; nil for a Unix socket.
  package var address: String?
  package var port: Int?
  /// What it said in HELO or EHLO.
  package var helo: String
  /// By EHLO.
  package var isExtended: Bool
  /// The first client, where XFORWARD told of one for this message.
  package var forwarded: ForwardedClient?
}
