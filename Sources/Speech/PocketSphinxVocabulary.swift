/// Names and words of a vocabulary that the models do not have, on their way into dictionary and language model.
struct PocketSphinxVocabulary {
  /// How words that were added are written, by the dictionary's form of them.
  private(set) var spellings: [String: String] = [:]
  /// Words of the vocabulary that cannot be heard: nobody knows how they sound.
  private(set) var unsaid: [String] = []

  /// Against the mean word of the language model: a name is likelier in our mail than in newspapers. Many share it, so
  /// that they are not heard where others speak.
  private static func weight(of count: Int) -> Float { min(10, 500 / Float(max(count, 1))) }

  /// For no words.
  init() {}

  /// Adds what is missing to a decoder of a fresh model.
  init(_ vocabulary: [String], to decoder: borrowing PocketSphinxDecoder) {
    let missing = Self.words(of: vocabulary).filter { !decoder.isExpected($0.lowercased()) }
    let unknown = missing.filter { decoder.phonemes(of: $0.lowercased()) == nil }
    let said = Pronunciations.of(unknown)
    unsaid = unknown.filter { said[$0] == nil }
    let entries = missing.compactMap { word -> (word: String, form: String, phonemes: String)? in
      let form = word.lowercased()
      // A word of the dictionary is added again as an alternate of itself, or the search would not hear of it.
      if let known = decoder.phonemes(of: form) { return (word, "\(form)(vocabulary)", known) }
      return said[word].map { (word, form, $0) }
    }
    for (index, entry) in entries.enumerated() {
      let isTaken = decoder.add(
        entry.form, phonemes: entry.phonemes, weight: Self.weight(of: entries.count),
        isLast: index == entries.count - 1)
      if isTaken {
        spellings[entry.word.lowercased()] = entry.word
      } else {
        unsaid.append(entry.word)
      }
    }
  }

  /// Its single words, each once, without numbers and letters that stand alone.
  static func words(of vocabulary: [String]) -> [String] {
    var seen: Set<String> = []
    return vocabulary.flatMap { entry in
      entry.split { !$0.isLetter && !$0.isNumber && $0 != "'" }.map(String.init)
    }.filter { word in
      word.filter(\.isLetter).count > 1 && seen.insert(word.lowercased()).inserted
    }
  }
}
