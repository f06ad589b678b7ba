internal import Operations
internal import Speech
internal import Voicemail

/// What the files of names are worth: those that cannot be read nothing, and of the others what the embedded engine
/// cannot hear, as nobody knows how it sounds.
enum VocabularyCheck {
  private static let shown = 10

  /// Nothing where there is no vocabulary.
  static func findings(_ settings: Settings) -> [Finding] {
    let files =
      ([settings.vocabulary] + settings.policies.map(\.rule.policy.vocabulary))
      .compactMap(\.self).reduce(into: [String]()) { found, file in
        if !found.contains(file) { found.append(file) }
      }
    var words: [String] = []
    var findings: [Finding] = []
    for file in files {
      do throws(FileError) {
        words += try Vocabulary.read(file)
      } catch {
        findings.append(
          Finding(
            grade: .wrong, what: "vocabulary: \(error.sentence)",
            why: "No engine is told of its names.", mend: ["voicemail-milter settings --changed"]))
      }
    }
    return findings + unsaid(words, Wiring.setup(settings))
  }

  /// Nothing where PocketSphinx is not asked, or there is nothing to say.
  private static func unsaid(_ words: [String], _ setup: WorkerSetup) -> [Finding] {
    guard !words.isEmpty,
      setup.engines.contains(where: { $0.kind == .pocketsphinx && setup.inUse.contains($0.name) }),
      let engine = try? PocketSphinxEngine(Wiring.pocketSphinx(setup)),
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
