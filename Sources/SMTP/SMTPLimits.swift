/// How long the client waits, stage by stage. The defaults are those of RFC 5321, 4.5.3.2.
package struct SMTPLimits: Sendable, Equatable {
  /// For the connection itself, all addresses of a host name together.
  package var connect: Duration = .seconds(30)
  package var greeting: Duration = .seconds(300)
  /// For EHLO, HELO and XFORWARD, of which the RFC does not speak.
  package var hello: Duration = .seconds(300)
  package var mail: Duration = .seconds(300)
  package var rcpt: Duration = .seconds(300)
  package var data: Duration = .seconds(120)
  /// For each chunk of the content.
  package var block: Duration = .seconds(180)
  package var finalDot: Duration = .seconds(600)
  /// For RSET and QUIT, whose replies change nothing.
  package var goodbye: Duration = .seconds(5)

  package init() {}

  /// The same limit for every stage.
  package init(everywhere limit: Duration) {
    (connect, greeting, hello, mail) = (limit, limit, limit, limit)
    (rcpt, data, block, finalDot, goodbye) = (limit, limit, limit, limit, limit)
  }
}
