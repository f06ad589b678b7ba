internal import Operations
internal import Spool

/// `status` and `show`: asked of the daemon, or of the spool itself while no daemon runs.
enum SpoolCommands {
  static func status(_ words: [String]) throws(CommandFailure) -> Int32 {
    let arguments = try Arguments(words, flags: ["--json"])
    try arguments.requireOperands(0...0, "nothing")
    let asJSON = arguments.has("--json")
    return try ask(["status"] + (asJSON ? ["--json"] : []), arguments) { store throws(SpoolError) in
      let now = Clock.nowMS()
      let report = StatusReport(
        version: Version.program, nowMS: now, daemon: nil,
        spool: try store.statistics(nowMS: now))
      return .init(report.print(asJSON: asJSON))
    }
  }

  static func show(_ words: [String]) throws(CommandFailure) -> Int32 {
    let arguments = try Arguments(words, flags: ["--json"])
    try arguments.requireOperands(1...1, "the id of a message")
    let id = arguments.operands[0]
    guard !id.isEmpty else { throw .usage("the id of a message is missing") }
    let asJSON = arguments.has("--json")
    return try ask(["show", id] + (asJSON ? ["--json"] : []), arguments) {
      store throws(SpoolError) in
      try ShowReport.find(id, in: store, asJSON: asJSON)
    }
  }

  private static func ask(
    _ request: [String], _ arguments: Arguments,
    offline: (JobStore) throws(SpoolError) -> ControlSocket.Reply
  ) throws(CommandFailure) -> Int32 {
    let settings = try arguments.settings()
    do throws(ControlError) {
      let path = ControlSocket.path(stateDirectory: settings.stateDirectory)
      return print(try ControlSocket.ask(request, at: path))
    } catch {
      guard error.isDown else { throw CommandFailure(error.sentence) }
    }
    do throws(SpoolError) {
      let store = try JobStore(directory: settings.stateDirectory, mayCreate: false)
      return print(try offline(store))
    } catch {
      throw CommandFailure("the daemon is not running, and \(error.sentence)")
    }
  }

  private static func print(_ reply: ControlSocket.Reply) -> Int32 {
    guard !reply.failed else {
      Output.complain(reply.text)
      return 1
    }
    Output.text(reply.text)
    return 0
  }
}
