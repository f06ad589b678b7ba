internal import Operations

extension Arguments {
  /// The settings that `--config` names, or the standard ones.
  func settings() throws(CommandFailure) -> Settings {
    let path = try one("--config")
    do throws(SettingsError) {
      return try Settings.load(path: path)
    } catch {
      throw CommandFailure(error.lines.joined(separator: "\n"))
    }
  }
}

extension Arguments {
  /// For commands that only ask the daemon, or its spool: a mistake in the settings is told and keeps nobody from asking.
  func settingsToAsk() throws(CommandFailure) -> Settings {
    do throws(CommandFailure) {
      return try settings()
    } catch {
      let path = try one("--config")
      guard let sources = try? SettingsSources.load(path: path),
        let settings = try? Settings(sources.stateDirectoryAlone)
      else { throw error }
      Output.complain(error.sentence)
      return settings
    }
  }
}

extension Arguments {
  /// Where those come from; wrong ones are a failure too.
  func sources() throws(CommandFailure) -> SettingsSources {
    let path = try one("--config")
    do throws(SettingsError) {
      let sources = try SettingsSources.load(path: path)
      _ = try Settings(sources)
      return sources
    } catch {
      throw CommandFailure(error.lines.joined(separator: "\n"))
    }
  }
}

/// Reads a message or a recording that the command line names; `-` is standard input.
func readOperand(_ path: String) throws(CommandFailure) -> [UInt8] {
  do throws(FileError) {
    return try readFile(path == "-" ? "/dev/stdin" : path, limitBytes: 512 << 20)
  } catch {
    throw CommandFailure(error.sentence)
  }
}
