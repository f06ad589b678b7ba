internal import Glibc
internal import Operations

/// `status`: once, or live in a terminal.
enum StatusCommand {
  static func run(_ words: [String]) throws(CommandFailure) -> Int32 {
    let arguments = try Arguments(words, flags: ["--json", "--watch"])
    try arguments.requireOperands(0...0, "nothing")
    let settings = try arguments.settingsToAsk()
    if arguments.has("--watch") {
      guard !arguments.has("--json"), isatty(STDOUT_FILENO) == 1 else {
        throw .usage("--watch is for a terminal, without --json")
      }
      try watch(settings)
    }
    let reply = try SpoolClient(settings).ask(
      ["status"] + (arguments.has("--json") ? ["--json"] : []))
    guard !reply.failed else {
      Output.complain(reply.text)
      return reply.status
    }
    Output.text(arguments.has("--json") ? reply.text : Output.fitted(reply.text))
    return 0
  }

  /// Until Ctrl-C. Each line is overwritten and its rest cleared, so that nothing flickers (ECMA-48: CUP, EL, ED).
  private static func watch(_ settings: Settings) throws(CommandFailure) -> Never {
    Output.text("\u{1b}[2J")
    while true {
      // A client of its own each time: one that has opened the spool would keep a daemon from starting.
      var text: String
      do throws(CommandFailure) {
        text = try SpoolClient(settings).ask(["status"]).text
      } catch {
        guard error.status == CommandFailure.unavailableStatus else { throw error }
        text = error.sentence + "\n"
      }
      text = Output.fitted(text) + "\n  \(Clock.text(Clock.nowMS())), every second; Ctrl-C ends\n"
      Output.text("\u{1b}[H" + text.replacing("\n", with: "\u{1b}[K\n") + "\u{1b}[J")
      sleep(1)
    }
  }
}
