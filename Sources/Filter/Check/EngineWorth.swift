internal import Operations
internal import Voicemail

/// What nobody should find out from the mail: what the words of the embedded engine are worth.
enum EngineWorth {
  /// A test holds the figures against docs/engines.md.
  static let words =
    "They give the gist: of clear telephone recordings 31 to 34 % of the words came out wrong, by analogue lines some "
    + "40 %, of noisy calls most. "
    + "whisper-server on a host of yours gets nine of ten right: voicemail-milter-engines(7)."

  /// Nothing where a better engine is asked too. `dropIns`: the folder for settings beside the main file.
  static func findings(_ settings: Settings, dropIns: String) -> [Finding] {
    let kinds = settings.enginesInUse.compactMap { name in
      settings.allEngines.first { $0.name == name }?.kind
    }
    guard kinds.allSatisfy({ $0 == .pocketsphinx }) else { return [] }
    return [
      Finding(
        grade: .advice, what: "engine: pocketsphinx alone: its transcripts are drafts", why: words,
        mend: [
          // A name that nobody else uses: engines.conf is the administrator's, as the man page has it.
          ShellCommand.line(["mkdir", "-p", dropIns])
            + " && printf '[transcription]\\nengines = whisper-server, pocketsphinx\\n' > "
            + ShellCommand.line([dropIns + "/whisper-server.conf"]),
          "voicemail-milter reload",
        ])
    ]
  }
}
