internal import Glibc
package import Voicemail

/// The settings in force: defaults, overlaid by the configuration file.
package struct Settings: Sendable, Equatable {
  package static let standardPath = "/etc/voicemail-milter/voicemail-milter.conf"

  package var stateDirectory = ""
  package var hostname = ""
  package var workers = 1
  package var milterListen = ""
  package var socketMode: UInt32 = 0
  /// nil leaves the socket's group as it is.
  package var socketGroup: String?
  /// What the milter does with a voicemail: take it over, or mark it for the content filter.
  package var marksVoicemail = false
  package var maxMessageBytes = 0
  package var maxConcurrentBodies = 0
  package var contentFilterListen: String?
  package var contentFilterSocketMode: UInt32 = 0
  package var contentFilterSocketGroup: String?
  package var minFreeBytes = 0
  package var maxSpoolBytes = 0
  package var maxMessages = 0
  package var historyDays = 0
  package var sources: [String] = []
  /// Lower case.
  package var ownDomains: [String] = []
  /// nil: callers' numbers stay as they are.
  package var country: Country?
  /// The administrator's own, in the order of the file.
  package var rules: [RuleSection] = []
  /// In the order of the files, in which they are asked.
  package var policies: [PolicySection] = []
  package var transcriptionDeadlineMS: Int64 = 0
  package var maxAudioSeconds = 0
  /// Sections `[engine NAME]`.
  package var engineSections: [EngineConfiguration] = []
  /// Names of engines, in the order they are asked.
  package var engines: [String] = []
  /// BCP 47 tags.
  package var languages: [String] = []
  /// File with names and words that may be said.
  package var vocabulary: String?
  package var acousticModel: String?
  package var languageModel: String?
  package var dictionary: String?
  /// Section `[message]`, the templates read.
  package var style = MessageStyle()
  package var delivery = Delivery()
  package var alarms = Alarms()
  package var logLevel = LogLevel.info
  package var logTarget = LogTarget.auto
  package var logFormat = LogFormat.text
  package var logAddresses = false
  /// nil: no status page.
  package var statusListen: String?

  /// Section `[delivery]`; the limits are those of RFC 5321, 4.5.3.2.
  package struct Delivery: Sendable, Equatable {
    package var target = ""
    /// nil: what the target refuses for good is held.
    package var fallbackTarget: String?
    package var connections = 1
    package var lifetimeMS: Int64 = 0
    package var connectMS = 0
    package var heloMS = 0
    package var mailMS = 0
    package var rcptMS = 0
    package var dataInitMS = 0
    package var dataXferMS = 0
    package var dataDoneMS = 0
  }

  /// Section `[alarms]`.
  package struct Alarms: Sendable, Equatable {
    package var alertTo: [String] = []
    /// nil is the null sender.
    package var alertFrom: String?
  }

  /// Reads that file, its conf.d and the environment; without a path the standard file, if there.
  package static func load(path: String?) throws(SettingsError) -> Settings {
    try Settings(SettingsSources.load(path: path))
  }

  /// A time written as in the file; nil where it is none.
  package static func milliseconds(of text: String) -> Int? {
    SettingValue(text, as: .duration)?.number
  }

  package init(_ sources: SettingsSources) throws(SettingsError) {
    var errors = UnknownNames.complaints(sources)
    var values: [String: SettingValue] = [:]
    for key in SettingsTable.keys {
      let written = sources.written(key)
      guard let value = SettingValue(written?.text ?? key.standard, as: key.kind) else {
        errors.append(
          "\(written?.place ?? "built-in"): [\(key.section)] \(key.name) = "
            + "\(SettingsFile.shown((written?.text ?? "").trimmingSpaces)): must be \(key.kind.expectation)"
        )
        continue
      }
      values["\(key.section).\(key.name)"] = value
    }
    for file in sources.files {
      do throws(SettingsError) { rules = try RuleSection.read(file, over: rules) } catch {
        errors += error.lines
      }
      do throws(SettingsError) {
        engineSections = try EngineSection.read(file, over: engineSections)
      } catch {
        errors += error.lines
      }
    }
    let names = EngineNames(engineSections)
    for file in sources.files {
      do throws(SettingsError) {
        policies = try PolicySection.read(file, over: policies, rules: rules, engines: names)
      } catch {
        errors += error.lines
      }
    }
    if let directory = values["message.templates"]?.text, !directory.isEmpty {
      do throws(SettingsError) { style.templates = try TemplateDirectory.load(directory) } catch {
        errors += error.lines.map { "[message] templates: \($0)" }
      }
    }
    engines = values["transcription.engines"]?.list ?? []
    if let complaint = names.complaint(about: engines) {
      errors.append(sources.placed("[transcription] engines: \(complaint)"))
    }
    guard errors.isEmpty else { throw SettingsError(lines: errors) }

    func text(_ name: String) -> String { values[name]?.text ?? "" }
    func number(_ name: String) -> Int { values[name]?.number ?? 0 }
    func optional(_ name: String) -> String? { text(name).isEmpty ? nil : text(name) }
    stateDirectory = text("daemon.state_directory")
    hostname = optional("daemon.hostname") ?? Self.machineName()
    workers = number("daemon.workers")
    if workers == 0 { workers = min(max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1), 4) }
    milterListen = text("milter.listen")
    socketMode = UInt32(number("milter.socket_mode"))
    socketGroup = optional("milter.socket_group")
    marksVoicemail = text("milter.on_voicemail") == "mark"
    maxMessageBytes = number("milter.max_message_bytes")
    maxConcurrentBodies = number("milter.max_concurrent_bodies")
    contentFilterListen = optional("content_filter.listen")
    contentFilterSocketMode = UInt32(number("content_filter.socket_mode"))
    contentFilterSocketGroup = optional("content_filter.socket_group")
    minFreeBytes = number("spool.min_free_bytes")
    maxSpoolBytes = number("spool.max_spool_bytes")
    maxMessages = number("spool.max_messages")
    historyDays = number("spool.history_days")
    self.sources = values["recognition.sources"]?.list ?? []
    ownDomains = values["recognition.own_domains"]?.list ?? []
    country = Country(text("recognition.country"))
    transcriptionDeadlineMS = Int64(number("transcription.deadline"))
    maxAudioSeconds = (number("transcription.max_audio") + 999) / 1_000
    languages = values["transcription.language"]?.list ?? []
    vocabulary = optional("transcription.vocabulary")
    acousticModel = optional("transcription.acoustic_model")
    languageModel = optional("transcription.language_model")
    dictionary = optional("transcription.dictionary")
    style.language = text("message.language")
    alarms = Alarms(
      alertTo: values["alarms.alert_to"]?.list ?? [], alertFrom: optional("alarms.alert_from"))
    delivery = Delivery(
      target: text("delivery.target"), fallbackTarget: optional("delivery.fallback_target"),
      connections: number("delivery.connections"),
      lifetimeMS: Int64(number("delivery.lifetime")),
      connectMS: number("delivery.connect_timeout"), heloMS: number("delivery.helo_timeout"),
      mailMS: number("delivery.mail_timeout"), rcptMS: number("delivery.rcpt_timeout"),
      dataInitMS: number("delivery.data_init_timeout"),
      dataXferMS: number("delivery.data_xfer_timeout"),
      dataDoneMS: number("delivery.data_done_timeout"))
    logLevel = LogLevel(rawValue: text("log.level")) ?? .info
    logTarget = LogTarget(rawValue: text("log.target")) ?? .auto
    logFormat = LogFormat(rawValue: text("log.format")) ?? .text
    logAddresses = text("log.log_addresses") == "yes"
    statusListen = optional("status.listen")
  }

  /// Names of the engines that the chain or a policy asks.
  package var enginesInUse: [String] {
    policies.flatMap { $0.rule.policy.engines ?? [] }
      .reduce(into: engines) { found, name in if !found.contains(name) { found.append(name) } }
  }

  /// Those of the names whose recordings stay on this host.
  package func enginesHere(_ names: [String]) -> [String] {
    let all = allEngines
    return names.filter { name in all.contains { $0.name == name && $0.staysHere } }
  }

  /// Engines that somebody may ask for by name: those of sections, and of the chain.
  package var allEngines: [EngineConfiguration] {
    let named = engineSections.map(\.name)
    return engineSections
      + (enginesInUse + ["pocketsphinx"]).reduce(into: [EngineConfiguration]()) { found, name in
        guard !named.contains(name), !found.contains(where: { $0.name == name }),
          let engine = EngineSection.implied(name)
        else { return }
        found.append(engine)
      }
  }

  private static func machineName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
