/// Text as rules compare it: lower-case words without punctuation.
package enum TextWords {
  package static func of(_ text: String) -> [String] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber && $0 != "'" }
      .map { $0.filter { $0 != "'" } }.filter { !$0.isEmpty }
  }

  private static let digits: Set<String> = [
    "zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double",
  ]

  /// Whether words repeat as no caller does: one word eight times in a row, or two and more four times.
  ///
  /// Numbers do repeat: 555 555 5555 is a telephone number.
  static func isLoop(_ words: [String]) -> Bool {
    for length in 1...12 {
      let needed = length == 1 ? 8 : 4
      guard words.count >= length * needed else { break }
      var run = 0
      for index in length..<words.count {
        run = words[index] == words[index - length] ? run + 1 : 0
        guard run >= length * (needed - 1) else { continue }
        let unit = words[(index - length + 1)...index]
        if !unit.allSatisfy({ digits.contains($0) || $0.allSatisfy(\.isNumber) }) { return true }
      }
    }
    return false
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
