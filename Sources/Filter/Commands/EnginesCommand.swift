internal import Operations

/// `engines`: which there are, how they are, what they may be asked for and what was.
enum EnginesCommand {
  static func run(_ words: [String]) throws(CommandFailure) -> Int32 {
    let arguments = try Arguments(words, flags: ["--json"])
    try arguments.requireOperands(0...0, "nothing")
    let isJSON = arguments.has("--json")
    let reply = try SpoolClient(try arguments.settingsToAsk()).ask(
      ["engines"] + (isJSON ? ["--json"] : []))
    guard !reply.failed else {
      Output.complain(reply.text)
      return reply.status
    }
    Output.text(isJSON ? reply.text : Output.fitted(reply.text))
    return 0
  }
}
