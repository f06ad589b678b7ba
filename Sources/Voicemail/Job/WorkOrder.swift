/// What the daemon asks of a worker; the message's bytes travel beside it.
package struct WorkOrder: Sendable, Codable {
  package var id: String
  package var voicemail: VoicemailFacts
  /// Trace line and marker, made by the daemon: the worker never sees the secret.
  package var headers: [HeaderField]
  package var style: MessageStyle
  package var carrier = Carrier.body
  /// nil: transcribe. Otherwise the reason, as `Transcript.reason`, why it is not even tried.
  package var withoutTranscript: String?
  /// For all its recordings together; nil is no limit.
  package var secondsLeft: Double?
  /// Names of the engines in the order they are asked.
  package var engines: [String] = []
  /// As `SpeechRequest.languages`.
  package var languages: [String] = []
  package var vocabulary: [String] = []
  package var channels = ChannelUse.mix

  package init(
    id: String, voicemail: VoicemailFacts, headers: [HeaderField],
    style: MessageStyle = MessageStyle(), withoutTranscript: String? = nil
  ) {
    self.id = id
    self.voicemail = voicemail
    self.headers = headers
    self.style = style
    self.withoutTranscript = withoutTranscript
  }
}

/// What the transcript goes into.
package enum Carrier: Sendable, Codable, Equatable {
  /// The message's body, and header fields.
  case body
  /// Header fields alone; the rest stays as it is, byte for byte.
  case headers
  /// A message of its own below that header section; none without a transcript.
  case reply(head: [HeaderField])
}

/// Where a worker is with its order; `status` shows it.
package enum WorkStage: String, Sendable, Codable {
  case reading
  case decoding
  case transcribing
  case writing
}

/// What a worker made of an order; the enhanced message travels beside it.
package struct WorkResult: Sendable, Codable {
  package var parts: [TranscribedPart]
  /// Why there is no enhanced message, for the administrator; nil when there is one.
  package var refusal: String?
  /// One line each for the log: recordings that could not be decoded, engines that failed.
  package var notes: [String]
  /// No engine of the chain could be asked.
  package var enginesWereDown = false
  /// One of them may be back in some seconds.
  package var canWait = false
  package var decodeMS: Int64
  package var recognizeMS: Int64
  package var enhanceMS: Int64

  package init(
    parts: [TranscribedPart] = [], refusal: String? = nil, notes: [String] = [],
    decodeMS: Int64 = 0, recognizeMS: Int64 = 0, enhanceMS: Int64 = 0
  ) {
    self.parts = parts
    self.refusal = refusal
    self.notes = notes
    self.decodeMS = decodeMS
    self.recognizeMS = recognizeMS
    self.enhanceMS = enhanceMS
  }

  /// Whether a recording has no text that there may be, and none has one: a silent one beside it is no text.
  package var lacksText: Bool {
    let found = parts.map(\.transcript.status)
    return found.contains(.failed) && !found.contains(.ok) && !found.contains(.low)
  }

  /// The message's status in one word: the best of its recordings.
  package var status: TranscriptStatus {
    let found = parts.map(\.transcript.status)
    return [.ok, .low, .none].first { found.contains($0) } ?? .failed
  }
}
