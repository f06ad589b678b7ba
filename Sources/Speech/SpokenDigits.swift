/// Telephone numbers that are spelled out: between digits the language model rather hears "client" than "five".
///
/// 1. A run begins and ends with a digit. Two of its digits have two other words between them at most, two fifths of
///    its words are digits, and three at least.
/// 2. A run that is not as long as a telephone number takes in up to two doubtful words on either side, if it is then.
/// 3. Of a run of seven words or more `PocketSphinxDecoder.digits(in:)` hears the same sound again, and expects digits
///    alone. A word that is none becomes the digit that is heard in its time, if that is one; on the sides each or none.
/// 4. Digits stay as they were heard, and a digit that is put in is as doubtful as the word that it stands for.
struct SpokenDigits {
  private static let digits: Set<String> = [
    "zero", "oh", "o", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
  ]
  private static let mostBetween = 2
  private static let fewestDigits = 3
  private static let fewestWords = 7
  private static let mostOutside = 2
  private static let doubtful = 0.5
  private static let wholeNumbers: Set<Int> = [7, 10, 11]
  private static let marginFrames = 3

  /// Any digits, each as likely as another, in the Java Speech Grammar Format.
  static let grammar =
    "#JSGF V1.0; grammar digits; public <digits> = ("
    + digits.subtracting(["o"]).sorted().map { "/0.09/ \($0)" }.joined(separator: " | ") + ")+;"

  /// Of the words of the utterance: from a digit to a digit.
  struct Run: Equatable {
    var words: ClosedRange<Int>
    /// The same with doubtful words on its sides.
    var extended: ClosedRange<Int>
  }

  /// Words with the places they have in what was heard: fillers are none.
  private let heard: [DecodedWord]
  private let places: [Int]
  private let isDigit: [Bool]

  init(_ heard: [DecodedWord]) {
    self.heard = heard
    places = heard.indices.filter { SegmentWriter.spoken(heard[$0].text) != nil }
    isDigit = places.map { Self.digit(heard[$0]) != nil }
  }

  private static func digit(_ word: DecodedWord) -> String? {
    guard let text = SegmentWriter.spoken(word.text), digits.contains(text) else { return nil }
    return text
  }

  /// Those in which some word is no digit, in order.
  var runs: [Run] {
    var runs: [Run] = []
    var start = 0
    while let first = isDigit[start...].firstIndex(of: true) {
      var last = first
      while let next = isDigit[(last + 1)...].prefix(Self.mostBetween + 1).firstIndex(of: true) {
        last = next
      }
      start = last + 1
      let count = isDigit[first...last].count { $0 }
      guard count >= Self.fewestDigits, count * 5 >= (last - first + 1) * 2 else { continue }
      let extended = extended(first...last)
      guard extended.count >= Self.fewestWords, count < extended.count else { continue }
      runs.append(Run(words: first...last, extended: extended))
    }
    return runs
  }

  /// With the fewest words on its sides that make it a telephone number.
  private func extended(_ run: ClosedRange<Int>) -> ClosedRange<Int> {
    guard !Self.wholeNumbers.contains(run.count) else { return run }
    for count in 1...2 * Self.mostOutside where Self.wholeNumbers.contains(run.count + count) {
      for before in max(0, count - Self.mostOutside)...min(count, Self.mostOutside) {
        let (first, last) = (run.lowerBound - before, run.upperBound + count - before)
        guard first >= 0, last < places.count else { continue }
        let outside = [first..<run.lowerBound, run.upperBound + 1..<last + 1].joined()
        if outside.allSatisfy({ heard[places[$0]].confidence < Self.doubtful }) {
          return first...last
        }
      }
    }
    return run
  }

  /// The frames in which a run is said.
  func frames(of run: Run) -> Range<Int> {
    let first = heard[places[run.extended.lowerBound]].frames.lowerBound
    let last = heard[places[run.extended.upperBound]].frames.upperBound
    return max(0, first - Self.marginFrames)..<last + 1 + Self.marginFrames
  }

  /// What was heard, with digits in the runs; `again`: the digits of each, counted in frames of the same utterance.
  func mended(_ again: [(run: Run, digits: [DecodedWord])]) -> [DecodedWord] {
    var mended = heard
    for (run, digits) in again {
      let found = run.extended.map { word in digit(of: digits, in: heard[places[word]].frames) }
      let outside = zip(run.extended, found).filter { !run.words.contains($0.0) }
      let areAllDigits = outside.allSatisfy { $0.1 != nil }
      for (word, digit) in zip(run.extended, found) where !isDigit[word] {
        guard let digit, areAllDigits || run.words.contains(word) else { continue }
        mended[places[word]].text = digit
      }
    }
    return mended
  }

  /// The one whose middle lies in these frames.
  private func digit(of digits: [DecodedWord], in frames: ClosedRange<Int>) -> String? {
    let inside = digits.filter { digit in
      Self.digit(digit) != nil
        && frames.contains((digit.frames.lowerBound + digit.frames.upperBound) / 2)
    }
    return inside.count == 1 ? inside.first.flatMap(Self.digit) : nil
  }
}
