/// A date and time as mail writes it (RFC 5322, 3.3), in the civil calendar.
package struct InternetDate: Sendable, Equatable {
  package let year: Int
  package let month: Int
  package let day: Int
  package let hour: Int
  package let minute: Int
  package let second: Int
  /// nil when the text named no zone.
  package let utcOffsetMinutes: Int?

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
  private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
  /// RFC 5322, 4.3; the letters of other zones are not to be trusted.
  private static let zones = [
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300,
    "MST": -420, "MDT": -360, "PST": -480, "PDT": -420,
  ]

  /// The time in the zone with that offset.
  package init(unixSeconds: Int64, utcOffsetSeconds: Int) {
    // Mail knows years of four digits; clocks that are off by more stand at the nearest.
    let local =
      min(max(unixSeconds, 0), 253_370_764_800) + Int64(min(max(utcOffsetSeconds, -86_340), 86_340))
    let days = Int((local >= 0 ? local : local - 86_399) / 86_400)
    let seconds = Int(local) - days * 86_400
    (year, month, day) = Self.civil(days: days)
    hour = seconds / 3600
    minute = seconds / 60 % 60
    second = seconds % 60
    utcOffsetMinutes = min(max(utcOffsetSeconds, -86_340), 86_340) / 60
  }

  /// Reads a Date field leniently: `Thu, 06 Aug 2026 15:45:49 +0200 (CEST)`, `30 Aug 11 07:49`.
  package init?(_ field: String) {
    let words = Self.withoutComments(field).split { $0 == " " || $0 == "," || $0 == "\t" }
    guard let monthAt = words.prefix(4).firstIndex(where: { Self.month($0) != nil }), monthAt > 0,
      words.count >= monthAt + 3, let month = Self.month(words[monthAt]),
      let day = Self.number(words[monthAt - 1]), let year = Self.year(words[monthAt + 1])
    else { return nil }
    let clock = words[monthAt + 2].split(separator: ":", omittingEmptySubsequences: false)
    guard (2...3).contains(clock.count), let hour = Self.number(clock[0]),
      let minute = Self.number(clock[1]),
      let second = clock.count == 3 ? Self.number(clock[2]) : 0,
      day >= 1, day <= Self.daysInMonth(year, month), hour < 24, minute < 60, second <= 60
    else { return nil }
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
    utcOffsetMinutes = words.count > monthAt + 3 ? Self.zone(words[monthAt + 3]) : nil
  }

  /// `Thu, 06 Aug 2026 15:45:49 +0200`
  package var rfc5322: String {
    "\(weekday), \(Self.two(day)) \(Self.months[month - 1]) \(Self.four(year)) "
      + "\(Self.two(hour)):\(Self.two(minute)):\(Self.two(second)) \(zone ?? "-0000")"
  }

  /// `15:45`
  var clock: String { "\(Self.two(hour)):\(Self.two(minute))" }

  /// `+0200`; nil when the text named none.
  var zone: String? {
    utcOffsetMinutes.map { offset in
      (offset < 0 ? "-" : "+") + Self.two(abs(offset) / 60) + Self.two(abs(offset) % 60)
    }
  }

  private var weekday: String { Self.weekdays[weekdayFromMonday] }

  /// 0 is Monday; 1 January 1970 was a Thursday.
  var weekdayFromMonday: Int { ((Self.days(year, month, day) + 3) % 7 + 7) % 7 }

  // The civil calendar in eras of 400 years, each of 146 097 days, years beginning in March:
  // Howard Hinnant, https://howardhinnant.github.io/date_algorithms.html

  private static func civil(days: Int) -> (Int, Int, Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
      dayOfYear - (153 * marchMonth + 2) / 5 + 1
    )
  }

  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func daysInMonth(_ year: Int, _ month: Int) -> Int {
    month == 12 ? 31 : days(year, month + 1, 1) - days(year, month, 1)
  }

  private static func month(_ word: Substring) -> Int? {
    let name = word.prefix(3).lowercased()
    return months.firstIndex { $0.lowercased() == name }.map { $0 + 1 }
  }

  private static func number(_ word: Substring) -> Int? {
    guard (1...4).contains(word.utf8.count), word.utf8.allSatisfy({ (48...57).contains($0) }) else {
      return nil
    }
    return Int(word)
  }

  /// RFC 5322, 4.3: years of two and three digits.
  private static func year(_ word: Substring) -> Int? {
    number(word).map { value in
      switch word.utf8.count {
      case 4: value
      case 3: value + 1900
      default: value + (value < 50 ? 2000 : 1900)
      }
    }
  }

  private static func zone(_ word: Substring) -> Int? {
    if let known = zones[word.uppercased()] { return known }
    guard let sign = word.first, sign == "+" || sign == "-", word.utf8.count == 5,
      let digits = number(word.dropFirst()), digits % 100 < 60
    else { return nil }
    // RFC 5322, 3.3: `-0000` says that the zone is not known.
    guard word != "-0000" else { return nil }
    return (sign == "-" ? -1 : 1) * (digits / 100 * 60 + digits % 100)
  }

  private static func withoutComments(_ text: String) -> String {
    var depth = 0
    return String(
      SafeText.line(text, limit: 200).filter { character in
        if character == "(" { depth += 1 }
        defer { if character == ")" { depth = max(0, depth - 1) } }
        return depth == 0 && character != ")"
      })
  }

  private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

  private static func four(_ value: Int) -> String {
    String(repeating: "0", count: max(0, 4 - String(value).count)) + String(value)
  }
}
