/// How much and how long a client may.
package struct SMTPServerLimits: Sendable, Equatable {
  /// Connections at once; one more hears 421.
  package var connections = 400
  /// For a whole command line, however slowly it drips in (RFC 5321, 4.5.3.2.7).
  package var command: Duration = .seconds(300)
  /// For each piece of the content.
  package var contentPiece: Duration = .seconds(180)
  /// For the content as a whole: a peer that drips holds a thread no longer than that.
  package var content: Duration = .seconds(3_600)
  /// For sending a reply.
  package var reply: Duration = .seconds(60)
  /// Bytes of a message; offered as SIZE.
  package var messageBytes = 2 << 30
  package var recipients = 10_000
  /// Commands that were refused as such, before the connection is closed.
  package var wrongCommands = 20
  /// Commands since the last message: NOOP, RSET and the like for ever are no client's business.
  package var idleCommands = 100

  package init() {}
}
