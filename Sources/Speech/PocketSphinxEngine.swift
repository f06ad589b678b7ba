internal import Audio
package import Voicemail

/// CMU PocketSphinx with the US English models of Debian: works without network, gives the gist.
package final class PocketSphinxEngine: SpeechEngine {
  package let language: String
  private let settings: EngineConfiguration
  private let configuration: PocketSphinxConfiguration
  private var decoder: PocketSphinxDecoder
  /// What the decoder was told of, and how it took it.
  private var taught: [String] = []
  private var vocabulary = PocketSphinxVocabulary()

  package var name: String { settings.name }
  private var isEnglish: Bool { LanguageTag.primary(language) == "en" }
  /// Below it the words are wrong more often than right.
  package var lowConfidence: Double { settings.lowConfidence ?? 0.5 }

  /// Loads the models; a missing one is a permanent failure that names it and its package.
  package init(
    _ configuration: PocketSphinxConfiguration = .init(),
    as settings: EngineConfiguration = .embedded
  ) throws(StepFailure) {
    language = configuration.language
    self.settings = settings
    self.configuration = configuration
    decoder = try PocketSphinxDecoder(configuration)
  }

  /// Noise gives it no words at all.
  package var mayInvent: Bool { false }
  package var isEmbedded: Bool { true }

  package func limit(audioSeconds: Double) -> Duration {
    settings.limit(audioSeconds: audioSeconds)
  }

  package func hears(_ languages: [String]) -> Bool { configuration.hears(languages) }

  /// The search cannot be cut short from within: whoever runs it holds it to its limit.
  package func recognize(_ request: SpeechRequest) throws(EngineFailure) -> SpeechAnswer {
    do throws(StepFailure) {
      try teach(request.vocabulary)
      let segments = try recognize(request.recording)
      return SpeechAnswer(segments.map { HeardSegment($0) }, language: language)
    } catch {
      throw EngineFailure(error.kind == .transient ? .retryable : .audio, error.sentence)
    }
  }

  /// Names the first model that is missing, without loading any.
  package static func checkModels(_ configuration: PocketSphinxConfiguration) throws(StepFailure) {
    try PocketSphinxDecoder.check(configuration)
  }

  /// Whether the program is installed that tells how unknown words sound.
  package static var canPronounce: Bool { Pronunciations.isInstalled }

  /// Words of that vocabulary that it cannot hear: no pronunciation could be made.
  package func unsaid(of vocabulary: [String]) throws(StepFailure) -> [String] {
    try teach(vocabulary)
    return self.vocabulary.unsaid
  }

  /// What was added cannot be taken back: another vocabulary has the models loaded anew.
  private func teach(_ vocabulary: [String]) throws(StepFailure) {
    guard vocabulary != taught else { return }
    if !taught.isEmpty { decoder = try PocketSphinxDecoder(configuration) }
    taught = vocabulary
    self.vocabulary = PocketSphinxVocabulary(vocabulary, to: decoder)
  }

  package func recognize(_ recording: Recording) throws(StepFailure) -> [Segment] {
    let samples = recording.samples
    let utterances = UtterancePlan(samples, speech: recording.speech).utterances
    let band = TelephoneBand(samples, utterances)
    var words: [Word] = []
    for utterance in utterances {
      let (prepared, adaptation) = band.prepare(samples[utterance])
      try decoder.adapt(to: adaptation)
      var heard = try decoder.decode(prepared)
      if isEnglish { heard = try Self.hearDigits(of: prepared, in: heard, by: decoder) }
      words += heard.compactMap { word in
        place(word, from: utterance.lowerBound, of: recording.durationSeconds)
      }
    }
    return SegmentWriter.segments(words, isEnglish: isEnglish)
  }

  /// The words of an utterance, those of telephone numbers heard again. See `SpokenDigits`.
  static func hearDigits(
    of samples: [Int16], in heard: [DecodedWord], by decoder: borrowing PocketSphinxDecoder
  ) throws(StepFailure) -> [DecodedWord] {
    let spoken = SpokenDigits(heard)
    var again: [(run: SpokenDigits.Run, digits: [DecodedWord])] = []
    for run in spoken.runs {
      let frames = spoken.frames(of: run)
      let size = Recording.sampleRateHz / PocketSphinxDecoder.framesPerSecond
      let piece = (frames.lowerBound * size..<frames.upperBound * size).clamped(to: samples.indices)
      guard let digits = try decoder.digits(in: Array(samples[piece])) else { return heard }
      again.append((run, digits.map { $0.moved(by: frames.lowerBound) }))
    }
    return spoken.mended(again)
  }

  /// The word with times of the whole recording; nil for what is no word.
  private func place(_ word: DecodedWord, from start: Int, of duration: Double) -> Word? {
    guard let text = SegmentWriter.spoken(word.text) else { return nil }
    let offset = Double(start) / Double(Recording.sampleRateHz)
    let frame = 1 / Double(PocketSphinxDecoder.framesPerSecond)
    return Word(
      text: vocabulary.spellings[text] ?? text,
      start: min(duration, offset + Double(word.frames.lowerBound) * frame),
      end: min(duration, offset + Double(word.frames.upperBound + 1) * frame),
      confidence: word.confidence)
  }
}
