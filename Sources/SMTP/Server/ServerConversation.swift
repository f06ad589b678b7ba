/// One connection's dialogue: which command may come when, and what is answered (RFC 5321, 4.1.4).
///
/// Knows no socket: events of `ServerParser` go in, replies come out.
struct ServerConversation: ~Copyable {
  enum Answer: Equatable {
    case reply(SMTPReply)
    /// 354, and content follows.
    case content
    case replyAndClose(SMTPReply)
    case nothing
  }

  private enum Stage {
    case start
    case ready
    case envelope(recipients: Int)
    case content

    var isMessage: Bool {
      switch self {
      case .start, .ready: false
      case .envelope, .content: true
      }
    }
  }

  /// Ends the greeting; `SMTPClient.refuseOwnKind` knows it by that.
  static let program = "voicemail-milter"

  private let hostname: String
  private let limits: SMTPServerLimits
  private let session: any SMTPServerSession
  private var facts: SMTPClientFacts
  private let activity: ServerActivity
  private var offered = RelayedExtensions.all
  private var stage = Stage.start {
    didSet { if oldValue.isMessage, !stage.isMessage { activity.end() } }
  }
  private var wrongCommands = 0
  /// After a MAIL that was refused: commands that a client has sent along with it (RFC 2920) and that are no error of its.
  private var pipelined: Int?
  private var idleCommands = 0
  private var contentBytes = 0

  init(
    hostname: String, limits: SMTPServerLimits, activity: ServerActivity,
    session: any SMTPServerSession, address: String?, port: Int?
  ) {
    self.activity = activity
    self.hostname = hostname
    self.limits = limits
    self.session = session
    facts = SMTPClientFacts(address: address, port: port, helo: "", isExtended: false)
  }

  var greeting: SMTPReply { SMTPReply(220, "\(hostname) ESMTP \(Self.program)") }
  var isInContent: Bool { if case .content = stage { true } else { false } }

  /// The connection is gone, or is to go: an unfinished message is given up.
  mutating func end() { abandon(to: .start) }

  mutating func take(_ event: ServerParser.Event) -> Answer {
    switch event {
    case .command(let command): return answer(command)
    case .content(let bytes):
      // Beyond the limit it is read and thrown away, for the client to hear why.
      if contentBytes > limits.messageBytes { return .nothing }
      contentBytes += bytes.count
      if contentBytes > limits.messageBytes { session.abort() } else { session.content(bytes) }
      return .nothing
    case .endOfContent:
      // It counts as open until its outcome is settled.
      defer { stage = .ready }
      facts.forwarded = nil
      (idleCommands, wrongCommands) = (0, 0)
      guard contentBytes <= limits.messageBytes else {
        return .reply(SMTPReply(552, "5.3.4 Larger than \(limits.messageBytes) bytes"))
      }
      return .reply(session.endOfContent())
    case .lineTooLong: return .replyAndClose(SMTPReply(500, "5.5.2 Line too long"))
    }
  }

  private mutating func answer(_ command: SMTPCommand) -> Answer {
    switch command {
    case .mail, .recipient, .data, .forward: break
    default: idleCommands += 1
    }
    guard idleCommands <= limits.idleCommands else {
      return .replyAndClose(SMTPReply(421, "4.7.0 Too many commands without a message"))
    }
    switch command {
    case .hello(let name, let extended): return .reply(hello(name, extended))
    case .mail(let address, let parameters): return mail(address, parameters)
    case .recipient(let address, let parameters): return recipient(address, parameters)
    case .data: return data()
    case .forward(let attributes): return forward(attributes)
    case .reset:
      if case .start = stage {} else { abandon(to: .ready) }
      return .reply(SMTPReply(250, "2.0.0 Ok"))
    case .noop: return .reply(SMTPReply(250, "2.0.0 Ok"))
    case .verify: return .reply(SMTPReply(252, "2.1.5 Send some mail, it will be tried"))
    case .quit:
      abandon(to: .start)
      return .replyAndClose(SMTPReply(221, "2.0.0 Bye"))
    case .unknown: return wrong(SMTPReply(500, "5.5.1 Command not known"))
    case .wrong(let reply): return wrong(reply)
    }
  }

  private mutating func hello(_ name: String, _ extended: Bool) -> SMTPReply {
    abandon(to: .ready)
    (facts.helo, facts.isExtended) = (name, extended)
    offered = session.extensions()
    guard extended else { return SMTPReply(250, hostname) }
    // CHUNKING is not offered: Postfix and Exim use DATA then, whose content needs no counting.
    return SMTPReply(
      code: 250,
      lines: [hostname, "PIPELINING", "SIZE \(limits.messageBytes)"] + offered.keywords
        + ["ENHANCEDSTATUSCODES", ForwardedAttribute.offer])
  }

