internal import Voicemail

/// What a worker needs from the settings; it reads no file of ours.
struct WorkerSetup: Codable, Sendable {
  var maxAudioSeconds: Int
  var acousticModel: String?
  var languageModel: String?
  var dictionary: String?
}

/// A worker's first words.
struct WorkerHello: Codable, Sendable {
  struct Engine: Codable, Sendable, Equatable {
    var name: String
    var language: String
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
