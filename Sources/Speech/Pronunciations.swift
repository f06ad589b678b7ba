internal import Glibc
internal import Programs

/// How words sound, as the flite program says them: it has rules that were learnt from the same dictionary that
/// PocketSphinx uses, reads abbreviations and numbers, and takes milliseconds.
enum Pronunciations {
  static let program = "/usr/bin/flite"

  /// Where Debian puts it.
  static var isInstalled: Bool { unsafe access(program, X_OK) == 0 }

  private static let secondsToSpeak = 10
  private static let memoryBytes = 256 << 20
  private static let outputBytes = 1 << 20

  /// Phonemes of the words, as the dictionary writes them; without those that cannot be said.
  static func of(_ words: [String]) -> [String: String] {
    guard !words.isEmpty, isInstalled else { return [:] }
    // Each a paragraph of its own: it has its own line then.
    let text = words.map { "\(Self.plain($0))\n\n" }.joined()
    let outcome = ProgramRun(
      program, ["-voice", "kal", "-ps", "-f", "-", "-o", "none"],
      environment: ["PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"],
      limits: .init(memoryBytes: memoryBytes, cpuSeconds: secondsToSpeak), outputBytes: outputBytes
    ).run(Array(text.utf8), before: .now + .seconds(secondsToSpeak))
    let lines = outcome.output.split(separator: 0x0A)
    guard outcome.end == .exited(0), lines.count == words.count else { return [:] }
    return zip(words, lines).reduce(into: [:]) { found, entry in
      found[entry.0] = phonemes(String(decoding: entry.1, as: UTF8.self))
    }
  }

  /// `pau y aa r ax pau` is `Y AA R AH`; nil when there is a sound that the dictionary does not have, or hardly any.
  static func phonemes(_ line: String) -> String? {
    let sounds = line.split(separator: " ").filter { $0 != "pau" }
      .map { $0 == "ax" ? "AH" : $0.uppercased() }
    guard (2...40).contains(sounds.count), sounds.allSatisfy(known.contains) else { return nil }
    return sounds.joined(separator: " ")
  }

  /// Those of the CMU Pronouncing Dictionary.
  private static let known = Set(
    """
    AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH
    """.split(separator: " ").map(String.init))

  /// The English letters below others: é is read as e. What has none stays, and is not said.
  private static func plain(_ word: String) -> String {
    word.unicodeScalars.map { scalar in
      guard !scalar.isASCII, let name = scalar.properties.name, name.hasPrefix("LATIN "),
        let letter = name.split(separator: " ").map(String.init).first(where: { $0.count == 1 })
      else { return String(scalar) }
      return scalar.properties.isLowercase ? letter.lowercased() : letter
    }.joined()
  }
}
