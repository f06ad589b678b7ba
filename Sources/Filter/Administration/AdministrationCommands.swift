internal import Glibc
internal import Operations

/// The administrator's verbs on the command line: syntax here, effects in `SpoolAnswers`.
enum AdministrationCommands {
  /// Commands whose words go to the daemon as they are.
  static func command(_ name: String) -> VoicemailMilter.Command {
    { words throws(CommandFailure) in try run(name, words) }
  }

  private static func run(_ name: String, _ words: [String]) throws(CommandFailure) -> Int32 {
    guard let syntax = SpoolSyntax.of(name) else { throw .usage("no command '\(name)'") }
    // Wrong usage is found here, before anything is asked.
    let arguments = try syntax.parse(words)
    // Between this program's two ends only.
    guard arguments.all("--from").isEmpty else { throw .usage("unknown option --from") }
    if name == "list" { _ = try ListReport(arguments, nowMS: Clock.nowMS()) }
    let settings = try arguments.settingsToAsk()
    var client = SpoolClient(settings)
    let request = [name] + arguments.asked(of: syntax)
    guard syntax.operands.upperBound > 1, !arguments.operands.isEmpty else {
      return try follow(request + arguments.operands, client)
    }
    var status: Int32 = 0
    for id in arguments.operands {
      if name == "delete", !arguments.has("--yes") {
        // Without a daemon a client has the spool to itself: it is gone before somebody thinks.
        client = SpoolClient(settings)
        if let refusal = try refusal(of: id, settings) {
          status = refusal
          continue
        }
      }
      let ended = try follow(request + ["--", id], client)
      if ended != 0 { status = ended }
    }
    return status
  }

  /// Prints the answer, page by page.
  private static func follow(_ request: [String], _ client: SpoolClient) throws(CommandFailure)
    -> Int32
  {
    var next: String?
    repeat {
      let reply = try client.ask(
        [request[0]] + (next.map { ["--from", $0] } ?? []) + request.dropFirst())
      guard !reply.failed else {
        Output.complain(reply.text)
        return reply.status
      }
      let isData = request[0] == "cat" || request.contains("--json")
      if isData { Output.bytes(reply.content) } else { Output.text(Output.fitted(reply.text)) }
      next = reply.next
    } while next != nil
    return 0
  }

  /// Shows the message and asks; without a terminal nobody can answer. nil: yes; else the exit status.
  private static func refusal(of id: String, _ settings: Settings) throws(CommandFailure) -> Int32?
  {
    guard isatty(STDIN_FILENO) == 1 else {
      throw .usage("delete asks first; where nobody can answer, say --yes")
    }
    let shown = try follow(["show", "--", id], SpoolClient(settings))
    guard shown == 0 else { return shown }
    Output.prompt("Delete this message? Its recording is gone then. [y/N] ")
    let answer = readLine() ?? ""
    if ["y", "yes"].contains(answer.lowercased()) { return nil }
    Output.complain("\(id) is left as it is")
    return 1
  }
}
