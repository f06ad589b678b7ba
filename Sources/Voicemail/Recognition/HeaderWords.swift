/// Values of header fields that are one word, perhaps with parameters.
enum HeaderWords {
  /// The first word in lower case: `auto-replied` of `auto-replied; owner-email="..."`.
  static func first(_ value: String?) -> String? {
    value.map { value in
      SafeText.line(String(value.prefix { $0 != ";" }), limit: 80).lowercased()
    }
  }

  /// Content-Class in lower case, without the prefix Exchange gives to mail of unauthenticated
  /// senders and without the `urn:content-classes:` of Outlook.
  static func contentClass(_ message: MessageFacts) -> String? {
    guard var word = first(message.header("Content-Class")) else { return nil }
    for prefix in ["unauthenticated,", "urn:content-classes:"] where word.hasPrefix(prefix) {
      word = SafeText.line(String(word.dropFirst(prefix.count)))
    }
    return word
  }
}
