internal import Operations

/// `reload` and `drain`: orders to the daemon that runs.
enum ControlCommands {
  static func reload(_ words: [String]) throws(CommandFailure) -> Int32 {
    let arguments = try Arguments(words)
    try arguments.requireOperands(0...0, "nothing")
    // A wrong file is told here already, with nothing changed.
    return try order(["reload"], try arguments.settings(), patienceMS: 60_000)
  }

  static func drain(_ words: [String]) throws(CommandFailure) -> Int32 {
    let arguments = try Arguments(words, options: ["--timeout"])
    try arguments.requireOperands(0...0, "nothing")
    let written = try arguments.one("--timeout") ?? "25s"
    guard let limit = Settings.milliseconds(of: written) else {
      throw .usage("--timeout '\(written)' must be \(SettingKind.duration.expectation)")
    }
    // The daemon has up to 10 s for deliveries in progress after it has drained.
    return try order(
      ["drain", "\(limit)"], try arguments.settingsToAsk(), patienceMS: limit + 30_000)
  }

  private static func order(_ request: [String], _ settings: Settings, patienceMS: Int)
    throws(CommandFailure) -> Int32
  {
    let path = ControlSocket.path(stateDirectory: settings.stateDirectory)
    let reply: ControlReply
    do throws(ControlError) {
      reply = try ControlSocket.ask(request, at: path, patienceMS: patienceMS)
    } catch {
      throw CommandFailure(error)
    }
    guard !reply.failed else { throw CommandFailure(reply.text) }
    Output.text(reply.text)
    return 0
  }
}
