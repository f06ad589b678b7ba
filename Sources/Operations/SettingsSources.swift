internal import CGLib
internal import Glibc

/// Where settings come from, the weakest first: the main file, the files of its conf.d in the order of their names,
/// the environment. Of a key given by several the last counts.
package struct SettingsSources: Sendable {
  /// Begins the name of every variable: VOICEMAIL_MILTER_DAEMON_WORKERS is `[daemon] workers`.
  package static let environmentPrefix = "VOICEMAIL_MILTER_"

  /// Without any: the defaults.
  package static let none = SettingsSources(files: [])

  let files: [SettingsFile]
  /// By name, those with the prefix alone.
  let environment: [String: String]

  init(files: [SettingsFile], environment: [String: String] = [:], dropInFolder: String = "") {
    self.files = files
    self.dropInFolder = dropInFolder
    self.environment = environment.filter { $0.key.hasPrefix(Self.environmentPrefix) }
  }

  /// Reads that file; without a path the standard one, if there. conf.d lies beside it.
  package static func load(
    path: String?, environment: [String: String] = processEnvironment()
  ) throws(SettingsError) -> SettingsSources {
    let main = path ?? Settings.standardPath
    var files: [SettingsFile] = []
    if let bytes = try read(main, mustExist: path != nil) {
      files.append(try SettingsFile(path: main, bytes: bytes))
    }
    let folder = (main.lastIndex(of: "/").map { String(main[...$0]) } ?? "") + "conf.d"
    for drop in try dropIns(in: folder) {
      guard let bytes = try read(drop, mustExist: true) else { continue }
      files.append(try SettingsFile(path: drop, bytes: bytes))
    }
    return SettingsSources(files: files, environment: environment, dropInFolder: folder)
  }

  /// Where the files of conf.d lie.
  package let dropInFolder: String

  /// `FILE, 2 files of conf.d, 1 variable`, for reports.
  package var summary: String {
    var parts = files.isEmpty ? ["no file, the defaults"] : files.map(\.path)
    let known = Set(SettingsTable.keys.map(\.variable))
    let count = environment.keys.filter { known.contains($0) }.count
    if count > 0 { parts.append("\(count) of the environment") }
    return parts.joined(separator: ", ")
  }

  /// Nothing but where the state directory is: enough to ask a daemon that runs, whatever else is written.
  package var stateDirectoryAlone: SettingsSources {
    guard let key = SettingsTable.keys.first(where: { $0.variable == Self.stateDirectory }),
      let written = written(key)
    else { return .none }
    return SettingsSources(files: [], environment: [key.variable: written.text])
  }

  private static let stateDirectory = environmentPrefix + "DAEMON_STATE_DIRECTORY"

  /// What is written for a key, and where.
  func written(_ key: SettingKey) -> (text: String, place: String)? {
    if let text = environment[key.variable] { return (text, "environment \(key.variable)") }
    for file in files.reversed() {
      guard let text = file.values[key.section]?[key.name] else { continue }
      return (text, file.place(section: key.section, key: key.name))
    }
    return nil
  }

  /// A complaint that begins with a key, `[section] key: ...`, behind the place where that is written.
  package func placed(_ complaint: String) -> String {
    for key in SettingsTable.keys where complaint.hasPrefix("[\(key.section)] \(key.name):") {
      guard let written = written(key) else { continue }
      return "\(written.place): \(complaint)"
    }
    return complaint
  }

  /// `*.conf` of conf.d, sorted by bytes; what dpkg or an editor leaves there has other names.
  private static func dropIns(in folder: String) throws(SettingsError) -> [String] {
    // Asked first: on its way out g_dir_open calls more than opendir(3), so that its errno is a hint, not a fact.
    var facts = stat()
    guard unsafe stat(folder, &facts) == 0 else {
      guard errno != ENOENT, errno != ENOTDIR else { return [] }
      throw SettingsError(lines: ["configuration \(FileError(folder, errno).sentence)"])
    }
    guard facts.st_mode & S_IFMT == S_IFDIR else { return [] }
    // C: g_dir_open, closed by g_dir_close
    guard let directory = unsafe g_dir_open(folder, 0, nil) else {
      throw SettingsError(lines: ["configuration \(FileError(folder, errno).sentence)"])
    }
    defer { unsafe g_dir_close(directory) }
    var names: [String] = []
    while let name = unsafe g_dir_read_name(directory) {
      names.append(unsafe String(cString: name))
    }
    return names.filter { $0.hasSuffix(".conf") && !$0.hasPrefix(".") }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "\(folder)/\($0)" }
  }

  private static func read(_ path: String, mustExist: Bool) throws(SettingsError) -> [UInt8]? {
    do throws(FileError) {
      return try readFile(path, limitBytes: 1 << 20)
    } catch {
      if !mustExist, error.code == ENOENT { return nil }
      throw SettingsError(lines: ["configuration \(error.sentence)"])
    }
  }
}

/// The variables of this process, by name. C: environ(7)
package func processEnvironment() -> [String: String] {
  var found: [String: String] = [:]
  var entry = unsafe environ
  while let text = unsafe entry.pointee {
    let parts = unsafe String(cString: text).split(
      separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2 { found[String(parts[0])] = String(parts[1]) }
    unsafe entry += 1
  }
  return found
}

extension SettingKey {
  /// Its environment variable.
  package var variable: String {
    SettingsSources.environmentPrefix + "\(section)_\(name)".uppercased()
  }
}
