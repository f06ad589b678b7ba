package import Voicemail

/// The `[engine NAME]` sections of configuration files.
package enum EngineSection {
  /// `whisper` of `engine whisper`; nil for any other section.
  static func name(ofSection section: String) -> String? {
    guard section.hasPrefix("engine ") else { return nil }
    return String(section.dropFirst(7)).trimmingSpaces
  }

  /// The engine that needs no section, as its type says all; nil for any other name.
  package static func implied(_ name: String) -> EngineConfiguration? {
    guard let type = EngineConfiguration.Kind(rawValue: name),
      !EngineKeys.all.contains(where: { $0.requiredBy.contains(type) })
    else { return nil }
    return try? configuration(name, type, [:])
  }

  /// Those of earlier files, but for names that this one gives anew, and then this one's; each wrong line is one line
  /// of the error.
  static func read(_ file: SettingsFile, over earlier: [EngineConfiguration] = [])
    throws(SettingsError) -> [EngineConfiguration]
  {
    var engines: [EngineConfiguration] = []
    var errors: [String] = []
    for (section, keys) in file.order {
      guard let name = name(ofSection: section) else { continue }
      let lines = Dictionary(
        uniqueKeysWithValues: keys.map { ($0, (file.values[section]?[$0] ?? "").trimmingSpaces) })
      do throws(InvalidRule) {
        guard RuleSection.isName(name) else {
          throw InvalidRule(nil, "an engine's name has letters, digits and dashes, at most 40")
        }
        let written = lines["type"] ?? ""
        guard let type = EngineConfiguration.Kind(rawValue: written.isEmpty ? name : written) else {
          let kinds = EngineConfiguration.Kind.allCases.map(\.rawValue).joined(separator: ", ")
          throw InvalidRule("type", "must be one of \(kinds)")
        }
        for key in keys { try check(key, type) }
        engines.append(try configuration(name, type, lines))
      } catch {
        // A key that is missing has no line: the section's.
        let place = file.place(
          section: section, key: error.key.flatMap { lines[$0] == nil ? nil : $0 })
        let key = error.key.map { " " + SettingsFile.shown($0) } ?? ""
        errors.append("\(place): [\(SettingsFile.shown(section))]\(key): \(error.sentence)")
      }
    }
    guard errors.isEmpty else { throw SettingsError(lines: errors) }
    let names = Set(engines.map(\.name))
    return earlier.filter { !names.contains($0.name) } + engines
  }

  private static func check(_ name: String, _ type: EngineConfiguration.Kind) throws(InvalidRule) {
    let known = EngineKeys.all.filter { $0.isKnown(to: type) }.map(\.name)
    guard !known.contains(name) else { return }
    throw InvalidRule(
      name, "no such key for type \(type.rawValue); known are \(known.joined(separator: ", "))")
  }

  private static func configuration(
    _ name: String, _ type: EngineConfiguration.Kind, _ lines: [String: String]
  ) throws(InvalidRule) -> EngineConfiguration {
    var values: [String: SettingValue] = [:]
    for key in EngineKeys.all where key.name != "type" && key.isKnown(to: type) {
      let text = lines[key.name] ?? ""
      let written = text.isEmpty ? key.standard : text
      guard !written.isEmpty else {
        guard !key.requiredBy.contains(type) else {
          throw InvalidRule(
            lines[key.name] == nil ? nil : key.name, "type \(type.rawValue) needs \(key.name)")
        }
        continue
      }
      guard let value = SettingValue(written, as: key.kind) else {
        throw InvalidRule(
          key.name, "\(SettingsFile.shown(written)): must be \(key.kind.expectation)")
      }
      values[key.name] = value
    }
    func number(_ key: String) -> Int { values[key]?.number ?? 0 }
    var engine = EngineConfiguration(name: name, kind: type)
    engine.url = try values["url"].map { value throws(InvalidRule) in
      try checked(
        url: value.text, key: "url", hasKey: values["key_file"] != nil,
        scheme: type == .vosk ? "ws" : "http")
    }
    engine.s3URL = try values["s3_url"].map { value throws(InvalidRule) in
      try checked(url: value.text, key: "s3_url", hasKey: true)
    }
    engine.keyFile = values["key_file"]?.text
    engine.model = values["model"]?.text
    engine.timeoutMS = number("timeout")
    let isOneAtATime = [.whisperServer, .whisperCLI, .command].contains(type)
    engine.concurrency = values["concurrency"]?.number ?? (isOneAtATime ? 1 : 0)
    engine.minutesPerDay = number("minutes_per_day")
    engine.minutesPerMonth = number("minutes_per_month")
    engine.messagesPerClient = number("messages_per_client")
    engine.messagesPerRecipient = number("messages_per_recipient")
    engine.lowConfidence = values["low_confidence"].map { Double($0.number) / 100 }
    engine.caFile = values["ca_file"]?.text
    engine.proxy = values["proxy"]?.text
    if let program = values["program"]?.text
      ?? (type == .whisperCLI ? "/usr/local/bin/whisper-cli" : nil)
    {
      let arguments = values["arguments"]?.text ?? ""
      engine.program = [program] + arguments.split { $0 == " " || $0 == "\t" }.map(String.init)
    }
    engine.memoryBytes = number("memory")
    engine.project = values["project"]?.text
    engine.location = values["location"]?.text
    engine.region = values["region"]?.text
    engine.bucket = values["bucket"]?.text
    engine.vocabularyName = values["vocabulary_name"]?.text
    return engine
  }

  /// Keys go unencrypted on this host only. `scheme`: the unencrypted one; with an s it is the other.
  private static func checked(url: String, key: String, hasKey: Bool, scheme: String = "http")
    throws(InvalidRule) -> String
  {
    let isOpen = url.hasPrefix("\(scheme)://")
    guard isOpen || url.hasPrefix("\(scheme)s://"), !url.contains("@"), !url.contains("?"),
      url.utf8.allSatisfy({ (33...126).contains($0) })
    else {
      // What stands before an @ may be a password.
      let shown = url.contains("@") ? "" : SettingsFile.shown(url) + ": "
      throw InvalidRule(
        key,
        "\(shown)must be \(scheme == "ws" ? "a ws or wss" : "an http or https") address without name and password"
      )
    }
    guard isOpen, hasKey else { return url }
    let host = url.dropFirst("\(scheme)://".count).prefix { $0 != "/" }
    let isLoopback =
      host.hasPrefix("127.") || host.hasPrefix("[::1]")
      || host.prefix(while: { $0 != ":" }) == "localhost"
    guard isLoopback else {
      throw InvalidRule(
        key, "\(SettingsFile.shown(url)): a key goes by \(scheme)s only, except on this host")
    }
    return url
  }
}
