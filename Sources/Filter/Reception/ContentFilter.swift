internal import Operations
internal import SMTP
internal import Voicemail

/// One connection of the MTA, or of `enqueue`, to the SMTP front: a voicemail is kept, anything else is
/// passed on to the MTA's listener in the same breath.
///
/// Each of the client's commands is relayed to the listener as it comes: XFORWARD facts and MAIL at MAIL,
/// RCPT at RCPT. Only so does the client hear what the listener says of each recipient; asked after the
/// content, it could be told of one outcome for all. What happens at DATA:
/// - A message that cannot be a voicemail, by its client or its headers, flows through from there on. Nothing
///   of it is held here, and the reply to the final dot is the listener's own.
/// - Of any other the content is collected. A voicemail goes into the spool, with those recipients that the
///   listener accepted, and the listener hears RSET. Else it is passed on, all recipients in one transaction.
/// - If the listener is away, a candidate is collected all the same: a voicemail can be kept without it.
///   Everything else is answered with 451, and the MTA keeps it.
/// - What comes round (`LoopWatch`) is answered with 451 too, as soon as its header section is there.
///
/// Nothing is ours before the spool has it, and nothing is accepted here that nobody else has.
final class ContentFilter: SMTPServerSession {
  private enum Stage {
    /// A voicemail perhaps.
    case collecting
    case passing
    /// To be read to its end, then answered so.
    case lost(SMTPReply)
  }

  private var intake: Intake
  private let commons: ContentFilterCommons
  private var context: DaemonContext { intake.context }
  /// To the listener, and where that is; kept from one message to the next.
  private var connection: SMTPClient?
  private var connectedTo: SMTPTarget?
  private var onward: OnwardMessage?
  private var envelope = Envelope(sender: "", recipients: [])
  private var client = ClientFacts()
  private var stage = Stage.passing
  /// The listener waits for content, or for its end.
  private var isWithinContent = false
  /// All of the content so far, while it is not known what it is; and the right to hold it.
  private var collected: CollectedBody?
  private var place: ReceptionLimits.BodyPlace?
  /// Its beginning, until the header section is there and judged.
  private var head: [UInt8] = []
  private var headerEnd = HeaderEnd()
  private var isJudged = false

  init(context: DaemonContext, commons: ContentFilterCommons) {
    intake = Intake(context: context)
    self.commons = commons
  }

  deinit { connection?.quit() }

  /// nil: the target is no listener, and nothing can be passed on.
  private var target: SMTPTarget? { context.live.current.listener }

  /// What the listener offers, when it was asked before or can be asked now. Else everything: nothing can be passed on
  /// then, and a client that was told less would bounce mail (RFC 6531) that the listener may well take later.
  func extensions() -> RelayedExtensions {
    guard let target else { return .all }
    if let known = commons.offer.of(target) { return known }
    _ = ask { () throws(SMTPFailure) in
      _ = try connected()
      return nil
    }
    return commons.offer.of(target) ?? .all
  }

  // MARK: - The envelope

  func mail(_ address: String, parameters: [String], client facts: SMTPClientFacts) -> SMTPReply {
    forget()
    intake.begin()
    (head, headerEnd, isJudged) = ([], HeaderEnd(), false)
    client = Self.firstClient(facts)
    envelope = Envelope(sender: address, senderParameters: parameters, recipients: [])
    let reason = intake.reasonToPass(from: client)
    stage = reason == nil ? .collecting : .passing
    if let reason { note(reason) }
    let reply = ask { () throws(SMTPFailure) in
      try begin(address, parameters, facts.forwarded)
    }
    return answer(reply, standIn: "2.1.0 Ok, so far")
  }

  private func begin(_ sender: String, _ parameters: [String], _ client: ForwardedClient?)
    throws(SMTPFailure) -> SMTPReply?
  {
    let kept = connection
    guard let connection = try connected() else { return nil }
    if let lacking = Self.lacking(for: parameters, at: connection) { return lacking }
    do throws(SMTPFailure) {
      let (message, reply) = try OnwardMessage.begin(
        connection, sender: sender, parameters: parameters, forwarding: client)
      onward = message
      return reply
    } catch {
      // The listener had enough of this connection, not of this message.
      guard kept === connection, error.isEndOfConnection, [.xforward, .mail].contains(error.stage)
      else { throw error }
      self.connection = nil
      return try begin(sender, parameters, client)
    }
  }

  func recipient(_ address: String, parameters: [String]) -> SMTPReply {
    let reply = ask { () throws(SMTPFailure) in
      if let connection, onward != nil,
        let lacking = Self.lacking(for: parameters, at: connection)
      {
        return lacking
      }
      return try onward?.recipient(address, parameters: parameters)
    }
    let answer = answer(reply, standIn: "2.1.5 Ok, so far")
    if answer.code / 100 == 2 {
      envelope.recipients.append(Recipient(address: address, parameters: parameters))
    }
    return answer
  }

