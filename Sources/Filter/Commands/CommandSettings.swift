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
