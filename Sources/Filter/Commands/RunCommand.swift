internal import Operations

/// `run`: the daemon.
enum RunCommand {
  static func run(_ words: [String]) throws(CommandFailure) -> Int32 {
    let arguments = try Arguments(words)
    try arguments.requireOperands(0...0, "nothing")
    let settings = try arguments.settings()
    try Daemon.checkSettings(settings, arguments.sources(), withEngines: false)
    let configuration = try arguments.one("--config")
    try Daemon(
      settings: settings, configuration: configuration,
      log: Log(
        level: settings.logLevel, target: settings.logTarget, format: settings.logFormat,
        showsAddresses: settings.logAddresses)
    ).run()
    return 0
  }
}