  /// What the listener says; without one, a candidate may go on and all else must wait.
  private func answer(_ reply: SMTPReply?, standIn: String) -> SMTPReply {
    if let reply { return Self.relayed(reply) }
    guard case .collecting = stage else { return Self.away }
    return SMTPReply(code: 250, lines: [standIn])
  }

  // MARK: - The content

  func data() -> SMTPReply? {
    if case .collecting = stage {
      let limit = intake.settings.maxConcurrentBodies
      place = context.limits.placeForBody(limit: limit)
      if place != nil {
        collected = CollectedBody(
          directory: intake.settings.stateDirectory, limits: context.limits)
        return nil
      }
      warn("too many messages at once", "\(limit) are being read already")
    }
    startPassing()
    guard case .lost(let reply) = stage else { return nil }
    forget()
    return reply
  }

  func content(_ bytes: [UInt8]) {
    switch stage {
    case .lost: break
    case .passing where isJudged: pass(bytes)
    case .passing: judgeHeaders(with: bytes)
    case .collecting:
      guard let collected, unsafe collected.append(bytes.span.bytes) else {
        let reason = collected?.trouble ?? "it could not be collected"
        warn("message passes unread", reason)
        passOn(reason)
        return content(bytes)
      }
      if !isJudged { judgeHeaders(with: bytes) }
      let limit = intake.settings.maxMessageBytes
      if case .collecting = stage, collected.count > limit {
        warn("message too large", "more than \(limit) bytes")
        passOn("larger than \(limit) bytes")
      }
    }
  }

  func endOfContent() -> SMTPReply {
    if !isJudged { endHeaders(head) }
    var replies: [NewJob] = []
    if case .collecting = stage {
      switch judge() {
      case .passAndKeep(let jobs):
        passOn("its transcript follows in a reply")
        replies = jobs
      case .kept(let id):
        // The listener hears RSET later: a wait for it would be one between our commit and our answer.
        release()
        return SMTPReply(code: 250, lines: ["2.0.0 Ok: voicemail kept as \(id)"])
      case .pass(let reason): passOn(reason)
      }
    }
    defer { forget() }
    if case .lost(let reply) = stage { return reply }
    let reply = ask { () throws(SMTPFailure) in try onward?.end() }
    // There is no transaction any more, so none to reset.
    onward = nil
    // Not before the MTA has the message: what it refuses needs no reply.
    if let reply, reply.code / 100 == 2, !replies.isEmpty { intake.keep(replies) }
    return reply.map(Self.relayed) ?? Self.away
  }

  func abort() { forget() }

  private func judge() -> Intake.Outcome {
    guard let collected else { return .pass(reason: "it was not collected") }
    let outcome = context.limits.withRoom(for: collected.count) {
      do throws(StepFailure) {
        return intake.take(
          try collected.content(), envelope, client, canPass: onward != nil)
      } catch {
        return .pass(reason: error.sentence)
      }
    }
    if let outcome { return outcome }
    warn("too many large messages at once", "no memory for one more")
    return .pass(reason: "no memory for one more")
  }

  /// The header section decides as soon as it is there; one without an end is no mail of a PBX.
  private func judgeHeaders(with bytes: [UInt8]) {
    head += bytes
    if let end = headerEnd.find(in: head) {
      endHeaders(Array(head[..<end]))
    } else if head.count > Candidate.headerLimitBytes {
      endHeaders(nil)
    }
  }

  /// nil: it does not end.
  private func endHeaders(_ headers: [UInt8]?) {
    if case .lost = stage { return }
    isJudged = true
    var reason: String?
    if case .collecting = stage {
      reason =
        headers.map { intake.reasonToPass(headers: $0, envelope, client) }
        ?? "its header section does not end"
    }
    if let headers, !admits(headers) {
      stage = .lost(Self.comesRound)
    } else if let reason {
      passOn(reason)
    } else {
      pass(head)
    }
    head = []
  }

  private func admits(_ headers: [UInt8]) -> Bool {
    let trace = LoopWatch.Trace(intake.facts(headers: headers), envelope)
    guard commons.loops.admits(trace, isOurs: intake.comesRound) else {
      context.alarms.raise(
        .loopSeen, "mail that has passed comes back to the content filter",
        queueID: client.queueID)
      return false
    }
    return true
  }

  /// What has been collected goes to the listener, and all that follows.
  private func passOn(_ reason: String) {
    note(reason)
    (isJudged, head) = (true, [])
    startPassing()
    do throws(StepFailure) {
      try collected?.forEachPiece(pass)
    } catch {
      // The listener hears no end of it, and the MTA keeps it.
      context.log.error("message refused", ["queue_id": client.queueID, "why": error.sentence])
      stage = .lost(Self.unreadable)
    }
    release()
  }

