/// What an engine has been asked for, by day, against what it may be asked for.
package struct EngineBudget: Sendable, Equatable {
  /// Seconds of recordings, by days since 1970 (UTC).
  package private(set) var seconds: [Int: Double] = [:]

  package init(seconds: [Int: Double] = [:]) { self.seconds = seconds }

  package static func day(ofMS milliseconds: Int64) -> Int {
    Int(milliseconds / 86_400_000) - (milliseconds % 86_400_000 < 0 ? 1 : 0)
  }

  package mutating func add(_ amount: Double, day: Int) {
    seconds[day] = max(0, seconds[day, default: 0] + amount)
    // Two months answer every question.
    seconds = seconds.filter { $0.key > day - 62 }
  }

  package func spent(day: Int) -> Double { seconds[day, default: 0] }

  /// In the calendar month of that day, up to and with it.
  package func spentInMonth(of day: Int) -> Double {
    let first = day - Self.dayOfMonth(day) + 1
    return seconds.filter { (first...day).contains($0.key) }.values.reduce(0, +)
  }

  /// Why that much more is too much; nil when it is not. Limits in minutes, 0 is none.
  package func refusal(_ amount: Double, day: Int, perDay: Int, perMonth: Int) -> String? {
    if perDay > 0, spent(day: day) + amount > Double(perDay) * 60 {
      return "its minutes_per_day = \(perDay) are spent"
    }
    if perMonth > 0, spentInMonth(of: day) + amount > Double(perMonth) * 60 {
      return "its minutes_per_month = \(perMonth) are spent"
    }
    return nil
  }

  /// 1 to 31. Days are counted from 1 March of year 0, so that leap days come last.
  static func dayOfMonth(_ day: Int) -> Int {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let ofEra = shifted - era * 146_097
    let year = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * year + year / 4 - year / 100)
    let month = (5 * ofYear + 2) / 153
    return ofYear - (153 * month + 2) / 5 + 1
  }
}
