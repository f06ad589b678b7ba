internal import Glibc
internal import Operations
internal import Spool
internal import Voicemail

/// What this host gives: a daemon that runs, a spool with room, engines that hear, a clock that is right.
struct HostChecks {
  let settings: Settings

  func daemon() -> Finding {
    do throws(ControlError) {
      let path = ControlSocket.path(stateDirectory: settings.stateDirectory)
      let reply = try ControlSocket.ask(["status"], at: path, patienceMS: 10_000)
      let first = reply.text.prefix { $0 != "\n" }
      return reply.failed
        ? Finding(
          grade: .wrong, what: "daemon: \(first)", why: "It cannot tell what is in the spool.")
        : .good("daemon: \(first)")
    } catch {
      guard error.kind == .down else {
        return Finding(grade: .advice, what: "daemon: \(error.sentence)")
      }
      return Finding(
        grade: .wrong, what: "daemon: it is not running",
        why: "Mail flows without transcripts; what is in the spool stays there.",
        mend: ["systemctl start voicemail-milter"])
    }
  }

  func spool() -> Finding {
    let path = settings.stateDirectory
    var facts = stat()
    guard unsafe stat(path, &facts) == 0 else {
      return Finding(
        grade: .wrong, what: "spool: \(path): \(systemWords(errno))",
        why: "Without its state directory the daemon does not start.",
        mend: [
          "install -d -m 0710 -o voicemail-milter -g voicemail-milter " + ShellCommand.line([path])
        ])
    }
    guard facts.st_mode & 0o007 == 0 else {
      return Finding(
        grade: .wrong, what: "spool: others may enter \(path)",
        why: "It holds voicemail, and the secret that keeps strangers from forging our marker.",
        mend: [ShellCommand.line(["chmod", "0710", path])])
    }
    var disk = statvfs()
    guard unsafe statvfs(path, &disk) == 0 else {
      return Finding(grade: .wrong, what: "spool: \(path): \(systemWords(errno))")
    }
    guard disk.f_flag & 1 == 0 else {  // ST_RDONLY
      return Finding(
        grade: .wrong, what: "spool: the file system of \(path) is read-only",
        why: "No voicemail can be taken over: all passes without transcripts.",
        mend: [
          "mount -o remount,rw \"$(df --output=target \(ShellCommand.line([path])) | tail -1)\""
        ]
      )
    }
    if let finding = writing(facts) { return finding }
    let free = Int64(clamping: disk.f_bavail) &* Int64(clamping: disk.f_frsize)
    guard free >= Int64(settings.minFreeBytes) else {
      return Finding(
        grade: .wrong,
        what: "spool: \(Output.size(free)) are free, min_free_bytes is "
          + Output.size(Int64(settings.minFreeBytes)),
        why: "No voicemail is taken over until there is room: all passes without transcripts.",
        mend: ["df -h " + ShellCommand.line([path])])
    }
    return .good("spool: \(path) has \(Output.size(free)) free")
  }

  /// Whether the daemon's user may do what it must there; a command that root ran with the daemon stopped may have left
  /// files that only root can write. nil when all is well, or when only root could tell.
  private func writing(_ facts: stat) -> Finding? {
    guard geteuid() == 0 else { return nil }
    let unit = ShellCommand(["systemctl", "show", "-p", "User", "--value", "voicemail-milter"])
    let named = unit.status == 0 ? unit.lines.first.map(String.init) : nil
    // Without the package's unit whoever owns the directory.
    let user = named ?? userName(facts.st_uid)
    guard ShellCommand(["id", user]).status == 0 else { return nil }
    let rights = UserRights(user: user)
    let path = settings.stateDirectory
    let files = ["spool.sqlite", "spool.sqlite-wal", "spool.sqlite-shm", "secret", "alarms.json"]
      .map { path + "/" + $0 }.filter { unsafe access($0, F_OK) == 0 }
    guard
      let shut = rights.allow("-x", path) && rights.allow("-w", path)
        ? files.first(where: { !rights.allow("-w", $0) }) : path
    else { return nil }
    return Finding(
      grade: .wrong, what: "spool: user \(user) may not write to \(shut)",
      why: "The daemon cannot keep a voicemail there, or does not start.",
      mend: [
        ShellCommand.line(["chown", "-R", "\(user):", path])
          + " && " + ShellCommand.line(["chmod", "-R", "u+rwX", path])
      ])
  }

  /// What the daemon's workers would answer to a sentence that everybody understands: each engine by itself.
  func engines() -> [Finding] { settings.enginesInUse.map(engine) }

  private func engine(_ name: String) -> Finding {
    let chain: EngineChain
    do throws(CommandFailure) {
      chain = try Wiring.chain(settings, names: [name])
    } catch {
      return deaf(name, error.sentence)
    }
    var result = WorkResult()
    let start = ContinuousClock.now
    let decoder = Wiring.decoder(Wiring.setup(settings))
    let heard = Transcriber(decoder: decoder, chain: chain).transcribe(
      SpokenTest.recording, of: SpokenTest.part, into: &result
    ) { _ in }.transcript
    guard heard.text.split(separator: " ").count >= 3 else {
      let note = result.notes.first.map { note in
        note.hasPrefix("engine \(name): ") ? String(note.dropFirst("engine \(name): ".count)) : note
      }
      return deaf(name, note ?? heard.reason ?? "it heard '\(Output.safe(heard.text))'")
    }
    return .good("engine: \(name) hears '\(Output.safe(heard.text))' in \(start.elapsedMS) ms")
  }

  private func deaf(_ name: String, _ why: String) -> Finding {
    let isEmbedded = settings.allEngines.contains { $0.name == name && $0.kind == .pocketsphinx }
    let models = [settings.acousticModel, settings.languageModel, settings.dictionary]
    let mend =
      !isEmbedded
      ? "voicemail-milter engines"
      // Others than Debian's are in no package.
      : models.allSatisfy { $0 == nil } && !why.hasPrefix("does not know")
        ? "apt-get install --reinstall pocketsphinx-en-us" : "voicemail-milter settings --changed"
    return Finding(
      grade: .wrong, what: "engine: \(name): \(why)",
      why: "It was played '\(SpokenTest.words)' Voicemail goes out without its transcripts.",
      mend: [mend])
  }

  func clock() -> Finding {
    let now = Clock.nowMS()
    // When this was written: a machine without a battery wakes up in 1970.
    guard now > 1_767_225_600_000 else {
      return Finding(
        grade: .wrong, what: "clock: it says \(Clock.text(now))",
        why: "Deadlines, retries and the Date of messages depend on it.",
        mend: ["timedatectl set-ntp true"])
    }
    var facts = stat()
    if unsafe stat(settings.stateDirectory + "/spool.sqlite", &facts) == 0,
      Int64(facts.st_mtim.tv_sec) * 1_000 > now + 60_000
    {
      return Finding(
        grade: .wrong, what: "clock: the spool was last written in the future, by this clock",
        why: "The clock was set back: what is due has to wait for it.",
        mend: ["timedatectl set-ntp true"])
    }
    // Silent where there is no systemd.
    let answer = ShellCommand(["timedatectl", "show", "-p", "NTPSynchronized", "--value"])
    guard answer.status != 0 || answer.lines.first != "no" else {
      return Finding(
        grade: .advice, what: "clock: \(Clock.text(now)), not synchronized",
        why: "When it drifts, times in mail and log are wrong.", mend: ["timedatectl set-ntp true"])
    }
    return .good("clock: \(Clock.text(now))")
  }
}
