/// A `[rule NAME]` section for a phone system that is not known, from sample messages of it.
///
/// What all samples share becomes a condition; what varies, and what every mail has, does not. The subject alone is never
/// enough: with it must come a sender, a field of its own, a Message-ID of its own make, or a label in the text.
package struct RuleProposal: Sendable {
  package struct Line: Sendable, Equatable {
    package var key: String
    package var value: String
    /// For the administrator, above the line; nil when it speaks for itself.
    package var comment: String?
    /// How likely it is that only this phone system fulfils it, from 0.
    var strength: Int
  }

  package private(set) var lines: [Line] = []

  /// Samples that hold a recording; at least one.
  package init(_ samples: [MessageFacts]) {
    addHeaders(samples)
    addMessageID(samples)
    addSender(samples)
    addSubject(samples)
    let names = samples.compactMap { sample in
      sample.parts.first { RecordingParts.kind($0) != nil }?.filename
    }
    addPartName(names, samples.count)
    addText(samples)
  }

  /// Whether a rule may be made of it: the samples have something in common that other mail has not.
  package var isUsable: Bool { strength >= Self.enough }

  private static let enough = 2
  private var strength: Int { lines.reduce(0) { $0 + $1.strength } }

  /// Without the lines that do not hold for a sample, as `holds` finds out. Where enough is left, who the caller is
  /// decides nothing: the field is missing when the caller withholds it.
  package mutating func keep(_ holds: (Line) -> Bool) {
    lines = lines.filter(holds)
    for index in lines.indices where lines[index].key.hasPrefix("header ") {
      let line = lines[index]
      guard let fact = Self.callerFact(line.value), strength - line.strength >= Self.enough else {
        continue
      }
      lines[index].key = "find \(line.key)"
      lines[index].strength = 0
      // Conditions are asked first, and a field of its own says it better.
      for other in lines.indices where other != index {
        lines[other].value = lines[other].value.split(
          separator: "(?<\(fact)>", omittingEmptySubsequences: false
        ).joined(separator: "(?:")
      }
    }
  }

  /// What an expression finds that is nothing but the caller's number or name.
  private static func callerFact(_ expression: String) -> String? {
    expression == callerNumber ? "number" : expression == callerName ? "name" : nil
  }

  private static let callerNumber = "^(?<number>.*)$"
  private static let callerName = "^(?<name>.*)$"

  private mutating func add(
    _ key: String, _ value: String, _ comment: String? = nil, strength: Int = 0
  ) {
    var name = key
    var number = 2
    while lines.contains(where: { $0.key == name }) {
      name = "\(key) \(number)"
      number += 1
    }
    guard number <= 10 else { return }
    lines.append(Line(key: name, value: value, comment: comment, strength: strength))
  }

  // MARK: - Fields

  /// What mail software adds to any mail, or what says nothing of its kind.
  private static let common: Set<String> = [
    "received", "date", "to", "cc", "bcc", "from", "sender", "reply-to", "subject", "message-id",
    "mime-version", "return-path", "delivered-to", "x-original-to", "references", "in-reply-to",
    "importance", "priority", "x-priority", "x-msmail-priority", "authentication-results",
    "dkim-signature", "domainkey-signature", "user-agent", "auto-submitted", "precedence", "status",
    "x-received", "envelope-to", "delivery-date", "original-recipient", "organization", "lines",
    "thread-topic", "thread-index", "accept-language", "x-status", "x-uid", "x-keywords",
    "content-length", "x-mimeole", "x-auto-response-suppress",
  ]
  private static let commonPrefixes = [
    "content-", "arc-", "list-", "received-", "x-spam", "x-virus", "x-ms-", "x-google-", "x-gm-",
    "x-forefront", "x-microsoft", "x-scanned", "x-proofpoint", "x-barracuda", "x-rspamd", "resent-",
    "x-originating", "x-envelope", "x-amavis", "dkim-",
  ]

  private mutating func addHeaders(_ samples: [MessageFacts]) {
    guard let first = samples.first else { return }
    var seen: Set<String> = []
    for field in first.headers {
      let name = field.name.lowercased()
      guard seen.insert(name).inserted, !Self.common.contains(name),
        !Self.commonPrefixes.contains(where: name.hasPrefix)
      else { continue }
      let values = samples.compactMap { $0.header(field.name) }
      guard values.count == samples.count else { continue }
      addField(field.name, values)
    }
  }

  private mutating func addField(_ name: String, _ values: [String]) {
    let words = Set(name.lowercased().split { !$0.isLetter }.map(String.init))
    let joined = name.lowercased()
    let speaks = ["voice", "vm", "call", "pbx", "phone", "mailbox", "ucm", "duration"].contains {
      joined.contains($0)
    }
    if joined == "x-mailer" {
      if let shape = ExpressionText.shape(of: values) {
        add("header \(name)", "^\(shape)$", strength: 1)
      }
      return
    }
    guard speaks else {
      // A field of its own with the same value in all: a sign, not a fact. What has digits in it may be one.
      if Set(values).count == 1, let value = values.first, (1...60).contains(value.utf8.count),
        name.lowercased().hasPrefix("x-"), !value.contains(where: \.isWholeNumber)
      {
        add("header \(name)", "^\(ExpressionText.escaped(value))$", strength: 1)
      }
      return
    }
    add("header \(name)", Self.fieldExpression(joined, words, values), strength: 2)
  }

  private static func fieldExpression(_ name: String, _ words: Set<String>, _ values: [String])
    -> String
  {
    if values.allSatisfy({ CallFacts.seconds($0) != nil }),
      name.contains("length") || name.contains("duration")
    {
      return "^(?<duration>\\d[\\d:]*)"
    }
    if name.contains("name") { return callerName }
    if name.contains("mailbox") || name.contains("extension") || words.contains("ext") {
      return "^(?<mailbox>\\S+)"
    }
    if values.contains(where: { CallerText.isNumber($0) }),
      name.contains("call") || name.contains("phone")
    {
      return callerNumber
    }
    if Set(values).count == 1, let value = values.first, value.utf8.count <= 60 {
      return "^\(ExpressionText.escaped(value))$"
    }
    return "."
  }

  /// A beginning with letters in it that all share: `<Asterisk-`.
  private mutating func addMessageID(_ samples: [MessageFacts]) {
    let values = samples.compactMap { $0.header("Message-ID") }
    guard samples.count > 1, values.count == samples.count, var prefix = values.first else {
      return
    }
    for value in values { prefix = String(zip(prefix, value).prefix { $0 == $1 }.map(\.0)) }
    // Not into a number or the domain, which the host's other mail shares.
    prefix = String(prefix.prefix { $0 != "@" })
    while let last = prefix.last, last.isWholeNumber || last.isHexDigit, prefix.contains("-") {
      prefix.removeLast()
    }
    guard prefix.count(where: \.isLetter) >= 4, Set(values).count == values.count else { return }
    add("header Message-ID", "^\(ExpressionText.escaped(prefix))", strength: 2)
  }

  private mutating func addSender(_ samples: [MessageFacts]) {
    let addresses = samples.map { $0.header("From").map { MailAddress($0).address.lowercased() } }
    guard let first = addresses.first, let address = first, address.contains("@") else { return }
    if addresses.allSatisfy({ $0 == address }), CallerText.number(inAddress: address) == nil {
      add("header From", "\\b\(ExpressionText.escaped(address))\\b", strength: 1)
      return
    }
    let numbers = samples.compactMap { $0.header("From").flatMap(CallerText.number(inAddress:)) }
    guard numbers.count == samples.count else { return }
    let domains = Set(addresses.compactMap { $0?.split(separator: "@").last })
    guard domains.count == 1, let domain = domains.first else { return }
    add(
      "header From",
      "^\"?(?<name>[^\"<]*?)\"?\\s*<?(?<number>\\+?\\d+)@\(ExpressionText.escaped(domain))>?$",
      "The sender is the caller's number.", strength: 1)
  }

  private mutating func addSubject(_ samples: [MessageFacts]) {
    let subjects = samples.map { $0.header("Subject") ?? "" }
    let callers = lines.filter { $0.value == Self.callerName }.flatMap { line in
      samples.compactMap { $0.header(String(line.key.dropFirst("header ".count))) }
    }
    guard let template = SubjectTemplate(subjects, callers: callers) else { return }
    add("header Subject", template.expression, strength: template.frameWords > 1 ? 1 : 0)
  }

  private mutating func addPartName(_ names: [String], _ count: Int) {
    guard names.count == count, !names.isEmpty else { return }
    let pieces = names.map { $0.split(separator: ".", omittingEmptySubsequences: false) }
    guard pieces.allSatisfy({ $0.count > 1 }) else { return }
    let endings = Set(pieces.compactMap { $0.last?.lowercased() }).sorted()
      .map(ExpressionText.escaped)
    let ending = endings.count == 1 ? endings[0] : "(?:\(endings.joined(separator: "|")))"
    let stems = pieces.map { $0.dropLast().joined(separator: ".") }
    // The words of a single name may be those of the caller.
    let isTelling = count > 1 || stems.allSatisfy { !$0.contains(" ") }
    let stem = isTelling ? ExpressionText.shape(of: stems).map { "^\($0)" } : nil
    add("part name", "\(stem ?? "")\\.\(ending)$")
  }

  private mutating func addText(_ samples: [MessageFacts]) {
    let texts = samples.compactMap(\.text)
    guard texts.count == samples.count else { return }
    let known = Set(
      CallFacts.names.filter { name in lines.contains { $0.value.contains("(?<\(name)>") } })
    for (fact, expression) in LabelledLine.finds(texts) {
      let facts = fact == "caller" ? ["name", "number"] : [fact]
      guard !known.isSuperset(of: facts) else { continue }
      // Where little else tells this phone system from others, the line must be there.
      let isCondition = !isUsable && fact != "time"
      add(isCondition ? "text" : "find text", expression, strength: isCondition ? 1 : 0)
    }
  }
}
