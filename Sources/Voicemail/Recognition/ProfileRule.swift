/// Why a rule cannot be used.
package struct InvalidRule: Error, Sendable, Equatable {
  /// The line's key; nil when it is the rule as a whole.
  package var key: String?
  package var sentence: String

  package init(_ key: String?, _ sentence: String) {
    self.key = key
    self.sentence = sentence
  }
}

/// A rule as data: the lines of a `[rule NAME]` section.
///
/// - `client`: addresses and networks; `sender`, `recipient`: expressions on the envelope. All that are there must hold.
/// - `header NAME`, `type`, `part description|voice|name|type`, `text`: expressions on the message. All must hold, or with
///   `match = any` one.
/// - `find ...` before any of them but `client`: decides nothing, only gathers facts.
///
/// Named groups are facts of the call: `CallFacts.names`.
package struct ProfileRule: Sendable {
  package let name: String
  private var clients: TrustedSources?
  private var envelope: [RuleCondition] = []
  private var evidence: [RuleCondition] = []
  private var finds: [RuleCondition] = []
  private var needsAll = true

  /// `lines`: keys and values in the order of the file. `pattern` makes an expression, or throws why it is none.
  package init(
    name: String, lines: [(key: String, value: String)],
    pattern: (String) throws(InvalidRule) -> any TextPattern
  ) throws(InvalidRule) {
    self.name = name
    for (key, value) in lines {
      switch key {
      case "match":
        guard ["all", "any"].contains(value) else { throw InvalidRule(key, "must be all or any") }
        needsAll = value == "all"
      case "client":
        clients = try Self.clients(value)
      default:
        try add(key, value, pattern)
      }
    }
    guard clients != nil || !envelope.isEmpty || !evidence.isEmpty else {
      throw InvalidRule(nil, "has no condition, so every recording would be a voicemail")
    }
  }

  private mutating func add(
    _ key: String, _ value: String, _ pattern: (String) throws(InvalidRule) -> any TextPattern
  ) throws(InvalidRule) {
    let isFind = key.hasPrefix("find ")
    guard let place = RuleCondition.place(isFind ? String(key.dropFirst(5)) : key) else {
      throw InvalidRule(
        key,
        "no such key; known are match, client, sender, recipient, type, text, header NAME, part "
          + "description, part voice, part name, part type, and find before each of the last eight")
    }
    var condition: RuleCondition
    do throws(InvalidRule) {
      condition = RuleCondition(key: key, place: place, pattern: try pattern(value))
    } catch {
      throw InvalidRule(key, error.sentence)
    }
    if isFind {
      finds.append(condition)
    } else if place == .sender || place == .recipient {
      envelope.append(condition)
    } else {
      evidence.append(condition)
    }
  }

  private static func clients(_ value: String) throws(InvalidRule) -> TrustedSources {
    let entries = value.split(separator: ",").map { SafeText.line(String($0)) }
    let sources: TrustedSources
    do throws(InvalidSource) {
      sources = try TrustedSources(entries: entries.filter { !$0.isEmpty })
    } catch {
      throw InvalidRule("client", error.sentence)
    }
    guard !sources.networks.isEmpty else { throw InvalidRule("client", "names no address") }
    return sources
  }

  package func match(_ message: MessageFacts, _ sent: Envelope, _ client: ClientFacts)
    -> RuleMatch?
  {
    if let clients, !clients.contains(client) { return nil }
    var facts = CallFacts()
    var matched: [RuleCondition] = []
    for condition in envelope {
      guard let captures = condition.captures(message, sent) else { return nil }
      facts.add(captures, from: condition.key)
      matched.append(condition)
    }
    var own: [RuleCondition] = []
    for condition in evidence {
      if let captures = condition.captures(message, sent) {
        facts.add(captures, from: condition.key)
        own.append(condition)
      } else if needsAll {
        return nil
      }
    }
    guard !own.isEmpty || evidence.isEmpty else { return nil }
    for condition in finds {
      if let captures = condition.captures(message, sent) {
        facts.add(captures, from: String(condition.key.dropFirst("find ".count)))
      }
    }
    matched += own
    let keys =
      (clients == nil ? [] : ["client"])
      + (needsAll ? matched : Array(matched.prefix(envelope.count + 1))).map(\.key)
    var match = RuleMatch(
      evidence: keys.joined(separator: ", "), place: Self.place(own), caller: facts.caller,
      mailbox: facts.mailbox, statedSeconds: facts.statedSeconds, isUrgent: facts.isUrgent,
      time: facts.time, origins: facts.origins)
    match.isPrivate = facts.isPrivate
    match.hasTranscript = facts.hasTranscript
    return match
  }

  private static func place(_ conditions: [RuleCondition]) -> RuleMatch.Place {
    let isContent = !conditions.isEmpty && conditions.allSatisfy(\.survivesForwarding)
    return isContent ? .content : .headerSection
  }

  /// How every line fares, so that it can be told which one decided.
  package func trial(_ message: MessageFacts, _ sent: Envelope, _ client: ClientFacts)
    -> RuleTrial
  {
    var trial = RuleTrial(rule: name, needsAll: needsAll)
    if let clients {
      trial.steps.append(
        .init(key: "client", holds: clients.contains(client), found: client.address))
    }
    for condition in envelope + evidence {
      trial.steps.append(
        .init(
          key: condition.key, holds: condition.captures(message, sent) != nil,
          found: condition.shown(message, sent)))
    }
    trial.match = match(message, sent, client)
    return trial
  }
}

/// How a rule fared with a message, line by line.
package struct RuleTrial: Sendable, Equatable {
  package struct Step: Sendable, Equatable {
    package var key: String
    package var holds: Bool
    /// What stands there, on one line and short; nil when there is nothing.
    package var found: String?
  }
  package var rule: String
  /// Whether one step that does not hold decides.
  package var needsAll = true
  package var steps: [Step] = []
  package var match: RuleMatch?
}