  private mutating func mail(_ address: String, _ parameters: [String]) -> Answer {
    guard case .ready = stage else {
      return wrong(outOfOrder(nowIn: "MAIL"))
    }
    pipelined = 0
    let size = parameters.compactMap { parameter in
      parameter.uppercased().hasPrefix("SIZE=") ? Int(parameter.dropFirst(5)) : nil
    }.max()
    if let size, size > limits.messageBytes {
      return .reply(SMTPReply(552, "5.3.4 Larger than \(limits.messageBytes) bytes"))
    }
    if let refusal = refusal(of: parameters) { return .reply(refusal) }
    guard activity.begin() else { return .replyAndClose(Self.goingDown(hostname)) }
    let reply = session.mail(address, parameters: parameters, client: facts)
    if reply.isPositive {
      (stage, pipelined) = (.envelope(recipients: 0), nil)
    } else {
      activity.end()
      facts.forwarded = nil
    }
    return .reply(reply)
  }

  private mutating func recipient(_ address: String, _ parameters: [String]) -> Answer {
    guard case .envelope(let count) = stage else { return withoutMessage("RCPT") }
    guard count < limits.recipients else {
      // RFC 5321, 4.5.3.1.10: the client sends the rest in another transaction.
      return .reply(SMTPReply(452, "4.5.3 More than \(limits.recipients) recipients"))
    }
    if let refusal = refusal(of: parameters) { return .reply(refusal) }
    let reply = session.recipient(address, parameters: parameters)
    if reply.isPositive { stage = .envelope(recipients: count + 1) }
    return .reply(reply)
  }

  private mutating func data() -> Answer {
    guard case .envelope(let count) = stage else { return withoutMessage("DATA") }
    guard count > 0 else { return .reply(SMTPReply(554, "5.5.1 No valid recipients")) }
    if let refusal = session.data() {
      stage = .ready
      facts.forwarded = nil
      return .reply(refusal)
    }
    stage = .content
    contentBytes = 0
    return .content
  }

  /// RFC 5321, 3.8: whoever hears 421 tries again later.
  static func goingDown(_ hostname: String) -> SMTPReply {
    SMTPReply(421, "4.3.2 \(hostname) is about to stop, try again later")
  }

  /// For parameters of an extension that was not offered; without them the message would be another.
  private func refusal(of parameters: [String]) -> SMTPReply? {
    switch offered.lacking(for: parameters) {
    case nil: nil
    case "SMTPUTF8": SMTPReply(550, "5.6.7 SMTPUTF8 is not offered: the next server lacks it")
    case let missing?: SMTPReply(555, "5.5.4 \(missing) is not offered: the next server lacks it")
    }
  }

  /// Lasts for one message, as Postfix's own server has it.
  private mutating func forward(_ attributes: [ForwardedAttribute]) -> Answer {
    if case .envelope = stage { return wrong(SMTPReply(503, "5.5.1 A message is in progress")) }
    var forwarded = facts.forwarded ?? ForwardedClient()
    for attribute in attributes { forwarded.set(attribute) }
    facts.forwarded = forwarded
    return .reply(SMTPReply(250, "2.0.0 Ok"))
  }

  private mutating func abandon(to next: Stage) {
    switch stage {
    case .envelope: session.abort()
    case .content where contentBytes <= limits.messageBytes: session.abort()
    default: break
    }
    facts.forwarded = nil
    stage = next
  }

  private mutating func withoutMessage(_ command: String) -> Answer {
    guard let count = pipelined, count <= limits.recipients else {
      return wrong(outOfOrder(nowIn: command))
    }
    pipelined = command == "DATA" ? nil : count + 1
    return .reply(outOfOrder(nowIn: command))
  }

  private mutating func wrong(_ reply: SMTPReply) -> Answer {
    wrongCommands += 1
    guard wrongCommands < limits.wrongCommands else {
      return .replyAndClose(SMTPReply(421, "4.7.0 Too many errors"))
    }
    return .reply(reply)
  }

  private func outOfOrder(nowIn command: String) -> SMTPReply {
    switch stage {
    case .start: SMTPReply(503, "5.5.1 Say EHLO first")
    case .ready: SMTPReply(503, "5.5.1 \(command) needs MAIL first")
    default: SMTPReply(503, "5.5.1 \(command) cannot come here")
    }
  }
}

extension SMTPReply {
  var isPositive: Bool { code / 100 == 2 }

  /// As it goes over the wire.
  var wire: [UInt8] {
    var text = ""
    for (index, line) in lines.enumerated() {
      text += "\(code)\(index == lines.count - 1 ? " " : "-")\(line)\r\n"
    }
    return Array((lines.isEmpty ? "\(code)\r\n" : text).utf8)
  }
}
