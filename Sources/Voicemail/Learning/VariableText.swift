/// A place that a phone system fills in anew for each message, and what it seems to be.
struct VariableText {
  private let texts: [String]
  /// The word before it.
  private let label: String

  init(_ texts: [String], after label: String) {
    self.texts = texts
    self.label = label.lowercased().filter { $0.isLetter }
  }

  static let mailboxLabels: Set<String> = [
    "mailbox", "box", "mb", "extension", "ext", "inbox", "to", "nebenstelle", "für",
    "mailboxnummer",
    "poste", "interno", "extensión", "anschluss",
  ]
  static let callerLabels: Set<String> = [
    "from", "caller", "callerid", "number", "von", "anrufer", "rufnummer", "de", "appelant", "cli",
    "phone", "van", "beller", "chiamante", "llamante",
  ]
  static let nameLabels: Set<String> = ["name", "callername", "calleridname", "anrufername"]
  static let lengthLabels: Set<String> = [
    "length", "duration", "dauer", "länge", "aufnahmelänge", "durée", "duración", "durata", "duur",
  ]
  static let timeLabels: Set<String> = ["received", "created", "date", "time", "datum", "zeit"]

  /// Whether some sample has nothing there.
  var isOptional: Bool { texts.contains("") }

  /// The expression for it; nil where all samples have nothing there. `used`: facts that have their group.
  func expression(_ used: inout Set<String>) -> String? {
    let filled = texts.filter { !$0.isEmpty }
    return filled.isEmpty ? nil : group(filled, &used)
  }

  private func group(_ filled: [String], _ used: inout Set<String>) -> String {
    let isClock = { (text: String) in
      text.contains(":") && text.allSatisfy { $0.isWholeNumber || $0 == ":" }
    }
    if filled.allSatisfy({ isClock($0) && CallFacts.seconds($0) != nil }) {
      return named("duration", "[\\d:]+", &used)
    }
    if filled.allSatisfy({ CallerText.isNumber($0) }) {
      if Self.mailboxLabels.contains(label), let text = once("mailbox", "\\d+", &used) {
        return text
      }
      return named("number", "\\+?[\\d ().-]+\\d", &used)
    }
    // `Anna Meyer (07700900123)`, `Anna Meyer <07700900123>`, `Anna Meyer (415) 555-0100`
    if filled.allSatisfy(Self.endsWithNumber), !used.contains("number") {
      let name = used.contains("name") ? ".*?" : "(?<name>.*?)"
      used.formUnion(["name", "number"])
      return filled.allSatisfy { $0.hasSuffix(")") || $0.hasSuffix(">") }
        ? name + " ?[(<]?(?<number>\\+?\\d[\\d ().-]*\\d)[)>]?"
        : name + " ?(?<number>\\+?\\(?\\d[\\d ().-]*\\d)"
    }
    // `5010 (Anna Meyer)`
    if filled.allSatisfy(Self.beginsWithNumber), !used.contains("number"), !used.contains("name") {
      used.formUnion(["name", "number"])
      return "(?<number>\\+?\\d+) ?\\(?(?<name>[^)]+)\\)?"
    }
    let hasWords = filled.contains { $0.contains(where: \.isLetter) }
    return hasWords && (Self.callerLabels.contains(label) || Self.nameLabels.contains(label))
      ? named("name", ".+?", &used) : ".+?"
  }

  private func once(_ fact: String, _ pattern: String, _ used: inout Set<String>) -> String? {
    used.insert(fact).inserted ? "(?<\(fact)>\(pattern))" : nil
  }

  private func named(_ fact: String, _ pattern: String, _ used: inout Set<String>) -> String {
    once(fact, pattern, &used) ?? pattern
  }

  private static func beginsWithNumber(_ text: String) -> Bool {
    let digits = text.prefix { $0.isWholeNumber || $0 == "+" }
    return digits.count >= 3 && text.dropFirst(digits.count).contains(where: \.isLetter)
      && " (".contains(text[digits.endIndex])
  }

  private static func endsWithNumber(_ text: String) -> Bool {
    let bare = text.hasSuffix(")") || text.hasSuffix(">") ? String(text.dropLast()) : text
    let tail = bare.reversed().prefix { $0.isWholeNumber || "+-(). ".contains($0) }
    return tail.count(where: \.isWholeNumber) >= 3 && tail.count < bare.count
  }
}
