internal import Audio
internal import Operations
internal import Speech
internal import Voicemail

/// Makes the parts from the settings; the only place that knows which adapter serves which port.
enum Wiring {
  static func setup(_ settings: Settings) -> WorkerSetup {
    WorkerSetup(
      maxAudioSeconds: settings.maxAudioSeconds, acousticModel: settings.acousticModel,
      languageModel: settings.languageModel, dictionary: settings.dictionary)
  }

  static func decoder(_ setup: WorkerSetup) -> any AudioDecoder {
    SoundFileDecoder(maxSeconds: Double(setup.maxAudioSeconds))
  }

  static func engine(_ setup: WorkerSetup) throws(StepFailure) -> any SpeechEngine {
    try PocketSphinxEngine(
      .init(
        acousticModel: setup.acousticModel, languageModel: setup.languageModel,
        dictionary: setup.dictionary))
  }
}
