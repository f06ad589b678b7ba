/// Text as rules compare it: lower-case words without punctuation.
package enum TextWords {
  package static func of(_ text: String) -> [String] { placed(text).map(\.word) }

  /// With their places in the text.
  static func placed(_ text: String) -> [(word: String, place: Substring)] {
    text.split { !$0.isLetter && !$0.isNumber && $0 != "'" }
      .map { ($0.lowercased().filter { $0 != "'" }, $0) }.filter { !$0.0.isEmpty }
  }

  private static let digits: Set<String> = [
    "zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double",
  ]

  /// The most words of what may repeat.
  static let longestUnit = 12

  /// Whether words repeat as no caller does: one word eight times in a row, or two and more four times.
  ///
  /// Numbers do repeat: 555 555 5555 is a telephone number.
  static func isLoop(_ words: [String]) -> Bool {
    (1...longestUnit).contains { !loops(words, of: $0).isEmpty }
  }

  /// Where as many words as that repeat so, from the first time to the last.
  static func loops(_ words: [String], of unit: Int) -> [Range<Int>] {
    let needed = unit == 1 ? 8 : 4
    guard words.count >= unit * needed else { return [] }
    var loops: [Range<Int>] = []
    var run = 0
    for index in unit...words.count {
      if index < words.count, words[index] == words[index - unit] {
        run += 1
        continue
      }
      let isNumber = words[index - unit..<index].allSatisfy {
        digits.contains($0) || $0.allSatisfy(\.isNumber)
      }
      if run >= unit * (needed - 1), !isNumber { loops.append(index - run - unit..<index) }
      run = 0
    }
    return loops
  }
}

/// What the subtitles that whisper was trained on say where nobody speaks.
enum SubtitlePhrase {
  private static let starts: [[String]] = [
    "thanks for watching", "thank you for watching", "thank you very much for watching",
    "please subscribe", "subscribe to", "like and subscribe", "subtitles by", "subtitled by",
    "captions by", "transcription by", "transcribed by", "copyright", "amara org", "www",
    "untertitel", "vielen dank fürs zuschauen", "sous titres", "sous titrage",
    "merci d'avoir regardé", "subtítulos", "gracias por ver", "sottotitoli", "legendas",
    "ondertitels", "ondertiteling", "napisy", "see you in the next", "see you next time",
  ].map { TextWords.of($0) }
  private static let wholes: Set<[String]> = Set(
    [
      "thank you", "thank you very much", "thank you so much", "thanks", "you", "bye", "bye bye",
      "okay", "so", "the", "the end", "music", "applause", "silence", "vielen dank", "merci",
      "gracias", "grazie", "tschüss",
    ].map { TextWords.of($0) })

  static func matches(_ words: [String]) -> Bool {
    wholes.contains(words) || starts.contains { !$0.isEmpty && words.starts(with: $0) }
  }
}
