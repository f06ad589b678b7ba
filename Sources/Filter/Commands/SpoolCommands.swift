internal import Operations
internal import Spool

/// `status` and `show`: asked of the daemon, or of the spool itself while no daemon runs.
enum SpoolCommands {
  static func status(_ words: [String]) throws(CommandFailure) -> Int32 {
    let arguments = try Arguments(words, flags: ["--json"])
    try arguments.requireOperands(0...0, "nothing")
    let reply = try ask(["status"], arguments) { store throws(SpoolError) in
      let now = Clock.nowMS()
      return .init(
        JSONText.line(
          StatusReport(
            version: Version.program, nowMS: now, daemon: nil,
            spool: try store.statistics(nowMS: now))))
    }
    return try show(reply, arguments, as: StatusReport.self) { $0.text }
  }

  static func show(_ words: [String]) throws(CommandFailure) -> Int32 {
    let arguments = try Arguments(words, flags: ["--json"])
    try arguments.requireOperands(1...1, "the id of a message")
    let id = arguments.operands[0]
    guard !id.isEmpty else { throw .usage("the id of a message is missing") }
    let reply = try ask(["show", id], arguments) { store throws(SpoolError) in
      try ShowReport.find(id, in: store)
    }
    return try show(reply, arguments, as: JobDetails.self, text: ShowReport.text)
  }

  private static func ask(
    _ request: [String], _ arguments: Arguments,
    offline: (JobStore) throws(SpoolError) -> ControlSocket.Reply
  ) throws(CommandFailure) -> ControlSocket.Reply {
    let settings = try arguments.settings()
    do throws(ControlError) {
      return try ControlSocket.ask(
        request, at: ControlSocket.path(stateDirectory: settings.stateDirectory))
    } catch {
      guard error.isDown else { throw CommandFailure(error.sentence) }
    }
    do throws(SpoolError) {
      return try offline(try JobStore(directory: settings.stateDirectory, mayCreate: false))
    } catch {
      throw CommandFailure("the daemon is not running, and \(error.sentence)")
    }
  }

  private static func show<T: Decodable>(
    _ reply: ControlSocket.Reply, _ arguments: Arguments, as type: T.Type, text: (T) -> String
  ) throws(CommandFailure) -> Int32 {
    guard !reply.failed else { throw CommandFailure(reply.text) }
    if arguments.has("--json") {
      Output.text(reply.text)
    } else if let value = JSONText.decode(type, reply.text) {
      Output.text(text(value))
    } else {
      throw CommandFailure("the daemon answers in a form this program does not know; restart it")
    }
    return 0
  }
}
