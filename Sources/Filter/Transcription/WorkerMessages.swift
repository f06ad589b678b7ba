internal import Voicemail

/// What a worker needs from the settings; it reads no file of ours.
struct WorkerSetup: Codable, Sendable, Equatable {
  var maxAudioSeconds: Int
  var acousticModel: String?
  var languageModel: String?
  var dictionary: String?
  /// Of the acoustic model; nil is Debian's US English.
  var modelLanguage: String?
  /// All that may be asked for.
  var engines: [EngineConfiguration]
  /// Those that are set up before the first message comes.
  var inUse: [String]
  /// Counts times that files with keys are to be read anew.
  var keyRound = 0
}

/// A worker's first words.
struct WorkerHello: Codable, Sendable {
  struct Engine: Codable, Sendable, Equatable {
    var name: String
    /// nil: ready. Otherwise why not.
    var trouble: String?
  }
  var engines: [Engine]
}

/// How an order ended.
struct WorkOutcome: Codable, Sendable {
  var result: WorkResult
  /// Whether a frame with the enhanced message follows.
  var messageFollows: Bool
}
