internal import Audio
internal import Glibc
package import Voicemail

/// What one request to an engine gave: times count from the beginning of the piece.
struct PieceAnswer: Equatable {
  var segments: [HeardSegment]
  /// BCP 47; nil when it is not told.
  var language: String?
}

/// A piece of a recording on its way to an engine.
struct PieceRequest {
  var samples: ArraySlice<Int16>
  var facts: AudioFacts
  var languages: [String]
  var vocabulary: [String]
  var deadline: ContinuousClock.Instant

  var seconds: Double { Double(samples.count) / Double(Recording.sampleRateHz) }
  func wave(native: Bool = true) -> WaveFile { WaveFile(samples, native: native, of: facts) }
}

/// How one kind of engine is asked; a file of this folder each.
protocol PieceRecogniser {
  /// Longest piece in one request.
  var longestSeconds: Int { get }
  /// Mean confidence below which its text is doubtful, unless the settings say another.
  var lowConfidence: Double { get }
  func recognize(_ piece: PieceRequest) throws(EngineFailure) -> PieceAnswer
}

/// An engine that is asked piece by piece: over HTTP, or as a program.
package final class RemoteEngine: SpeechEngine {
  private let configuration: EngineConfiguration
  let recogniser: any PieceRecogniser
  /// Half of what was refused as too large: an engine that knows its limit better than we is not asked for more.
  private var longestTaken: Int?
  private var begun: Begun?

  /// What was heard of a recording when its engine failed: the next attempt goes on there, and pays no piece again.
  private struct Begun {
    var request: SpeechRequest
    var rest: ArraySlice<Range<Int>>
    var segments: [HeardSegment]
    var language: String?
    var samples: Int

    func isOf(_ other: SpeechRequest) -> Bool {
      request.languages == other.languages && request.vocabulary == other.vocabulary
        && request.recording.samples == other.recording.samples
    }
  }

  /// Reads its key; a wrong file is a failure that names it. `pause`: lets that many seconds pass.
  package init(
    _ configuration: EngineConfiguration,
    pause: @escaping (Double) -> Void = { usleep(UInt32($0 * 1e6)) }
  ) throws(EngineFailure) {
    self.configuration = configuration
    recogniser = try Self.recogniser(configuration, pause)
  }

  package var name: String { configuration.name }
  package var lowConfidence: Double { configuration.lowConfidence ?? recogniser.lowConfidence }
  package var mayInvent: Bool { true }
  package func limit(audioSeconds: Double) -> Duration {
    configuration.limit(audioSeconds: audioSeconds)
  }
  package func hears(_ languages: [String]) -> Bool { true }

  package func recognize(_ request: SpeechRequest) throws(EngineFailure) -> SpeechAnswer {
    let earlier = begun.flatMap { $0.isOf(request) ? $0 : nil }
    begun = nil
    let recording = request.recording
    let plan = RecordingPieces(recording)
    var rest = earlier?.rest ?? plan.pieces(longest: longest)[...]
    var segments = earlier?.segments ?? []
    var language = earlier?.language
    var samplesHeard = 0
    while let piece = rest.first {
      let answer: PieceAnswer
      do throws(EngineFailure) {
        answer = try recogniser.recognize(
          PieceRequest(
            samples: recording.samples[piece], facts: recording.facts,
            languages: request.languages, vocabulary: request.vocabulary,
            deadline: request.deadline))
      } catch {
        let half = piece.count / 2
        guard error.kind == .tooLarge, plan.pieces(in: piece, longest: half).count > 1 else {
          let before = (earlier?.samples ?? 0) + samplesHeard
          if error.kind == .retryable, before > 0 {
            begun = Begun(
              request: request, rest: rest, segments: segments, language: language, samples: before)
          }
          guard samplesHeard > 0 || rest.count > 1 else { throw error }
          var failure = error
          // The pieces before it were heard; those behind it were not sent.
          let paid = samplesHeard + (error.mayBePaid ? piece.count : 0)
          failure.mayBePaid = paid > 0
          failure.paidSeconds = Double(paid) / Double(Recording.sampleRateHz)
          throw failure
        }
        longestTaken = half
        rest = rest.flatMap { plan.pieces(in: $0, longest: half) }[...]
        continue
      }
      rest = rest.dropFirst()
      samplesHeard += piece.count
      language = language ?? answer.language
      let rate = Double(Recording.sampleRateHz)
      segments += answer.segments.compactMap { heard in
        place(
          heard, from: Double(piece.lowerBound) / rate, to: Double(piece.upperBound) / rate, plan)
      }
    }
    let told = request.languages.count == 1 ? request.languages[0] : ""
    let spoken = language ?? told
    return SpeechAnswer(
      BareText.written(segments, isEnglish: LanguageTag.primary(spoken) == "en"), language: spoken)
  }

  package func unheardSeconds(_ request: SpeechRequest) -> Double {
    let heard = begun.map { $0.isOf(request) ? $0.samples : 0 } ?? 0
    return request.recording.durationSeconds - Double(heard) / Double(Recording.sampleRateHz)
  }

  /// In samples.
  private var longest: Int {
    min(recogniser.longestSeconds * Recording.sampleRateHz, longestTaken ?? .max)
  }

  /// The segment with times of the whole recording; nil for one without text.
  private func place(
    _ heard: HeardSegment, from start: Double, to end: Double, _ plan: RecordingPieces
  ) -> HeardSegment? {
    var heard = heard
    heard.segment.confidence = Self.share(heard.segment.confidence)
    let text = heard.segment.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    guard !text.isEmpty else { return nil }
    heard.segment.text = text
    // Without times it may be anywhere in its piece.
    let isTimed = heard.segment.end > heard.segment.start
    func moved(_ time: Double) -> Double { min(max(start + time, start), end) }
    heard.segment.start = isTimed ? moved(heard.segment.start) : start
    heard.segment.end = isTimed ? moved(heard.segment.end) : end
    for index in heard.segment.words.indices {
      heard.segment.words[index].start = moved(heard.segment.words[index].start)
      heard.segment.words[index].end = moved(heard.segment.words[index].end)
      heard.segment.words[index].confidence = Self.share(heard.segment.words[index].confidence)
    }
    heard.segment.words = SpelledWords.of(heard.segment.words, as: text)
    heard.compressionRatio =
      heard.compressionRatio ?? TextCompression.ratio(LoopedText.cut(text) ?? text)
    heard.speechSeconds = plan.speechSeconds(from: heard.segment.start, to: heard.segment.end)
    return heard
  }

  /// 0 to 1, whatever the far side says.
  private static func share(_ number: Double) -> Double {
    number.isNaN ? 0 : min(max(number, 0), 1)
  }

  private static func recogniser(
    _ configuration: EngineConfiguration, _ pause: @escaping (Double) -> Void
  ) throws(EngineFailure) -> any PieceRecogniser {
    switch configuration.kind {
    case .whisperServer: return try WhisperServer(configuration)
    case .openai: return try OpenAI(configuration)
    case .google: return try Google(configuration)
    case .amazon: return try Amazon(configuration, pause: pause)
    case .azure: return try Azure(configuration)
    case .deepgram: return try Deepgram(configuration)
    case .vosk: return try Vosk(configuration)
    case .whisperCLI: return try WhisperCLI(configuration)
    case .command: return try Command(configuration)
    case .pocketsphinx: throw .administrator("the embedded engine is not asked piece by piece")
    }
  }
}
