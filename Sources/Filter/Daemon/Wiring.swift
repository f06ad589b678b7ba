internal import Audio
internal import Glibc
internal import Mail
internal import Operations
internal import SMTP
internal import Speech
internal import Spool
internal import Voicemail

/// Makes the parts from the settings; the only place that knows which adapter serves which port.
enum Wiring {
  static func setup(_ settings: Settings) -> WorkerSetup {
    WorkerSetup(
      maxAudioSeconds: settings.maxAudioSeconds, acousticModel: settings.acousticModel,
      languageModel: settings.languageModel, dictionary: settings.dictionary,
      modelLanguage: modelLanguage(settings), engines: settings.allEngines,
      inUse: settings.enginesInUse)
  }

  /// What an acoustic model of the administrator's speaks, nobody else knows; Debian's speaks English.
  private static func modelLanguage(_ settings: Settings) -> String? {
    guard settings.acousticModel != nil, settings.languages.count == 1 else { return nil }
    return settings.languages[0]
  }

  static func spoolLimits(_ settings: Settings) -> SpoolLimits {
    SpoolLimits(
      minFreeBytes: Int64(settings.minFreeBytes), maxSpoolBytes: Int64(settings.maxSpoolBytes),
      maxMessages: settings.maxMessages)
  }

  static func decoder(_ setup: WorkerSetup) -> any AudioDecoder {
    SoundFileDecoder(maxSeconds: setup.maxAudioSeconds)
  }

  /// For commands that ask an engine themselves; `names`: others than those of the settings.
  static func chain(_ settings: Settings, names: [String]? = nil) throws(CommandFailure)
    -> EngineChain
  {
    if let unknown = names?.first(where: { name in
      !settings.allEngines.contains { $0.name == name }
    }) {
      throw CommandFailure(
        "no engine '\(Output.safe(unknown))'; there are "
          + settings.allEngines.map(\.name).joined(separator: ", "))
    }
    let setup = setup(settings)
    var chain = EngineChain(
      source: EngineRoom(setup), gate: OpenGate { sleep(UInt32(clamping: $0)) },
      names: names ?? settings.engines)
    chain.languages = settings.languages
    if let file = settings.vocabulary {
      do throws(FileError) {
        chain.vocabulary = try Vocabulary.read(file)
      } catch {
        throw CommandFailure("[transcription] vocabulary: \(error.sentence)")
      }
    }
    return chain
  }

  static func pocketSphinx(_ setup: WorkerSetup) -> PocketSphinxConfiguration {
    var configuration = PocketSphinxConfiguration(
      acousticModel: setup.acousticModel, languageModel: setup.languageModel,
      dictionary: setup.dictionary)
    if let language = setup.modelLanguage { configuration.language = language }
    return configuration
  }

  static func target(_ text: String, _ key: String) throws(CommandFailure) -> DeliveryTarget {
    do throws(InvalidTarget) {
      return try DeliveryTarget(text)
    } catch {
      throw CommandFailure("[delivery] \(key): \(error.sentence)")
    }
  }

  static func limits(_ settings: Settings.Delivery) -> SMTPLimits {
    var limits = SMTPLimits()
    limits.connect = .milliseconds(settings.connectMS)
    limits.greeting = .milliseconds(settings.heloMS)
    limits.hello = .milliseconds(settings.heloMS)
    limits.mail = .milliseconds(settings.mailMS)
    limits.rcpt = .milliseconds(settings.rcptMS)
    limits.data = .milliseconds(settings.dataInitMS)
    limits.block = .milliseconds(settings.dataXferMS)
    limits.finalDot = .milliseconds(settings.dataDoneMS)
    return limits
  }

  static func policies(_ settings: Settings) -> Policies {
    Policies(rules: settings.policies.map(\.rule))
  }

  static func templates(_ settings: Settings) -> [String: TemplateSources] {
    settings.policies.reduce(into: [:]) { found, section in
      if let directory = section.rule.policy.template { found[directory] = section.templates }
    }
  }

  /// `key`: the secret of the loop guard.
  static func recognition(_ settings: Settings, key: [UInt8]) throws(CommandFailure) -> Recognition
  {
    do throws(InvalidSource) {
      var recognition = Recognition(
        sources: try TrustedSources(entries: settings.sources),
        rules: settings.rules.map(\.rule) + BuiltInRules.all,
        loopGuard: LoopGuard { Sealing.hmacSHA256(key: key, data: $0) },
        ownDomains: OwnDomains(settings.ownDomains), country: settings.country)
      let policies = policies(settings)
      recognition.takesSigned = policies.wantSignedMail
      recognition.takesPrivate = policies.wantPrivateMail
      return recognition
    } catch {
      throw CommandFailure("[recognition] sources: \(error.sentence)")
    }
  }
}
