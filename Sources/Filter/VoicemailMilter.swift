internal import Glibc

/// The program: picks the command.
@main
enum VoicemailMilter {
  typealias Command = @Sendable ([String]) throws(CommandFailure) -> Int32

  static let commands: [(name: String, run: Command)] = [
    ("run", RunCommand.run),
    ("enqueue", EnqueueCommand.run),
    ("status", StatusCommand.run),
    ("engines", EnginesCommand.run),
    ("list", AdministrationCommands.command("list")),
    ("show", AdministrationCommands.command("show")),
    ("cat", AdministrationCommands.command("cat")),
    ("retry", AdministrationCommands.command("retry")),
    ("flush", AdministrationCommands.command("flush")),
    ("hold", AdministrationCommands.command("hold")),
    ("release", AdministrationCommands.command("release")),
    ("deliver", AdministrationCommands.command("deliver")),
    ("requeue", AdministrationCommands.command("requeue")),
    ("delete", AdministrationCommands.command("delete")),
    ("pause", AdministrationCommands.command("pause")),
    ("resume", AdministrationCommands.command("resume")),
    ("reload", ControlCommands.reload),
    ("drain", ControlCommands.drain),
    ("settings", SettingsCommand.run),
    ("check", CheckCommand.run),
    ("test-message", TestMessageCommand.run),
    ("inspect", InspectCommand.run),
    ("preview", PreviewCommand.run),
    ("transcribe", TranscribeCommand.run),
  ]

  static func main() {
    var words = CommandLine.arguments.dropFirst()
    let name = words.popFirst() ?? ""
    exit(run(name, Array(words)))
  }

  private static func run(_ name: String, _ words: [String]) -> Int32 {
    switch name {
    case WorkCommand.name: return WorkCommand.run()
    case "--help", "-h", "help": return print(Help.text)
    case "--version", "-V": return print(Version.text)
    default: break
    }
    do throws(CommandFailure) {
      guard let command = commands.first(where: { $0.name == name }) else {
        throw .usage(name.isEmpty ? "a command is missing" : "no command '\(name)'")
      }
      // Behind `--` stand operands: an address may look like an option.
      let options = words.prefix { $0 != "--" }
      // To an MTA the 0 behind a help text would say that its message has been taken.
      if options.contains("--help") || options.contains("-h"), name != "enqueue" || words.count == 1
      {
        return print(Help.text(of: name))
      }
      return try command.run(words)
    } catch {
      Output.complain(error.sentence)
      return error.status
    }
  }

  private static func print(_ text: String) -> Int32 {
    Output.text(text)
    return 0
  }
}
