/// Text in which words repeat as no caller does: "bye" eight times after a minute of words may be said or invented, the
/// words before it are said.
package enum LoopedText {
  /// The text with what repeats once; nil where nothing repeats or hardly anything else is there.
  package static func cut(_ text: String) -> String? {
    let words = TextWords.placed(text)
    guard let kept = kept(words.map(\.word)) else { return nil }
    // Gaps go with the word before them.
    let ends = words.indices.map {
      $0 + 1 < words.count ? words[$0 + 1].place.startIndex : text.endIndex
    }
    let first = words.first?.place.startIndex ?? text.endIndex
    return kept.reduce(into: String(text[..<first])) {
      $0 += text[words[$1].place.startIndex..<ends[$1]]
    }
  }

  static func cut(_ segment: Segment) -> Segment? {
    guard let text = cut(segment.text) else { return nil }
    var segment = segment
    let kept = Set(kept(TextWords.of(segment.text)) ?? [])
    var next = 0
    let words = segment.words.filter { word in
      let first = next
      next += TextWords.of(word.text).count
      return (first..<next).contains { kept.contains($0) }
    }
    // "Bye-bye" may be cut in two; the text is what was heard.
    let isText = words.flatMap { TextWords.of($0.text) } == TextWords.of(text)
    segment.words = isText ? words : []
    segment.text = text
    segment.raw = nil
    return segment
  }

  /// Positions of the words that are left: of each loop the last turn, which has the marks of what follows.
  private static func kept(_ words: [String]) -> [Int]? {
    var kept = Array(words.indices)
    for unit in 1...TextWords.longestUnit {
      for loop in TextWords.loops(kept.map { words[$0] }, of: unit).reversed() {
        kept.removeSubrange(loop.dropLast(unit))
      }
    }
    return kept.count < words.count && 2 * kept.count > words.count ? kept : nil
  }
}
