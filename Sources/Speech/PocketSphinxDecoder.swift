internal import CPocketSphinx
internal import Glibc
internal import Voicemail

/// A word as PocketSphinx gives it, in frames of 10 ms from the start of the utterance.
struct DecodedWord: Equatable {
  var text: String
  var frames: ClosedRange<Int>
  /// Posterior probability in the word lattice.
  var confidence: Double

  /// The same word of an utterance that begins so many frames earlier.
  func moved(by count: Int) -> DecodedWord {
    var word = self
    word.frames = frames.lowerBound + count...frames.upperBound + count
    return word
  }
}

/// The one owner of a PocketSphinx decoder (about 95 MB; ready after a third of a second).
@safe struct PocketSphinxDecoder: ~Copyable {
  static let framesPerSecond = 100
  private static let digitSearch = "digits"

  private let handle: OpaquePointer
  /// The transform is that of Debian's model.
  private let isAdaptable: Bool
  private var adaptation: BandExtension.Line?
  /// Whether there is a second search, for digits alone.
  private let knowsDigits: Bool

  /// C: `ps_init`. A missing model is found before, since some of the library's complaints end the
  /// process.
  init(_ configuration: PocketSphinxConfiguration) throws(StepFailure) {
    silenceLog()
    let parsed = unsafe parse(configuration.arguments)
    guard let parsed = unsafe parsed else {
      throw .permanent("pocketsphinx does not accept its settings")
    }
    // The decoder takes a reference of its own.
    defer { _ = unsafe cmd_ln_free_r(parsed) }
    unsafe ps_default_search_args(parsed)
    try unsafe checkModels(parsed, configuration)
    guard let handle = unsafe ps_init(parsed) else {
      throw .permanent("pocketsphinx cannot load its models")
    }
    unsafe self.handle = handle
    isAdaptable = configuration.acousticModel == nil
    if configuration.languageModel == nil { _ = unsafe VoicemailWording.add(to: handle, parsed) }
    // False where a dictionary of the administrator's own says them in another way.
    knowsDigits =
      unsafe ps_set_jsgf_string(handle, Self.digitSearch, SpokenDigits.grammar) == 0
  }

  deinit {
    _ = unsafe ps_free(handle)
  }

  /// Whether the models are there, without loading them.
  static func check(_ configuration: PocketSphinxConfiguration) throws(StepFailure) {
    silenceLog()
    guard let parsed = unsafe parse(configuration.arguments) else {
      throw .permanent("pocketsphinx does not accept its settings")
    }
    defer { _ = unsafe cmd_ln_free_r(parsed) }
    unsafe ps_default_search_args(parsed)
    try unsafe checkModels(parsed, configuration)
  }

  /// Fits the model to telephone calls, or back. Some milliseconds when it changes. C: `ps_update_mllr`, which takes
  /// what it is given and has the means read anew.
  mutating func adapt(to wanted: BandExtension.Line?) throws(StepFailure) {
    guard isAdaptable, wanted != adaptation else { return }
    guard
      let transform = unsafe wanted.map({ unsafe TelephoneAdaptation.transform($0) })
        ?? TelephoneAdaptation.identity(),
      unsafe ps_update_mllr(handle, transform) != nil
    else { throw .transient("pocketsphinx cannot fit its model to telephone calls") }
    adaptation = wanted
  }

  /// The words of one utterance, with fillers and alternates as the library spells them.
  func decode(_ samples: [Int16]) throws(StepFailure) -> [DecodedWord] {
    guard unsafe ps_start_stream(handle) >= 0, unsafe ps_start_utt(handle) >= 0 else {
      throw .permanent("pocketsphinx cannot start an utterance")
    }
    // The whole utterance at once (the last argument): the library then levels it by its own mean.
    let searched = unsafe samples.withUnsafeBufferPointer { buffer in
      unsafe ps_process_raw(handle, buffer.baseAddress, buffer.count, 0, 1)
    }
    guard unsafe ps_end_utt(handle) >= 0, searched >= 0 else {
      throw .permanent("pocketsphinx cannot search an utterance of \(samples.count) samples")
    }
    return words()
  }

  /// The same for a piece of an utterance in which nothing but digits is expected; nil when that cannot be searched for.
  /// The words' confidence means nothing.
  func digits(in samples: [Int16]) throws(StepFailure) -> [DecodedWord]? {
    guard knowsDigits, let usual = unsafe ps_get_search(handle) else { return nil }
    guard unsafe ps_set_search(handle, Self.digitSearch) == 0 else { return nil }
    defer { _ = unsafe ps_set_search(handle, usual) }
    return try decode(samples)
  }

