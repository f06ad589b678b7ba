/// The keys of a `[policy NAME]` section that are no conditions.
enum PolicyValue {
  private static let keys = [
    "mode", "subject", "content_in_subject", "engines", "language", "template", "vocabulary",
    "country", "threading", "count_calls", "deadline", "late_transcript", "take_private",
    "dial_extensions", "channels",
  ]

  static func set(
    _ key: String, _ value: String, _ milliseconds: (String) -> Int64?, in policy: inout Policy
  ) throws(InvalidRule) {
    switch key {
    case "mode": policy.mode = try choice(key, value)
    case "subject": policy.subject = try choice(key, value)
    case "content_in_subject": policy.contentInSubject = try yes(key, value)
    case "engines":
      let names = PolicyRule.list(value)
      guard !names.isEmpty else { throw InvalidRule(key, "names no engine") }
      policy.engines = names
    case "language":
      guard isLanguageTag(value) else {
        throw InvalidRule(key, "must be a language tag such as de or en-GB")
      }
      policy.language = value
    case "template": policy.template = try path(key, value)
    case "vocabulary": policy.vocabulary = try path(key, value)
    case "country":
      guard Country(value) != nil else {
        throw InvalidRule(key, "must be a country such as DE or +49")
      }
      policy.country = value
    case "channels": policy.channels = try choice(key, value)
    case "threading": policy.threading = try choice(key, value)
    case "count_calls": policy.countCalls = try yes(key, value)
    case "take_private": policy.takesPrivate = try yes(key, value)
    case "dial_extensions": policy.dialsExtensions = try yes(key, value)
    case "deadline":
      guard let time = milliseconds(value) else {
        throw InvalidRule(key, "must be a time such as 30s, 5min, 2h or 5d, at most 3650d")
      }
      policy.deadlineMS = time
    case "late_transcript":
      guard ["drop", "reply"].contains(value) else {
        throw InvalidRule(key, "must be drop or reply")
      }
      policy.lateReply = value == "reply"
    default:
      throw InvalidRule(
        key,
        "no such key; conditions are recipient, sender, mailbox, rule, values are "
          + keys.joined(separator: ", "))
    }
  }

  /// What would be without effect is an error, as somebody expects one.
  static func check(_ policy: Policy) throws(InvalidRule) {
    guard policy.mode != .hold else { return }
    if policy.subject != .original {
      throw InvalidRule(
        "subject", "must be original with mode = \(policy.mode.rawValue), which leaves it alone")
    }
    if policy.lateReply {
      throw InvalidRule(
        "late_transcript", "goes with mode = hold, not \(policy.mode.rawValue)")
    }
  }

  private static func choice<Value: RawRepresentable<String> & CaseIterable>(
    _ key: String, _ value: String
  ) throws(InvalidRule) -> Value {
    guard let found = Value(rawValue: value) else {
      let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
      throw InvalidRule(key, "must be one of \(known)")
    }
    return found
  }

  private static func yes(_ key: String, _ value: String) throws(InvalidRule) -> Bool {
    guard ["yes", "no"].contains(value) else { throw InvalidRule(key, "must be yes or no") }
    return value == "yes"
  }

  private static func path(_ key: String, _ value: String) throws(InvalidRule) -> String {
    guard value.hasPrefix("/") else { throw InvalidRule(key, "must be an absolute path") }
    return value
  }

  /// BCP 47 in its usual forms: a language of two or three letters, then subtags.
  private static func isLanguageTag(_ text: String) -> Bool {
    let tags = text.split(separator: "-", omittingEmptySubsequences: false)
    guard let first = tags.first, (2...3).contains(first.utf8.count), text.utf8.count <= 35,
      first.utf8.allSatisfy({ (97...122).contains($0 | 0x20) })
    else { return false }
    return tags.dropFirst().allSatisfy { tag in
      (1...8).contains(tag.utf8.count)
        && tag.utf8.allSatisfy { (97...122).contains($0 | 0x20) || (48...57).contains($0) }
    }
  }
}