  private func startPassing() {
    stage = .passing
    guard onward != nil else { return stage = .lost(Self.away) }
    var refusal: SMTPReply?
    _ = ask { () throws(SMTPFailure) in
      refusal = try onward?.data()
      return nil
    }
    if onward == nil { return stage = .lost(Self.away) }
    if let refusal { stage = .lost(Self.relayed(refusal)) } else { isWithinContent = true }
  }

  private func pass(_ bytes: [UInt8]) {
    guard case .passing = stage else { return }
    _ = ask { () throws(SMTPFailure) in
      try onward?.content(bytes)
      return nil
    }
    if onward == nil { stage = .lost(Self.away) }
  }

  // MARK: - The listener

  private func connected() throws(SMTPFailure) -> SMTPClient? {
    guard let target else { return nil }
    if let connection, connection.isUsable, connectedTo == target { return connection }
    connection?.quit()
    let new = try SMTPClient(target, heloName: context.settings.hostname, limits: Self.limits)
    try new.refuseOwnKind()
    commons.offer.note(new)
    (connection, connectedTo) = (new, target)
    return new
  }

  /// Nil when the listener is away: the transaction is void then, whatever of it was accepted.
  private func ask(_ exchange: () throws(SMTPFailure) -> SMTPReply?) -> SMTPReply? {
    do throws(SMTPFailure) {
      return try exchange()
    } catch {
      context.log.warning(
        "the listener is away", ["queue_id": client.queueID, "why": error.sentence])
      (onward, connection) = (nil, nil)
      return nil
    }
  }

  private func forget() {
    for remark in onward?.remarks ?? [] {
      context.log.warning("delivery remark", ["queue_id": client.queueID, "why": remark])
    }
    if isWithinContent { onward?.cut() } else { onward?.reset() }
    isWithinContent = false
    onward = nil
    release()
    stage = .passing
  }

  private func release() { (collected, place) = (nil, nil) }

  /// For what an administrator should know, though not for each message.
  private func warn(_ event: String, _ reason: String) {
    context.rareLines.write(.warning, event, queueID: client.queueID, why: reason)
  }

  private func note(_ reason: String) {
    context.log.debug("passes", ["queue_id": client.queueID, "why": reason])
  }

  /// Together shorter than the client's patience (Postfix: 600 s after the final dot), so that it hears of ours: what was
  /// collected is sent on then.
  private static let limits: SMTPLimits = {
    var limits = SMTPLimits(everywhere: .seconds(60))
    limits.connect = .seconds(10)
    limits.finalDot = .seconds(400)
    limits.goodbye = .seconds(5)
    return limits
  }()

  /// The listener lacks what it seemed to offer at EHLO; at the client's next try EHLO knows better.
  private static func lacking(for parameters: [String], at connection: SMTPClient) -> SMTPReply? {
    RelayedExtensions(connection.extensions).lacking(for: parameters).map {
      SMTPReply(
        code: 451, lines: ["4.3.5 The MTA's listener does not offer \($0) now, try again later"])
    }
  }

  private static let comesRound = SMTPReply(
    code: 451,
    lines: ["4.4.6 Mail loop: the reinjection listener still has this content filter"])

  private static let unreadable = SMTPReply(
    code: 451, lines: ["4.3.0 What was collected cannot be read back, try again later"])

  private static let away = SMTPReply(
    code: 451, lines: ["4.4.1 The MTA's listener does not answer, try again later"])

  /// 421 speaks of the listener's connection, not of the client's; other odd codes mean nothing here.
  private static func relayed(_ reply: SMTPReply) -> SMTPReply {
    switch reply.code {
    case 421: SMTPReply(code: 451, lines: reply.lines)
    case 200...299, 400...599: reply
    default: away
    }
  }

  /// The client as XFORWARD tells it, else the one that is connected.
  ///
  /// Its address decides whether the mail is trusted. A remote client whose address the MTA does not know is not.
  private static func firstClient(_ facts: SMTPClientFacts) -> ClientFacts {
    guard let forwarded = facts.forwarded else {
      return ClientFacts(
        address: facts.address, port: facts.port, helo: facts.helo,
        protocolName: facts.isExtended ? "ESMTP" : "SMTP")
    }
    let address = forwarded.address ?? (forwarded.source == .remote ? "unknown" : facts.address)
    return ClientFacts(
      name: forwarded.name, address: address, port: forwarded.port, helo: forwarded.helo,
      protocolName: forwarded.protocolName, queueID: forwarded.queueID)
  }
}
