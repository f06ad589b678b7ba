/// Which words follow a command for the spool; the command line and the daemon read them alike.
struct SpoolSyntax: Sendable {
  var options: Set<String> = []
  var flags: Set<String> = []
  /// Flags that must be there: a verb for few cases is named in full.
  var required: String?
  var operands: ClosedRange<Int>
  var operand = "the id of a message"

  static func of(_ name: String) -> SpoolSyntax? { all[name] }

  private static let all: [String: SpoolSyntax] = [
    "list": .init(
      options: ["--state", "--rcpt", "--older-than", "--from"], flags: ["--json"], operands: 0...0),
    "show": .init(flags: ["--json"], operands: 1...1),
    "cat": .init(options: ["--from"], flags: ["--enhanced"], operands: 1...1),
    "retry": .init(options: ["--reason"], flags: ["--all"], operands: 1...10_000),
    "hold": .init(options: ["--reason"], operands: 1...10_000),
    "release": .init(options: ["--reason"], operands: 1...10_000),
    "deliver": .init(
      options: ["--reason"], flags: ["--original"], required: "--original", operands: 1...10_000),
    "requeue": .init(
      options: ["--reason", "--engine"], flags: ["--transcribe"], required: "--transcribe",
      operands: 1...10_000),
    "delete": .init(options: ["--reason"], flags: ["--yes"], operands: 1...10_000),
    "flush": .init(operands: 0...0),
    "pause": .init(operands: 1...1, operand: "transcription or delivery"),
    "resume": .init(operands: 1...1, operand: "transcription or delivery"),
  ]

  func parse(_ words: some Sequence<String>) throws(CommandFailure) -> Arguments {
    let arguments = try Arguments(words, options: options, flags: flags)
    if let required, !arguments.has(required) { throw .usage("\(required) is missing") }
    try arguments.requireOperands(arguments.has("--all") ? 0...0 : operands, operand)
    guard !arguments.operands.contains("") else { throw .usage("\(operand) is missing") }
    return arguments
  }
}
