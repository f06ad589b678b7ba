internal import CMilter
internal import Synchronization

/// One connection from the MTA: keeps the promises of `MilterSession` towards the session,
/// whatever order of events the peer chooses, and says what libmilter is to answer.
final class MilterConnection {
  let options: MilterOptions
  private let session: any MilterSession
  private var isMessageOpen = false
  /// The session wants no more body, but the MTA could not be told.
  private var ignoresBody = false
  /// A reply to `connect` settled all messages of the connection.
  private var isSettled = false
  /// What MAIL is answered, while the MTA waits for no reply to it.
  private var laterReply: MilterReply?

  init(session: any MilterSession, options: MilterOptions) {
    self.session = session
    self.options = options
    MilterActivity.openConnections.add(1, ordering: .relaxed)
  }

  deinit {
    MilterActivity.openConnections.subtract(1, ordering: .relaxed)
  }

  func connect(_ client: ConnectFacts, _ macros: borrowing MilterMacros) -> sfsistat {
    let reply = session.connect(client, macros: macros)
    isSettled = reply.endsMessage
    return unskipped(reply)
  }

  func helo(_ name: String) -> sfsistat {
    if !isSettled { session.helo(name) }
    return options.heloStatus
  }

  func envelopeFrom(_ path: [[UInt8]], _ macros: borrowing MilterMacros) -> sfsistat {
    abort()
    guard !isSettled, let address = path.first else { return answerMail(.accept) }
    openMessage()
    return answerMail(
      session.envelopeFrom(
        withoutBrackets(address), parameters: Array(path.dropFirst()), macros: macros))
  }

  /// DATA: the first event after MAIL that the MTA waits for.
  func data() -> sfsistat { takeLaterReply() }

  func recipient(_ path: [[UInt8]], _ macros: borrowing MilterMacros) -> sfsistat {
    if isMessageOpen, let address = path.first {
      session.recipient(
        withoutBrackets(address), parameters: Array(path.dropFirst()), macros: macros)
    }
    return options.recipientStatus
  }

  func header(_ name: Span<UInt8>, _ value: Span<UInt8>) -> sfsistat {
    guard isMessageOpen else { return options.headerStatus }
    if options.keepsLeadingSpace {
      session.header(name, value: value)
    } else {
      var spaced = [UInt8(ascii: " ")]
      spaced.append(copying: value)
      session.header(name, value: spaced.span)
    }
    return options.headerStatus
  }

  func endOfHeaders(_ macros: borrowing MilterMacros) -> sfsistat {
    guard isMessageOpen else { return takeLaterReply() }
    return answer(session.endOfHeaders(macros: macros))
  }

  func body(_ chunk: RawSpan) -> sfsistat {
    guard isMessageOpen, !ignoresBody else { return SMFIS_CONTINUE }
    let reply = session.body(chunk)
    guard reply == .skip else { return answer(reply) }
    // Also with SKIP granted: chunks may be on their way already.
    ignoresBody = true
    return options.canSkip ? SMFIS_SKIP : SMFIS_CONTINUE
  }

  func endOfMessage(
    _ macros: borrowing MilterMacros, _ changes: borrowing MilterChanges
  ) -> sfsistat {
    guard isMessageOpen else { return SMFIS_CONTINUE }
    let reply = session.endOfMessage(macros: macros, changes: changes)
    closeMessage()
    return unskipped(reply)
  }

  func abort() {
    laterReply = nil
    guard isMessageOpen else { return }
    closeMessage()
    session.abort()
  }

  func close() {
    abort()
    session.close()
  }

  private func answerMail(_ reply: MilterReply) -> sfsistat {
    if options.repliesToMail { return answer(reply) }
    if reply.endsMessage {
      if isMessageOpen { closeMessage() }
      laterReply = reply
    }
    return SMFIS_NOREPLY
  }

  private func takeLaterReply() -> sfsistat {
    defer { laterReply = nil }
    return laterReply?.status ?? SMFIS_CONTINUE
  }

  private func answer(_ reply: MilterReply) -> sfsistat {
    if reply.endsMessage { closeMessage() }
    return unskipped(reply)
  }

  /// SKIP means something after a body chunk only; elsewhere MTAs call it a protocol error.
  private func unskipped(_ reply: MilterReply) -> sfsistat {
    reply == .skip ? SMFIS_CONTINUE : reply.status
  }

  private func openMessage() {
    isMessageOpen = true
    ignoresBody = false
    MilterActivity.openMessages.add(1, ordering: .relaxed)
  }

  private func closeMessage() {
    isMessageOpen = false
    MilterActivity.openMessages.subtract(1, ordering: .relaxed)
  }
}

/// Postfix sends `<a@b>` for SMTP clients and `a@b` for mail of sendmail(1).
private func withoutBrackets(_ path: [UInt8]) -> [UInt8] {
  guard path.count >= 2, path.first == UInt8(ascii: "<"), path.last == UInt8(ascii: ">") else {
    return path
  }
  return Array(path.dropFirst().dropLast())
}
