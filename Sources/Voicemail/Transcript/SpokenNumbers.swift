/// English number words become digits where there is only one way to write them.
///
/// 1. Three digits or more one after the other are a number that somebody spells out: `555-0198`. After
///    `extension` two are enough.
/// 2. A number from 10 on that stands by itself, and so does each word of it: `25`, `1,200`.
/// 3. Hours and minutes before `a.m.` or `p.m.`: `3:30`.
///
/// Whatever else number words may mean ("three thirty", "one of them") stays as it was said. Times stay, and a number
/// is as doubtful as its most doubtful word.
package enum SpokenNumbers {
  /// The words with numbers as digits, in lower case as engines without punctuation give them.
  package static func written(_ words: [Word]) -> [Word] {
    var result: [Word] = []
    var rest = words[...]
    while let word = rest.first {
      let run = run(at: rest)
      guard !run.isEmpty else {
        result.append(word)
        rest = rest.dropFirst()
        continue
      }
      rest = rest.dropFirst(run.count)
      result += written(Array(run), after: result.last?.text, before: rest.first?.text)
    }
    return result
  }

  /// Number words, and an "and" between a hundred and what is added to it.
  private static func run(at words: ArraySlice<Word>) -> ArraySlice<Word> {
    var end = words.startIndex
    while end < words.endIndex {
      let isJoined =
        words[end].text == "and" && end > words.startIndex && end + 1 < words.endIndex
        && ["hundred", "thousand"].contains(words[end - 1].text)
        && NumberWord(words[end + 1].text) != nil
      guard isJoined || NumberWord(words[end].text) != nil else { break }
      end += 1
    }
    return words[words.startIndex..<end]
  }

  private static func written(_ run: [Word], after: String?, before: String?) -> [Word] {
    let numbers = run.compactMap { NumberWord($0.text) }
    guard let text = digits(numbers, after) ?? clock(numbers, before) ?? cardinal(numbers),
      let first = run.first, let last = run.last
    else { return run }
    let confidence = run.map(\.confidence).min() ?? 0
    return [Word(text: text, start: first.start, end: last.end, confidence: confidence)]
  }

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

  /// `3:30`: an hour, and minutes if any are said.
  private static func clock(_ numbers: [NumberWord], _ before: String?) -> String? {
    guard let before, ["a.m.", "p.m.", "a.m", "p.m", "am", "pm"].contains(before),
      let first = numbers.first, let hour = value([first]), (1...12).contains(hour)
    else { return nil }
    guard numbers.count > 1 else { return String(hour) }
    guard let minutes = value(Array(numbers.dropFirst())), (10...59).contains(minutes) else {
      return nil
    }
    return "\(hour):\(minutes)"
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

  init?(_ word: String) {
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
