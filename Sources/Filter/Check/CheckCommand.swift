internal import Glibc
internal import MilterBridge
internal import Operations

/// `check`: the settings, and what their engines are worth; with `--live` the whole installation; with `--fix-postfix` what mends Postfix.
struct CheckCommand {
  let settings: Settings
  let dropIns: String
  let postfixDirectory: String?
  let exim: String?

  static func run(_ words: [String]) throws(CommandFailure) -> Int32 {
    let arguments = try Arguments(
      words, options: ["--postfix-config", "--exim"],
      flags: ["--live", "--fix-postfix", "--apply"])
    try arguments.requireOperands(0...0, "nothing")
    let sources = try arguments.sources()
    let settings = try arguments.settings()
    try Daemon.checkSettings(settings, sources)
    let check = CheckCommand(
      settings: settings, dropIns: sources.dropInFolder,
      postfixDirectory: try arguments.one("--postfix-config"), exim: try arguments.one("--exim"))
    if arguments.has("--fix-postfix") {
      return try check.fixPostfix(apply: arguments.has("--apply"))
    }
    guard !arguments.has("--apply") else { throw .usage("--apply goes with --fix-postfix") }
    var findings =
      [Finding.good("settings: \(sources.summary)")]
      + EngineWorth.findings(settings, dropIns: sources.dropInFolder)
      + VocabularyCheck.findings(settings)
    for finding in findings { Output.text(finding.text) }
    // Each as soon as it is known: an engine takes its time.
    let host = HostChecks(settings: settings)
    let live = [
      { [host.daemon()] }, check.mta, { [host.spool()] }, host.engines, { [host.clock()] },
    ]
    for look in arguments.has("--live") ? live : [] {
      let found = look()
      for finding in found { Output.text(finding.text) }
      findings += found
    }
    return findings.contains { $0.grade == .wrong } ? 1 : 0
  }

  // MARK: - The MTA

  private func mta() -> [Finding] {
    if let exim = exim ?? installedExim {
      return EximCheck(exim: exim, settings: settings).findings()
        + ListenerCheck(settings: settings, frontLimit: nil, option: nil).findings()
    }
    do throws(CommandFailure) {
      let postfix = try PostfixConfiguration(directory: postfixDirectory)
      let check = try PostfixCheck(postfix, settings)
      var findings = check.findings()
      if case .unix(let path)? = check.listen {
        findings.append(
          SocketCheck(path: path, user: postfix.main["mail_owner"] ?? "postfix", dropIns: dropIns)
            .finding())
      }
      findings += ListenerCheck(
        settings: settings, frontLimit: Int(postfix.main["message_size_limit"] ?? ""),
        option: check.optionOfListener, utf8: check.listenerUTF8
      ).findings()
      for index in findings.indices { findings[index].reload = postfix.reload }
      return findings
    } catch {
      return [
        Finding(
          grade: .wrong, what: "Postfix: \(error.sentence)",
          why: "Its configuration cannot be read, and no other MTA was found.",
          mend: ["postconf -n"])
      ] + ListenerCheck(settings: settings, frontLimit: nil, option: nil).findings()
    }
  }

  /// Exim and Postfix cannot both be installed from packages.
  private var installedExim: String? {
    guard postfixDirectory == nil, unsafe access("/usr/sbin/postconf", X_OK) != 0 else {
      return nil
    }
    return ["/usr/sbin/exim4", "/usr/sbin/exim"].first { unsafe access($0, X_OK) == 0 }
  }

  // MARK: - Mending

  private func fixPostfix(apply: Bool) throws(CommandFailure) -> Int32 {
    let postfix = try PostfixConfiguration(directory: postfixDirectory)
    let check = try PostfixCheck(postfix, settings)
    // Without a way back, voicemail that is led here would stay here.
    if let taken = check.taken {
      throw CommandFailure("\(taken.what): \(taken.mend.joined(separator: "; "))")
    }
    let findings = check.findings()
    var commands: [String] = []
    for command in findings.flatMap(\.postconf) where !commands.contains(command) {
      commands.append(command)
    }
    for finding in findings where finding.grade != .good && finding.postconf.isEmpty {
      Output.complain("\(finding.what): \(finding.mend.joined(separator: "; "))")
    }
    guard !commands.isEmpty else {
      Output.text("# nothing to change in Postfix\n")
      return 0
    }
    commands.append(postfix.reload)
    for command in commands {
      Output.text(command + "\n")
      guard apply else { continue }
      let answer = ShellCommand(line: command)
      guard answer.status == 0 else { throw CommandFailure(answer.lastLine) }
    }
    if apply { try postfix.expectReload { check.isListening } }
    return 0
  }
}
