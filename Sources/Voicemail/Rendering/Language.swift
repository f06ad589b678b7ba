/// A language in which mails can be written: its fixed words, dates, and names of languages.
///
/// Each has a file of its own in `Languages/`; a new one is added to `all`.
package struct Language: Sendable {
  /// BCP 47, the primary subtag alone: `de`.
  package let tag: String
  /// How the first day of a month is written.
  var firstOfMonth = "1"
  package let phrases: [Phrase: String]
  /// From Monday.
  package let weekdays: [String]
  package let months: [String]
  /// Words for the digits 0 to 9, as a number is read out.
  package let digits: [[String]]
  /// Words before a digit that say how often it stands there.
  package let repeats: [String: Int]
  /// Names of the languages that recognisers know, by primary subtag.
  package let names: [String: String]

  package static let all: [Language] = [
    .english, .german, .french, .spanish, .italian, .dutch, .portuguese, .polish,
  ]

  /// nil for a language in which no mail can be written.
  package static func known(_ tag: String) -> Language? {
    let primary = LanguageName.primary(tag)
    return all.first { $0.tag == primary }
  }

  package subscript(_ phrase: Phrase) -> String {
    phrases[phrase] ?? Language.english.phrases[phrase] ?? ""
  }

  /// The phrase with its places filled in. What is filled in is not searched for places.
  func fill(_ phrase: Phrase, _ values: [String: String]) -> String {
    var filled = ""
    var rest = self[phrase][...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      filled += rest[..<open]
      filled += values[String(rest[rest.index(after: open)..<close])] ?? ""
      rest = rest[rest.index(after: close)...]
    }
    return filled + rest
  }

  /// What stands before and behind the phrase's only place.
  func halves(_ phrase: Phrase) -> (before: String, after: String) {
    let text = self[phrase]
    guard let open = text.firstIndex(of: "{"), let close = text[open...].firstIndex(of: "}") else {
      return (text, "")
    }
    return (String(text[..<open]), String(text[text.index(after: close)...]))
  }

  /// `Do., 6. Aug. 2026, 15:45 (+0200)`
  package func date(_ date: InternetDate) -> String {
    let filled = fill(
      .date,
      [
        "weekday": weekdays[date.weekdayFromMonday],
        "day": date.day == 1 ? firstOfMonth : "\(date.day)",
        "month": months[date.month - 1], "year": "\(date.year)", "time": date.clock,
      ])
    return filled + (date.zone.map { " (\($0))" } ?? "")
  }

  /// Between two statements of a line, with the space that belongs before it.
  var semicolon: String { self[.colon].replacing(":", with: ";") }

  /// `Englisch` for `en-US`; the tag itself when it is not known; nil for an empty one.
  func name(ofLanguage tag: String) -> String? {
    let clean = LanguageName.tag(tag)
    return clean.isEmpty ? nil : names[LanguageName.primary(clean)] ?? clean
  }

  /// A reason of `Transcript.reason` in this language. One that nobody has translated is told in
  /// general words, as a line in two languages helps no reader.
  func reason(_ english: String) -> String {
    let known = Self.reasons.first { Language.english[$0] == english }
    return known.map { self[$0] } ?? (tag == "en" ? english : self[.reasonNotTranscribed])
  }

  /// The phrases that stand for reasons.
  package static let reasons = Phrase.allCases.filter { $0.rawValue.hasPrefix("reason_") }
}
