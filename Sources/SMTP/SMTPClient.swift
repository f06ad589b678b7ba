import Glibc

/// Hands messages to an MTA's listener: connect once, deliver any number, quit.
///
/// Synchronous; one thread at a time. After a failure `isUsable` says whether the same connection
/// can carry the next message. The transaction itself is in `Transaction.swift`.
package final class SMTPClient {
  /// What the listener offered.
  package private(set) var extensions = ServerExtensions()
  /// The first line of the listener's greeting, for logs.
  package private(set) var greeting = ""
  package let target: SMTPTarget

  let limits: SMTPLimits
  private var connection: Connection?

  /// Connects and says EHLO (HELO when that is refused). `heloName` nil: the host's own name.
  package init(
    _ target: SMTPTarget, heloName: String? = nil, limits: SMTPLimits = SMTPLimits()
  ) throws(SMTPFailure) {
    self.target = target
    self.limits = limits
    do throws(Connection.ConnectFailure) {
      connection = try Connection.open(target, limit: limits.connect)
    } catch {
      throw SMTPFailure(.transient, at: .connect, of: target, error.reason)
    }
    // A 5xx here speaks of the listener, not of a message: waiting can help (as Postfix's
    // smtp_skip_5xx_greeting decides).
    let welcome = try readReply(at: .greeting, limit: limits.greeting)
    guard welcome.code / 100 == 2 else {
      throw abandon(refusal(welcome, at: .greeting, kind: .transient))
    }
    greeting = welcome.lines.first ?? ""
    let name = SMTPClient.safeName(heloName) ?? SMTPClient.hostName()
    var hello = try exchange("EHLO \(name)", at: .hello, limit: limits.hello)
    let knowsExtensions = hello.code / 100 == 2
    if hello.code / 100 == 5 {
      hello = try exchange("HELO \(name)", at: .hello, limit: limits.hello)
    }
    guard hello.code / 100 == 2 else {
      throw abandon(refusal(hello, at: .hello, kind: .transient))
    }
    if knowsExtensions { extensions = ServerExtensions(hello) }
  }

  /// Whether another message can go over this connection.
  package var isUsable: Bool { connection.map { !$0.hasUnreadBytes } ?? false }

  /// Refuses to talk to a server of this package: what is relayed would come round for ever.
  package func refuseOwnKind() throws(SMTPFailure) {
    guard greeting.hasSuffix("ESMTP \(ServerConversation.program)") else { return }
    connection = nil
    throw SMTPFailure(
      .transient, at: .greeting, of: target,
      "that is voicemail-milter itself; the target must be the MTA's listener without this filter")
  }

  /// Says goodbye and closes; nothing that goes wrong here matters.
  package func quit() {
    _ = try? exchange("QUIT", at: .hello, limit: limits.goodbye)
    connection = nil
  }

  /// Closes without a word.
  func close() { connection = nil }

  // MARK: What a transaction is made of

  func send(
    _ bytes: [UInt8], at stage: SMTPFailure.Stage, limit: Duration
  ) throws(SMTPFailure) {
    guard let connection else {
      throw SMTPFailure(.transient, at: stage, of: target, "the connection is closed")
    }
    do throws(Connection.Trouble) {
      try connection.write(bytes, before: Deadline(after: limit))
    } catch {
      throw lost(error, at: stage)
    }
  }

  func readReply(
    at stage: SMTPFailure.Stage, limit: Duration
  ) throws(SMTPFailure) -> SMTPReply {
    let kind: SMTPFailure.Kind = stage == .finalDot ? .outcomeUnknown : .transient
    guard let connection else {
      throw SMTPFailure(kind, at: stage, of: target, "the connection is closed")
    }
    // One deadline for the whole reply: a server that drips bytes gains nothing.
    let deadline = Deadline(after: limit)
    var parser = ReplyParser()
    while true {
      let line: [UInt8]
      do throws(Connection.Trouble) {
        line = try connection.readLine(limit: ReplyParser.maximumLineBytes, before: deadline)
      } catch {
        var failure = SMTPFailure(kind, at: stage, of: target, Connection.reason(error))
        failure.isEndOfConnection = error == .closed
        throw abandon(failure)
      }
      switch parser.take(line) {
      case .more: continue
      case .complete(let reply): return reply
      case .garbage(let what):
        throw abandon(SMTPFailure(kind, at: stage, of: target, "the server sent \(what)"))
      }
    }
  }

  func exchange(
    _ command: String, at stage: SMTPFailure.Stage, limit: Duration
  ) throws(SMTPFailure) -> SMTPReply {
    try send(Array("\(command)\r\n".utf8), at: stage, limit: limit)
    let reply = try readReply(at: stage, limit: limit)
    // RFC 5321, 3.8: after 421 the server closes; no recipient of this transaction was accepted.
    guard reply.code != 421 else { throw abandon(refusal(reply, at: stage)) }
    return reply
  }

  /// Ends a transaction that will not be finished; a server that will not have it is left.
  func reset() {
    guard connection != nil else { return }
    let reply = try? exchange("RSET", at: .mail, limit: limits.goodbye)
    if reply?.code != 250 { connection = nil }
  }

  func refusal(
    _ reply: SMTPReply, at stage: SMTPFailure.Stage, kind: SMTPFailure.Kind? = nil
  ) -> SMTPFailure {
    let found: SMTPFailure.Kind =
      switch reply.code / 100 {
      case 5: .permanent
      case 4: .transient
      default: stage == .finalDot ? .outcomeUnknown : .transient
      }
    return SMTPFailure(
      kind ?? found, at: stage, of: target, "the server said \(reply.forLog)", reply: reply)
  }

  /// Closes the connection: its state is unknown from here on.
  func abandon(_ failure: SMTPFailure) -> SMTPFailure {
    connection = nil
    return failure
  }

  /// A server may refuse in the middle of the content and close: its reply tells more than EPIPE.
  private func lost(_ trouble: Connection.Trouble, at stage: SMTPFailure.Stage) -> SMTPFailure {
    if let connection, connection.hasUnreadBytes,
      let reply = try? readReply(at: stage, limit: .zero), reply.code >= 400
    {
      return abandon(refusal(reply, at: stage))
    }
    var failure = SMTPFailure(.transient, at: stage, of: target, Connection.reason(trouble))
    failure.isEndOfConnection = trouble == .closed
    return abandon(failure)
  }

  private static func safeName(_ name: String?) -> String? {
    guard let name, !name.isEmpty, name.utf8.count <= 255,
      name.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return nil }
    return name
  }

  /// C: `gethostname`.
  private static func hostName() -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    // One byte stays NUL: a name that fills the buffer comes without.
    let status = unsafe gethostname(&buffer, buffer.count - 1)
    let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let name = String(decoding: bytes, as: UTF8.self)
    return (status == 0 ? safeName(name) : nil) ?? "localhost"
  }
}
