internal import Voicemail

extension Settings {
  /// What a changed configuration means for a daemon that runs.
  package struct Reload: Sendable, Equatable {
    /// The running settings with the changes that can be made at run time.
    package var settings: Settings
    /// Those changes, as `[section] key`.
    package var changed: [String] = []
    /// Changes that wait for a restart.
    package var needRestart: [String] = []
  }

  /// Compares with settings that were read just now.
  package func reload(_ fresh: Settings) -> Reload {
    var reload = Reload(settings: self)
    func live<Value: Equatable>(_ name: String, _ path: WritableKeyPath<Settings, Value>) {
      guard self[keyPath: path] != fresh[keyPath: path] else { return }
      reload.settings[keyPath: path] = fresh[keyPath: path]
      reload.changed.append(name)
    }
    func fixed<Value: Equatable>(_ name: String, _ path: KeyPath<Settings, Value>) {
      if self[keyPath: path] != fresh[keyPath: path] { reload.needRestart.append(name) }
    }
    fixed("[daemon] state_directory", \.stateDirectory)
    fixed("[daemon] hostname", \.hostname)
    fixed("[daemon] workers", \.workers)
    fixed("[milter] listen", \.milterListen)
    fixed("[milter] socket_mode", \.socketMode)
    fixed("[milter] socket_group", \.socketGroup)
    fixed("[milter] on_voicemail", \.marksVoicemail)
    live("[milter] max_message_bytes", \.maxMessageBytes)
    live("[milter] max_concurrent_bodies", \.maxConcurrentBodies)
    fixed("[content_filter] listen", \.contentFilterListen)
    fixed("[content_filter] socket_mode", \.contentFilterSocketMode)
    fixed("[content_filter] socket_group", \.contentFilterSocketGroup)
    live("[spool] min_free_bytes", \.minFreeBytes)
    live("[spool] max_spool_bytes", \.maxSpoolBytes)
    live("[spool] max_messages", \.maxMessages)
    live("[spool] history_days", \.historyDays)
    live("[recognition] sources", \.sources)
    live("[recognition] own_domains", \.ownDomains)
    live("[recognition] country", \.country)
    live("[rule ...]", \.rules)
    live("[policy ...]", \.policies)
    live("[transcription] deadline", \.transcriptionDeadlineMS)
    live("[transcription] max_audio", \.maxAudioSeconds)
    live("[transcription] engines", \.engines)
    live("[engine ...]", \.engineSections)
    live("[transcription] language", \.languages)
    live("[transcription] vocabulary", \.vocabulary)
    live("[transcription] acoustic_model", \.acousticModel)
    live("[transcription] language_model", \.languageModel)
    live("[transcription] dictionary", \.dictionary)
    live("[message] language", \.style.language)
    live("[message] templates", \.style.templates)
    live("[delivery] target", \.delivery.target)
    live("[delivery] fallback_target", \.delivery.fallbackTarget)
    fixed("[delivery] connections", \.delivery.connections)
    live("[delivery] lifetime", \.delivery.lifetimeMS)
    live("[delivery] connect_timeout", \.delivery.connectMS)
    live("[delivery] helo_timeout", \.delivery.heloMS)
    live("[delivery] mail_timeout", \.delivery.mailMS)
    live("[delivery] rcpt_timeout", \.delivery.rcptMS)
    live("[delivery] data_init_timeout", \.delivery.dataInitMS)
    live("[delivery] data_xfer_timeout", \.delivery.dataXferMS)
    live("[delivery] data_done_timeout", \.delivery.dataDoneMS)
    live("[alarms] alert_to", \.alarms.alertTo)
    live("[alarms] alert_from", \.alarms.alertFrom)
    live("[log] level", \.logLevel)
    fixed("[log] target", \.logTarget)
    fixed("[log] format", \.logFormat)
    live("[log] log_addresses", \.logAddresses)
    fixed("[status] listen", \.statusListen)
    return reload
  }
}
