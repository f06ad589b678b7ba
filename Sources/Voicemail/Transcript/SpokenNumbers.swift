/// English number words become digits where there is only one way to write them.
///
/// 1. Three digits or more one after the other are a number that somebody spells out: `555-0198`; "double" and "triple"
///    repeat the digit behind them. After `extension` two are enough.
/// 2. A number from 10 on that stands by itself, and so does each word of it: `25`, `1200`, `12,003`.
/// 3. Hours and minutes before `a.m.` or `p.m.`: `3:30`, `3:05`.
///
/// Whatever else number words may mean ("three thirty", "one of them") stays as it was said, and so does the whole of
/// what they are only half of: "the twenty first", "twelve point five", "two million five hundred". Times stay, and a
/// number is as doubtful as its most doubtful word.
package enum SpokenNumbers {
  /// Number words one after the other, with what belongs to them.
  private struct Run {
    var words: ArraySlice<Word>
    var numbers: [NumberWord]
  }

  /// The words with numbers as digits, in lower case as engines without punctuation give them.
  package static func written(_ words: [Word]) -> [Word] {
    var result: [Word] = []
    var rest = words[...]
    while let word = rest.first {
      let run = run(at: rest)
      guard !run.words.isEmpty else {
        result.append(word)
        rest = rest.dropFirst()
        continue
      }
      rest = rest.dropFirst(run.words.count)
      result += written(run, after: words[..<run.words.startIndex], before: rest)
    }
    return result
  }

  /// Number words, an "and" between a hundred and what is added to it, and a "double" before a digit.
  private static func run(at words: ArraySlice<Word>) -> Run {
    var end = words.startIndex
    var numbers: [NumberWord] = []
    while end < words.endIndex {
      let found = NumberWord.of(words[end].text)
      let next = end + 1 < words.endIndex ? NumberWord.of(words[end + 1].text) : []
      if !found.isEmpty {
        numbers += found
      } else if let times = repeats[words[end].text], next.count == 1, case .digit? = next.first {
        numbers += Array(repeating: next[0], count: times - 1)
      } else {
        guard words[end].text == "and", end > words.startIndex, !next.isEmpty,
          ["hundred", "thousand"].contains(words[end - 1].text)
        else { break }
      }
      end += 1
    }
    return Run(words: words[words.startIndex..<end], numbers: numbers)
  }

  private static let repeats = ["double": 2, "triple": 3]

  private static func written(
    _ run: Run, after: ArraySlice<Word>, before: ArraySlice<Word>
  ) -> [Word] {
    let (numbers, following) = (run.numbers, before.prefix(2).map(\.text))
    guard !isHalf(numbers, after: after.suffix(2).map(\.text), before: following),
      let text = clock(numbers, following) ?? digits(numbers, after.last?.text)
        ?? cardinal(numbers),
      let first = run.words.first, let last = run.words.last
    else { return Array(run.words) }
    let confidence = run.words.map(\.confidence).min() ?? 0
    return [Word(text: text, start: first.start, end: last.end, confidence: confidence)]
  }

  /// Whether what stands around them goes on with the same number.
  private static func isHalf(_ numbers: [NumberWord], after: [String], before: [String]) -> Bool {
    let large = ["million", "billion", "trillion"]
    if let next = before.first, large.contains(next) { return true }
    let said = after.last == "and" ? after.first : after.last
    if let said, large.contains(said) { return true }
    if after.last == "point", after.count > 1, !NumberWord.of(after[0]).isEmpty { return true }
    if before.first == "point", before.count > 1, !NumberWord.of(before[1]).isEmpty { return true }
    let next = before.first == "and" ? before.last : before.first
    guard let next, ordinals.contains(next) else { return false }
    return switch numbers.last {
    case .tens, .hundred, .thousand: true
    default: false
    }
  }

  private static let ordinals: Set<String> = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth",
    "eighteenth", "nineteenth", "twentieth", "thirtieth",
  ]

  /// `555-0198` of digits that are spelled out; an "oh" counts among others only.
  private static func digits(_ numbers: [NumberWord], _ after: String?) -> String? {
    var text = ""
    for number in numbers {
      guard case .digit(let digit) = number else { return nil }
      text += String(digit)
    }
    guard text.contains(where: { $0 != "0" }) else { return nil }
    guard text.count >= (after == "extension" ? 2 : 3) else { return nil }
    return grouped(text)
  }

  /// As North America writes telephone numbers; others without groups.
  private static func grouped(_ digits: String) -> String {
    let groups: [Int]
    switch digits.count {
    case 7: groups = [3, 4]
    case 10: groups = [3, 3, 4]
    case 11 where digits.first == "1": groups = [1, 3, 3, 4]
    default: return digits
    }
    var rest = digits[...]
    return groups.map { count in
      defer { rest = rest.dropFirst(count) }
      return String(rest.prefix(count))
    }.joined(separator: "-")
  }

  /// `3:30`, `3:05`: an hour, and minutes if any are said.
  private static func clock(_ numbers: [NumberWord], _ before: [String]) -> String? {
    guard isHalfOfDay(before), let first = numbers.first, let hour = value([first]),
      (1...12).contains(hour)
    else { return nil }
    guard numbers.count > 1 else { return String(hour) }
    let rest = Array(numbers.dropFirst())
    if rest.count == 2, case .digit(0) = rest[0], case .digit(let minute) = rest[1], minute > 0 {
      return "\(hour):0\(minute)"
    }
    guard let minutes = value(rest), (10...59).contains(minutes) else { return nil }
    return "\(hour):\(minutes)"
  }

  /// `p.m.` in one word, or in two.
  private static func isHalfOfDay(_ words: [String]) -> Bool {
    guard let first = words.first?.filter({ $0 != "." }) else { return false }
    let second = words.count > 1 ? words[1].filter { $0 != "." } : ""
    return ["am", "pm"].contains(first) || ["a", "p"].contains(first) && second == "m"
  }

  private static func cardinal(_ numbers: [NumberWord]) -> String? {
    guard let value = value(numbers), value >= 10 else { return nil }
    guard value >= 10_000 else { return String(value) }
    let thousands = String(value % 1_000)
    return "\(value / 1_000)," + String(repeating: "0", count: 3 - thousands.count) + thousands
  }

  /// The number that the words mean together; nil when they are several numbers.
  private static func value(_ numbers: [NumberWord]) -> Int? {
    var total = 0
    var part: Int?
    /// What may still be added to the part: below 100 after a hundred, below 10 after tens.
    var room = 1_000
    for (index, number) in numbers.enumerated() {
      switch number {
      case .digit(let digit):
        guard room > 9, digit > 0 else { return nil }
        part = (part ?? 0) + digit
        room = part == digit ? 9 : 1
      case .teen(let teen):
        guard room > 99 else { return nil }
        part = (part ?? 0) + teen
        room = 1
      case .tens(let tens):
        guard room > 99 else { return nil }
        part = (part ?? 0) + tens
        room = 10
      case .hundred:
        guard let digits = part, (1...9).contains(digits) else { return nil }
        part = digits * 100
        room = 100
      case .thousand:
        guard let thousands = part, total == 0, index > 0 else { return nil }
        total = thousands * 1_000
        part = nil
        room = 1_000
      }
    }
    return part == nil && total == 0 ? nil : total + (part ?? 0)
  }
}

/// What one word contributes to a number.
private enum NumberWord {
  case digit(Int)
  case teen(Int)
  case tens(Int)
  case hundred
  case thousand

  /// Of `twenty-one` both; none where a part is no number.
  static func of(_ word: String) -> [NumberWord] {
    if let number = NumberWord(word) { return [number] }
    let parts = word.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let tens = NumberWord(String(parts[0])), case .tens = tens,
      let digit = NumberWord(String(parts[1])), case .digit(1...9) = digit
    else { return [] }
    return [tens, digit]
  }

  private init?(_ word: String) {
    if let digit = Self.digits.firstIndex(of: word) {
      self = .digit(digit)
    } else if let teen = Self.teens.firstIndex(of: word) {
      self = .teen(10 + teen)
    } else if let tens = Self.tens.firstIndex(of: word) {
      self = .tens(20 + 10 * tens)
    } else {
      switch word {
      case "oh", "o": self = .digit(0)
      case "hundred": self = .hundred
      case "thousand": self = .thousand
      default: return nil
      }
    }
  }

  private static let digits = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
  ]
  private static let teens = [
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen",
  ]
  private static let tens = [
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
  ]
}
