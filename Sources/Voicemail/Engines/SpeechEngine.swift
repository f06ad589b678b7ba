/// What an engine is asked: one recording, and what may help to understand it.
package struct SpeechRequest: Sendable {
  package var recording: Recording
  /// BCP 47 tags. One: that is spoken. Several: one of them is. None: the engine finds out, or takes its own.
  package var languages: [String]
  /// Names and products that may be said.
  package var vocabulary: [String]
  /// When the answer must be there.
  package var deadline: ContinuousClock.Instant

  package init(
    _ recording: Recording, languages: [String] = [], vocabulary: [String] = [],
    deadline: ContinuousClock.Instant
  ) {
    self.recording = recording
    self.languages = languages
    self.vocabulary = vocabulary
    self.deadline = deadline
  }
}

/// A segment with what the engine measured of its own doubt; nil where it measures nothing.
package struct HeardSegment: Sendable, Equatable {
  package var segment: Segment
  /// 0 to 1: how likely it is that nobody speaks here.
  package var noSpeech: Double?
  /// Mean logarithm (base e) of the probabilities of its tokens.
  package var averageLogProbability: Double?
  /// Bytes of the text to bytes of the text compressed: high for repetitions.
  package var compressionRatio: Double?
  /// Speech that our own ear finds in its time; nil without times.
  package var speechSeconds: Double?

  package init(
    _ segment: Segment, noSpeech: Double? = nil, averageLogProbability: Double? = nil,
    compressionRatio: Double? = nil, speechSeconds: Double? = nil
  ) {
    self.segment = segment
    self.noSpeech = noSpeech
    self.averageLogProbability = averageLogProbability
    self.compressionRatio = compressionRatio
    self.speechSeconds = speechSeconds
  }
}

/// What an engine heard; no segments when it heard nobody.
package struct SpeechAnswer: Sendable, Equatable {
  package var segments: [HeardSegment]
  /// BCP 47; empty when the engine does not tell and was not told.
  package var language: String

  package init(_ segments: [HeardSegment], language: String) {
    self.segments = segments
    self.language = language
  }

  package var text: String { segments.map(\.segment.text).joined(separator: " ") }
}

/// Why an engine gave no answer.
package struct EngineFailure: Error, Sendable, Equatable, Codable {
  package enum Kind: String, Sendable, Codable {
    /// The same may succeed soon: busy, unreachable, broken on its side.
    case retryable
    /// Nothing helps but the administrator: a wrong key, no credit, a missing model.
    case administrator
    /// This recording was refused; says nothing of the engine's health.
    case audio
    /// It was refused for its size: a shorter one may be taken.
    case tooLarge
  }

  package var kind: Kind
  /// Of `retryable`: not before that many seconds.
  package var retryAfterSeconds: Int?
  /// One line for the administrator, without keys, text or addresses.
  package var sentence: String
  /// Whether it may have worked on the recording, and be paid for it: what it refused, it has not.
  package var mayBePaid: Bool
  /// Of a recording that goes in pieces, how much it may have worked on now; nil: all of it, where `mayBePaid`.
  package var paidSeconds: Double?

  /// `mayBePaid`: nil is what the kind suggests: an answer that did not come or was broken may be, a refusal is not.
  package init(
    _ kind: Kind, _ sentence: String, retryAfterSeconds: Int? = nil, mayBePaid: Bool? = nil
  ) {
    self.kind = kind
    self.sentence = sentence
    self.retryAfterSeconds = retryAfterSeconds
    self.mayBePaid = mayBePaid ?? (kind == .retryable)
  }

  package static func retryable(_ sentence: String, afterSeconds: Int? = nil) -> EngineFailure {
    .init(.retryable, sentence, retryAfterSeconds: afterSeconds)
  }
  /// The same, where nothing can have been done: out of reach, or busy or broken by its own words.
  package static func busy(_ sentence: String, afterSeconds: Int?) -> EngineFailure {
    .init(.retryable, sentence, retryAfterSeconds: afterSeconds, mayBePaid: false)
  }
  package static func administrator(_ sentence: String) -> EngineFailure {
    .init(.administrator, sentence)
  }
  package static func audio(_ sentence: String) -> EngineFailure { .init(.audio, sentence) }
  package static func tooLarge(_ sentence: String) -> EngineFailure { .init(.tooLarge, sentence) }
}

/// Turns speech into text. Implemented in Speech.
///
/// One engine serves one caller at a time; workers are processes and own theirs.
package protocol SpeechEngine {
  /// As the settings call it; for logs, headers and `status`.
  var name: String { get }
  /// Mean confidence below which its text counts as low; scales differ from engine to engine.
  var lowConfidence: Double { get }
  /// Whether its text must be held against the recording: some engines complete sentences where nobody speaks.
  var mayInvent: Bool { get }
  /// Whether it works within this process: it is there when nobody else is, and takes the time that its work takes.
  var isEmbedded: Bool { get }
  /// Longest time it may take for a recording of that many seconds.
  func limit(audioSeconds: Double) -> Duration
  /// Whether it can hear one of these languages; none means any.
  func hears(_ languages: [String]) -> Bool
  /// How much of a recording it is still to hear: an attempt that broke off may have given the beginning.
  func unheardSeconds(_ request: SpeechRequest) -> Double
  /// What was said; returns or throws by the request's deadline, give or take a second.
  func recognize(_ request: SpeechRequest) throws(EngineFailure) -> SpeechAnswer
}

extension SpeechEngine {
  package var isEmbedded: Bool { false }
  package func unheardSeconds(_ request: SpeechRequest) -> Double {
    request.recording.durationSeconds
  }
}
