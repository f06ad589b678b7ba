/// One connection from its greeting to its end: moves bytes between socket, parser and conversation.
final class ServerConnection {
  private let connection: Connection
  private let limits: SMTPServerLimits
  private var parser = ServerParser()
  private var conversation: ServerConversation

  init(
    _ connection: Connection, hostname: String, limits: SMTPServerLimits,
    activity: ServerActivity, session: any SMTPServerSession
  ) {
    self.connection = connection
    self.limits = limits
    let peer = connection.peer
    conversation = ServerConversation(
      hostname: hostname, limits: limits, activity: activity, session: session,
      address: peer?.address, port: peer?.port)
  }

  /// Until the client has gone, has been told to, or its time is over.
  func run() {
    do throws(Connection.Trouble) {
      try send(conversation.greeting.wire)
      try serve()
    } catch .timedOut {
      try? send(SMTPReply(421, "4.4.2 Nothing came in time").wire)
    } catch {
      // The client has gone; there is nobody to tell.
    }
    conversation.end()
  }

  private func serve() throws(Connection.Trouble) {
    // Replies to pipelined commands go out together, when nothing is left to read (RFC 2920, 3.2).
    var replies: [UInt8] = []
    var deadline = Deadline(after: limits.command)
    while true {
      while let event = parser.next() {
        let wasInContent = conversation.isInContent
        switch conversation.take(event) {
        case .nothing: break
        case .reply(let reply): replies += reply.wire
        case .content:
          replies += SMTPReply(354, "End data with <CR><LF>.<CR><LF>").wire
          parser.expectContent()
        case .replyAndClose(let reply): return try send(replies + reply.wire)
        }
        if !wasInContent || !conversation.isInContent {
          deadline = Deadline(after: conversation.isInContent ? limits.content : limits.command)
        }
        if replies.count > 16_384 {
          try send(replies)
          replies = []
        }
      }
      if !replies.isEmpty {
        try send(replies)
        replies = []
      }
      let piece = Deadline(after: limits.contentPiece)
      let limit = conversation.isInContent && piece.isBefore(deadline) ? piece : deadline
      parser.feed(try connection.receive(before: limit)[...])
    }
  }

  private func send(_ bytes: [UInt8]) throws(Connection.Trouble) {
    try connection.write(bytes, before: Deadline(after: limits.reply))
  }
}
