/// Telephone numbers that somebody said, as far as a transcript can tell. They are shown apart from the
/// caller's number and never become links that dial.
struct MentionedNumbers {
  struct Number: Equatable {
    /// As said, digits and what stood between them.
    var text: String
    var isDoubtful: Bool

    var digits: String { text.filter { ("0"..."9").contains($0) } }

    /// Whether it is that number, however much of the prefixes either has.
    func isSame(as other: String) -> Bool {
      let count = 6
      let other = other.filter { ("0"..."9").contains($0) }
      return digits.count >= count && other.count >= count
        && (digits.hasSuffix(other.suffix(7)) || other.hasSuffix(digits.suffix(7)))
    }
  }

  /// Shorter ones are extensions, years, prices; E.164 has 15 digits, dialling prefixes come on top.
  private static let digitCounts = 6...18
  private static let maxNumbers = 5

  private(set) var numbers: [Number] = []
  private let language: Language?
  private var text = ""
  private var count = 0
  private var isDoubtful = false
  private var afterWord = false
  private var times = 1

  /// `language`: of the speech; without one, or with one that is not known, only digits count.
  init(_ segments: [Segment], language tag: String) {
    language = Language.known(tag)
    for segment in segments {
      // 0 without words: the engine measures no confidence.
      let whole = segment.confidence == 0 ? 1 : segment.confidence
      let words =
        segment.words.isEmpty
        ? segment.text.split(separator: " ").map { (String($0), whole) }
        : segment.words.map { ($0.text, $0.confidence) }
      for (word, confidence) in words {
        read(word, isDoubtful: confidence < SpokenText.doubtfulBelow)
      }
    }
    finish()
  }

  private mutating func read(_ word: String, isDoubtful: Bool) {
    var word = SafeText.line(word, limit: 40)
    let ends = word.last.map { ".?!;:".contains($0) } ?? false
    while let last = word.last, ".,?!;:".contains(last) { word.removeLast() }
    let lower = word.lowercased()
    if let digit = language?.digits.firstIndex(where: { $0.contains(lower) }) {
      // One word after the other: "oh seven" is 07.
      if !text.isEmpty, !afterWord { text += " " }
      text += String(repeating: String(digit), count: times)
      count += times
      afterWord = true
      times = 1
    } else if let several = language?.repeats[lower] {
      times = several
    } else if Self.isDigits(word) {
      if !text.isEmpty { text += " " }
      // "double 018" is 0018.
      if times > 1, let first = word.firstIndex(where: { ("0"..."9").contains($0) }) {
        word.insert(contentsOf: String(repeating: word[first], count: times - 1), at: first)
        times = 1
      }
      text += word
      count += word.utf8.count { (48...57).contains($0) }
      afterWord = false
    } else if lower == "plus", text.isEmpty {
      text = "+"
      afterWord = true
    } else {
      finish()
      return
    }
    self.isDoubtful = self.isDoubtful || isDoubtful
    if ends { finish() }
  }

  private static func isDigits(_ word: String) -> Bool {
    word.utf8.contains { (48...57).contains($0) }
      && word.utf8.enumerated().allSatisfy { index, byte in
        (48...57).contains(byte) || "-./()".utf8.contains(byte)
          || index == 0 && byte == UInt8(ascii: "+")
      }
  }

  private mutating func finish() {
    let number = Number(text: text, isDoubtful: isDoubtful)
    if Self.digitCounts.contains(count), numbers.count < Self.maxNumbers,
      !numbers.contains(where: { $0.digits == number.digits })
    {
      numbers.append(number)
    }
    text = ""
    count = 0
    isDoubtful = false
    afterWord = false
    times = 1
  }
}
