/// What an audio file is, as its bytes say.
package struct AudioFacts: Sendable, Codable, Equatable {
  /// `GSM 6.10`, `PCM 16 bit`, `u-law` ...
  package var codec: String
  /// `WAV`, `AU`, `raw` ...
  package var container: String
  package var sampleRateHz: Int
  package var channels: Int
  package var durationSeconds: Double
  /// Size of the file.
  package var bytes: Int
  /// Of a longer recording the first so many seconds were read; nil: all that is there.
  package var usedSeconds: Double?
  /// Whether its end is missing, as its own header says.
  package var isCutOff: Bool?
  /// Root mean square of the speech, of everything where nobody speaks: decibels against the largest sample.
  package var levelDBFS: Double?
  /// Part of the samples that stand at the limit, 0 to 1: it was recorded too loud.
  package var clippedPart: Double?

  package init(
    codec: String, container: String, sampleRateHz: Int, channels: Int, durationSeconds: Double,
    bytes: Int, usedSeconds: Double? = nil, isCutOff: Bool? = nil, levelDBFS: Double? = nil,
    clippedPart: Double? = nil
  ) {
    self.usedSeconds = usedSeconds
    self.isCutOff = isCutOff
    self.levelDBFS = levelDBFS
    self.clippedPart = clippedPart
    self.codec = codec
    self.container = container
    self.sampleRateHz = sampleRateHz
    self.channels = channels
    self.durationSeconds = durationSeconds
    self.bytes = bytes
  }
}

/// A decoded recording: mono, 16 kHz, 16 bit, what every engine can read.
package struct Recording: Sendable {
  package static let sampleRateHz = 16_000

  package var samples: [Int16]
  package var facts: AudioFacts
  /// Speech without leading, trailing and long inner silence; 0 when nothing rises above the noise.
  package var speechSeconds: Double
  /// Where that is, as sample positions in order; nil where nobody has looked.
  package var speech: [Range<Int>]?
  /// What was wrong with the file and did not stop the decoder, for the log: clauses in lower case.
  package var remarks: [String]

  package init(
    samples: [Int16], facts: AudioFacts, speechSeconds: Double, speech: [Range<Int>]? = nil,
    remarks: [String] = []
  ) {
    self.samples = samples
    self.facts = facts
    self.speechSeconds = speechSeconds
    self.speech = speech
    self.remarks = remarks
  }

  package var durationSeconds: Double { Double(samples.count) / Double(Self.sampleRateHz) }
}
