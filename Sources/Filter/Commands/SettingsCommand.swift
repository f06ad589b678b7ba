internal import Operations

/// `settings`: the values in force, and where they come from.
enum SettingsCommand {
  static func run(_ words: [String]) throws(CommandFailure) -> Int32 {
    let arguments = try Arguments(words, flags: ["--changed", "--defaults", "--explain"])
    try arguments.requireOperands(0...0, "nothing")
    guard !(arguments.has("--changed") && arguments.has("--defaults")) else {
      throw .usage("--changed and --defaults exclude each other")
    }
    let choice: SettingsListing.Choice =
      arguments.has("--changed") ? .written : arguments.has("--defaults") ? .defaults : .all
    // Defaults are told whatever a file says.
    let sources = choice == .defaults ? SettingsSources.none : try arguments.sources()
    Output.text(
      SettingsListing(sources).text(choice, explained: arguments.has("--explain")))
    return 0
  }
}
