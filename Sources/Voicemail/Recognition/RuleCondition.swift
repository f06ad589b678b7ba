/// One line of a rule: where to look, and for what.
struct RuleCondition: Sendable {
  enum Place: Sendable, Equatable {
    case sender
    case recipient
    /// The message's own media type.
    case type
    /// A field of the header section, by its lower-case name.
    case header(String)
    case part(PartField)
    /// The message's first text part.
    case text
  }

  enum PartField: String, Sendable, CaseIterable {
    case description, voice, name, type
  }

  /// As the rule writes it: `header Subject`.
  var key: String
  var place: Place
  var pattern: any TextPattern

  /// What a key names; nil when it names nothing. A digit behind tells it from another of its kind, as a section of
  /// a key file has each key once: `text 2`.
  static func place(_ key: String) -> Place? {
    if let last = key.last, "23456789".contains(last), key.dropLast().hasSuffix(" "),
      let place = place(SafeText.line(String(key.dropLast())))
    {
      return place
    }
    let words = key.split(separator: " ", maxSplits: 1).map { SafeText.line(String($0)) }
    switch (words.first?.lowercased(), words.count) {
    case ("sender", 1): return .sender
    case ("recipient", 1): return .recipient
    case ("type", 1): return .type
    case ("text", 1): return .text
    case ("header", 2): return .header(words[1].lowercased())
    case ("part", 2): return PartField(rawValue: words[1].lowercased()).map { .part($0) }
    default: return nil
    }
  }

  /// Whether a message that a person forwards still has it.
  var survivesForwarding: Bool {
    switch place {
    case .part, .text, .header("subject"): true
    case .sender, .recipient, .type, .header: false
    }
  }

  /// What the pattern found, from the first text it matches; nil when it matches none.
  func captures(_ message: MessageFacts, _ envelope: Envelope) -> [String: String]? {
    for text in texts(message, envelope) {
      if let captures = pattern.captures(in: text) { return captures }
    }
    return nil
  }

  /// What stands in that place, for an administrator: the first text that matches, else the first there is. Text parts
  /// are too long to be shown.
  func shown(_ message: MessageFacts, _ envelope: Envelope) -> String? {
    guard place != .text else { return nil }
    let texts = texts(message, envelope)
    let text = texts.first { pattern.captures(in: $0) != nil } ?? texts.first
    return text.map { SafeText.line($0, limit: 70) }
  }

  private func texts(_ message: MessageFacts, _ envelope: Envelope) -> [String] {
    switch place {
    case .sender: [envelope.sender]
    case .recipient: envelope.recipients.map(\.address)
    case .type: [message.contentType]
    case .text: message.text.map { [$0] } ?? []
    case .header(let name):
      message.headers.filter { ASCIIText.isSame($0.name, name) }.prefix(20).map(\.value)
    case .part(let field):
      message.parts.filter { !$0.isNested }.prefix(100).compactMap { part in
        switch field {
        case .description: part.description
        case .voice: part.dispositionParameters["voice"]
        case .name: part.filename
        case .type: part.contentType
        }
      }
    }
  }
}