  /// How the dictionary has a word, in phonemes; nil when it does not. C: `ps_lookup_word`, whose text is ours.
  func phonemes(of word: String) -> String? {
    guard let found = unsafe ps_lookup_word(handle, word) else { return nil }
    defer { unsafe free(found) }
    return unsafe String(cString: found)
  }

  /// Whether the language model expects it anywhere. C: `ngram_wid` finds the words of the dictionary too, so that
  /// `ngram_model_set_known_wid` must be asked; it takes what was found only.
  func isExpected(_ word: String) -> Bool {
    guard let model = unsafe ps_get_lm(handle, ps_get_search(handle)) else { return false }
    let number = unsafe ngram_wid(model, word)
    return unsafe number >= 0 && ngram_model_set_known_wid(model, number) != 0
  }

  /// Makes a word one that may be heard anywhere; false when the library does not take it. `weight`: against the
  /// mean word of the language model; `isLast`: what was added is searched for from now on.
  ///
  /// C: `ps_add_word`, which gives the weight 1 to what the model does not have.
  func add(_ word: String, phonemes: String, weight: Float, isLast: Bool) -> Bool {
    let base = String(word.prefix { $0 != "(" })
    if !isExpected(base), let model = unsafe ps_get_lm(handle, ps_get_search(handle)) {
      _ = unsafe ngram_model_add_word(model, base, weight)
    }
    return unsafe ps_add_word(handle, word, phonemes, isLast ? 1 : 0) >= 0
  }

  /// C: `ps_seg_iter`; the iterator frees itself when it is walked to its end.
  private func words() -> [DecodedWord] {
    var words: [DecodedWord] = []
    let logarithm = unsafe ps_get_logmath(handle)
    var next = unsafe ps_seg_iter(handle)
    while let segment = unsafe next {
      var first: Int32 = 0
      var last: Int32 = 0
      unsafe ps_seg_frames(segment, &first, &last)
      let probability = unsafe ps_seg_prob(segment, nil, nil, nil)
      let confidence = unsafe logmath_exp(logarithm, probability)
      if let text = unsafe ps_seg_word(segment) {
        words.append(
          DecodedWord(
            text: unsafe String(cString: text),
            frames: Int(max(0, first))...Int(max(0, first, last)),
            confidence: confidence.isFinite ? max(0, min(1, confidence)) : 0))
      }
      unsafe next = ps_seg_next(segment)
    }
    return words
  }
}

/// The library writes pages to standard error; its log belongs to the process, so once is enough.
/// C: `err_set_logfp`.
private let logIsSilent: Void = err_set_logfp(nil)

private func silenceLog() { logIsSilent }

/// C: `cmd_ln_parse_r`, since `cmd_ln_init` is variadic. It copies what it keeps; its first argument
/// stands for the program's name.
private func parse(_ arguments: [String]) -> OpaquePointer? {
  var strings = unsafe (["pocketsphinx"] + arguments).map { unsafe strdup($0) }
  defer { unsafe strings.forEach { unsafe free($0) } }
  guard unsafe strings.allSatisfy({ unsafe $0 != nil }) else { return nil }
  return unsafe cmd_ln_parse_r(nil, ps_args(), Int32(strings.count), &strings, 0)
}

/// Names the first model that is not there, and the setting that names it. C: `cmd_ln_str_r`.
private func checkModels(_ parsed: OpaquePointer, _ configuration: PocketSphinxConfiguration)
  throws(StepFailure)
{
  let defaults = "/usr/share/pocketsphinx/model/en-us"
  let models = [
    (configuration.acousticModel, "-hmm", "acoustic_model", "en-us", "/mdef"),
    (configuration.languageModel, "-lm", "language_model", "en-us.lm.bin", ""),
    (configuration.dictionary, "-dict", "dictionary", "cmudict-en-us.dict", ""),
  ]
  for (wanted, option, key, usual, probe) in models {
    let chosen = unsafe cmd_ln_str_r(parsed, option)
    let path = unsafe chosen.map { unsafe String(cString: $0) } ?? "\(defaults)/\(usual)"
    if unsafe access(path + probe, R_OK) == 0 { continue }
    let missing = "no \(key.replacing("_", with: " ")) at \(path)"
    throw .permanent(
      wanted == nil
        ? "pocketsphinx: \(missing); apt install pocketsphinx-en-us"
        : "[transcription] \(key): \(missing); "
          + "for the usual one apt install pocketsphinx-en-us and leave it empty")
  }
}
