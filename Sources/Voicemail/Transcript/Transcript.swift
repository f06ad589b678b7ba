/// One recognised word.
package struct Word: Sendable, Codable, Equatable {
  package var text: String
  /// Seconds from the start of the recording.
  package var start: Double
  package var end: Double
  /// 0 to 1, as the engine measures it.
  package var confidence: Double

  package init(text: String, start: Double, end: Double, confidence: Double) {
    self.text = text
    self.start = start
    self.end = end
    self.confidence = confidence
  }
}

/// Who speaks in one channel of a recording that has two.
package enum Speaker: String, Sendable, Codable {
  case caller
  case agent
}

/// A run of words between two pauses.
package struct Segment: Sendable, Codable, Equatable {
  package var start: Double
  package var end: Double
  package var text: String
  package var confidence: Double
  package var words: [Word]
  /// The words as the engine heard them, where `words` write them in another way.
  package var raw: [Word]?
  /// nil where the recording does not tell speakers apart.
  package var speaker: Speaker?

  package init(
    start: Double, end: Double, text: String, confidence: Double, words: [Word],
    raw: [Word]? = nil
  ) {
    self.start = start
    self.end = end
    self.text = text
    self.confidence = confidence
    self.words = words
    self.raw = raw
  }
}

/// What became of one recording.
package enum TranscriptStatus: String, Sendable, Codable, CaseIterable {
  /// Text the engine is confident in.
  case ok
  /// Text with a confidence so low that the reader must be told.
  case low
  /// No speech in the recording.
  case none
  /// There may be speech, but no text: undecodable audio, no engine, a deadline.
  case failed
}

/// The text of one recording with all that is known of its making.
package struct Transcript: Sendable, Codable, Equatable {
  package var status: TranscriptStatus
  /// Empty when no engine was asked.
  package var engine: String
  /// BCP 47: `en-US`.
  package var language: String
  /// Mean over the words; 0 without words.
  package var confidence: Double
  package var durationSeconds: Double
  package var speechSeconds: Double
  package var segments: [Segment]
  /// Why there is no text, in the recipient's words: a clause in lower case; nil with text.
  package var reason: String?

  package init(
    status: TranscriptStatus, engine: String = "", language: String = "", confidence: Double = 0,
    durationSeconds: Double = 0, speechSeconds: Double = 0, segments: [Segment] = [],
    reason: String? = nil
  ) {
    self.status = status
    self.engine = engine
    self.language = language
    self.confidence = confidence
    self.durationSeconds = durationSeconds
    self.speechSeconds = speechSeconds
    self.segments = segments
    self.reason = reason
  }

  package var text: String { segments.map(\.text).joined(separator: " ") }

  /// A transcript that says honestly why there is no text.
  package static func failed(_ reason: String, durationSeconds: Double = 0) -> Transcript {
    Transcript(status: .failed, durationSeconds: durationSeconds, reason: reason)
  }
}

/// One audio part of a message and what became of it.
package struct TranscribedPart: Sendable, Codable, Equatable {
  package var part: PartFacts
  /// nil when the bytes could not be read as audio.
  package var audio: AudioFacts?
  package var transcript: Transcript

  package init(part: PartFacts, audio: AudioFacts?, transcript: Transcript) {
    self.part = part
    self.audio = audio
    self.transcript = transcript
  }
}
