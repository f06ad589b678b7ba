internal import Voicemail

/// An engine's words in the spelling of its text: the mail shows the text, and of the words what they know of times
/// and doubt.
///
/// Words come without punctuation, in another case, cut in another way, or incomplete; the text is what was heard.
enum SpelledWords {
  /// The pieces of `text` between its spaces, each with the times and the confidence of its words; pieces that share
  /// a word are one. None where the words are not those of the text, or measure nothing.
  static func of(_ words: [Word], as text: String) -> [Word] {
    guard words.contains(where: { $0.confidence > 0 }) else { return [] }
    let pieces = text.split(separator: " ")
    let shown = pieces.map { letters(String($0)) }
    let said = words.indices.map { index in
      // A character that two tokens share cannot be read in either.
      words.count == pieces.count && words[index].text.contains("\u{FFFD}")
        ? shown[index] : letters(words[index].text)
    }
    guard said.joined().elementsEqual(shown.joined()) else { return [] }

    var result: [Word] = []
    var (word, piece) = (0, 0)
    while piece < pieces.count {
      let (firstWord, firstPiece) = (word, piece)
      var (saidCount, shownCount) = (0, 0)
      // Until both sides end at the same letter; what has no letters goes with what is beside it.
      repeat {
        if word < said.count, word == firstWord || saidCount < shownCount {
          saidCount += said[word].count
          word += 1
        } else {
          shownCount += shown[piece].count
          piece += 1
        }
      } while saidCount != shownCount || (piece == firstPiece && piece < pieces.count)
      let text = pieces[firstPiece..<piece].joined(separator: " ")
      if firstWord < word {
        result.append(joined(words[firstWord..<word], text))
      } else if !result.isEmpty {
        result[result.count - 1].text += " " + text
      }
    }
    return result
  }

  private static func letters(_ text: String) -> [Character] {
    Array(TextWords.of(text).joined())
  }

  private static func joined(_ words: ArraySlice<Word>, _ text: String) -> Word {
    Word(
      text: text, start: words.first?.start ?? 0, end: words.last?.end ?? 0,
      confidence: words.reduce(0) { $0 + $1.confidence } / Double(words.count))
  }
}
