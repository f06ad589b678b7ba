internal import Glibc
internal import Operations
internal import SMTP
internal import Spool
internal import Voicemail

/// `test-message`: a voicemail through the MTA's front door, followed to its delivery.
struct TestMessageCommand {
  /// How long the MTA may take until the message is in the spool.
  private static let arrivalMS: Int64 = 30_000

  private let settings: Settings
  private let start = ContinuousClock.now

  static func run(_ words: [String]) throws(CommandFailure) -> Int32 {
    let arguments = try Arguments(words, options: ["--to", "--from", "--via", "--timeout"])
    try arguments.requireOperands(0...0, "nothing")
    guard let recipient = try arguments.one("--to") else { throw .usage("--to is missing") }
    let sender = try arguments.one("--from") ?? ""
    for address in [recipient, sender] where !address.isEmpty {
      if let problem = OnwardMessage.problem(withAddress: address) {
        throw .usage("'\(address)': \(problem)")
      }
    }
    let written = try arguments.one("--timeout") ?? "10min"
    guard let limit = Settings.milliseconds(of: written) else {
      throw .usage("--timeout '\(written)' must be \(SettingKind.duration.expectation)")
    }
    let via = try arguments.one("--via") ?? "smtp:127.0.0.1:25"
    let target: DeliveryTarget
    do throws(InvalidTarget) {
      target = try DeliveryTarget(via)
    } catch {
      throw .usage("--via: \(error.sentence)")
    }
    let command = TestMessageCommand(settings: try arguments.settings())
    return try command.follow(
      TestMessage(
        from: sender, to: recipient, host: command.settings.hostname, nowMS: Clock.nowMS()),
      by: target, limitMS: Int64(limit))
  }

  private init(settings: Settings) { self.settings = settings }

  /// Each step on a line of its own: the seconds since the start, and what happened.
  private func tell(_ step: String) {
    let seconds = Output.tenths(Double(start.elapsedMS) / 1_000)
    Output.text(Output.left("\(seconds) s", 10) + step + "\n")
  }

  private func follow(_ message: TestMessage, by target: DeliveryTarget, limitMS: Int64)
    throws(CommandFailure) -> Int32
  {
    // A daemon that is down would let it pass, and nothing could be followed.
    _ = try ask(message)
    try send(message, by: target)
    var told = 0
    while true {
      guard let found = try ask(message) else {
        guard start.elapsedMS < min(Self.arrivalMS, limitMS) else {
          tell("it is not in the spool: the MTA did not bring it here, or it passed unchanged")
          throw CommandFailure("no transcript is made; voicemail-milter check --live may say why")
        }
        usleep(100_000)
        continue
      }
      if told == 0 { tell("in the spool as \(found.id)") }
      for event in found.events.dropFirst(told) { tell(Output.safe(event)) }
      told = max(found.events.count, 1)
      switch found.state {
      case "delivered":
        tell("delivered, transcript \(found.transcript ?? "none made"); now in the MTA's hands")
        return 0
      case "held", "failed", "deleted":
        throw CommandFailure("\(found.state): voicemail-milter show \(found.id)")
      default: break
      }
      guard start.elapsedMS < limitMS else {
        throw CommandFailure("still \(found.state): voicemail-milter show \(found.id)")
      }
      usleep(100_000)
    }
  }

  private func send(_ message: TestMessage, by target: DeliveryTarget) throws(CommandFailure) {
    do throws(SMTPFailure) {
      let result: DeliveryResult
      switch target {
      case .command(let command):
        result = try command.deliver(message.submission, limit: .seconds(60))
      case .listener(let listener):
        let client = try SMTPClient(
          listener, heloName: settings.hostname, limits: SMTPLimits(everywhere: .seconds(60)))
        defer { client.quit() }
        result = try client.deliver(message.submission)
      }
      for recipient in result.recipients where recipient.outcome != .accepted {
        throw SMTPFailure(refused: recipient.reply, of: target)
      }
      tell("sent: \(target) said \(result.reply?.description ?? "yes")")
    } catch {
      throw CommandFailure("not sent: \(error.sentence)")
    }
  }

  /// What the daemon knows of it; nil: nothing yet.
  private func ask(_ message: TestMessage) throws(CommandFailure) -> MessageTrace? {
    let reply: ControlReply
    do throws(ControlError) {
      reply = try ControlSocket.ask(
        ["trace", message.messageID],
        at: ControlSocket.path(stateDirectory: settings.stateDirectory))
    } catch {
      throw CommandFailure(error)
    }
    guard !reply.failed else { throw CommandFailure(reply.text) }
    return MessageTrace(lines: reply.text)
  }
}

/// How far a message has come, as lines for the control socket: id, state, transcript, then events.
struct MessageTrace {
  var id: String
  var state: String
  var transcript: String?
  var events: [String]

  init(_ details: JobDetails) {
    id = details.id
    state = details.state.rawValue
    transcript = details.result.map(\.status.rawValue)
    events = details.events.map(\.what)
  }

  /// nil: no message.
  init?(lines: String) {
    let lines = lines.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard lines.count >= 3, !lines[0].isEmpty else { return nil }
    (id, state, transcript) = (lines[0], lines[1], lines[2].isEmpty ? nil : lines[2])
    events = lines.dropFirst(3).filter { !$0.isEmpty }
  }

  var lines: String {
    ([id, state, transcript ?? ""] + events.map { $0.replacing("\n", with: " ") })
      .joined(separator: "\n")
  }
}
