internal import Operations
internal import Speech
internal import Voicemail

/// Names of the vocabularies that the embedded engine cannot hear, as nobody knows how they sound.
enum VocabularyCheck {
  private static let shown = 10

  /// Nothing where there is no vocabulary, or PocketSphinx is not asked.
  static func findings(_ settings: Settings) -> [Finding] {
    let setup = Wiring.setup(settings)
    let files =
      [settings.vocabulary].compactMap(\.self)
      + settings.policies.compactMap { $0.rule.policy.vocabulary }
    guard !files.isEmpty,
      setup.engines.contains(where: { $0.kind == .pocketsphinx && setup.inUse.contains($0.name) })
    else { return [] }
    // A file that cannot be read is said where it is used.
    let words = files.flatMap { (try? Vocabulary.read($0)) ?? [] }
    guard let engine = try? PocketSphinxEngine(Wiring.pocketSphinx(setup)),
      let unsaid = try? engine.unsaid(of: words), !unsaid.isEmpty
    else { return [] }
    let more = unsaid.count > shown ? " and \(unsaid.count - shown) more" : ""
    let names = Output.safe(unsaid.prefix(shown).joined(separator: ", "))
    return [
      Finding(
        grade: .advice, what: "vocabulary: pocketsphinx cannot hear \(names)\(more)",
        why: "It has no pronunciation for them; other engines are told of them.",
        mend: PocketSphinxEngine.canPronounce ? [] : ["apt-get install flite"])
    ]
  }
}
