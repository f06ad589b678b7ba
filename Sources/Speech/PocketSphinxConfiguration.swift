/// Where PocketSphinx finds its models, and what they speak.
package struct PocketSphinxConfiguration: Sendable, Equatable {
  /// Folder of the acoustic model (`-hmm`); nil is the one of Debian's pocketsphinx-en-us.
  package var acousticModel: String?
  /// File of the language model (`-lm`); nil as above.
  package var languageModel: String?
  /// File of the pronouncing dictionary (`-dict`); nil as above.
  package var dictionary: String?
  /// BCP 47 language of these models.
  package var language: String

  /// Debian's US English models, searched with care.
  package init(
    acousticModel: String? = nil, languageModel: String? = nil, dictionary: String? = nil,
    language: String = "en-US"
  ) {
    self.acousticModel = acousticModel
    self.languageModel = languageModel
    self.dictionary = dictionary
    self.language = language
  }

  /// Whether one of these languages is the models'; none means any.
  package func hears(_ languages: [String]) -> Bool {
    languages.isEmpty
      || languages.contains { LanguageTag.primary($0) == LanguageTag.primary(language) }
  }

  /// The command line of `pocketsphinx_batch(1)`, which C: `cmd_ln_parse_r` reads.
  ///
  /// `-remove_silence no`: with the default, frames that the library takes for silence are cut out
  /// before they are counted, and all later word times are too early by their length.
  var arguments: [String] {
    var arguments = ["-remove_silence", "no", "-maxhmmpf", "30000"]
    if let acousticModel { arguments += ["-hmm", acousticModel] }
    if let languageModel { arguments += ["-lm", languageModel] }
    if let dictionary { arguments += ["-dict", dictionary] }
    return arguments
  }
}
