internal import CGLib
package import Voicemail

/// A PCRE expression of GLib, without regard to case, `^` and `$` at each line, a group name more than once.
///
/// Bounded: an expression that backtracks without end gives up and does not match. C: `g_regex_new`
@safe package final class RegularExpression: TextPattern {
  /// pcre2pattern(3): steps, depth and kilobytes. An honest expression takes a few hundred steps for a field.
  private static let limits = "(*LIMIT_MATCH=100000)(*LIMIT_DEPTH=5000)(*LIMIT_HEAP=4000)"
  /// Longer text is looked at so far.
  private static let textLimitBytes = 16 << 10

  // GLib's expressions are immutable and may be used by several threads.
  private nonisolated(unsafe) let regex: OpaquePointer
  /// The names of its groups.
  private let names: [String]

  /// Throws what is wrong with it, and where.
  package init(_ text: String) throws(InvalidRule) {
    if let wrong = Self.unknownGroup(text) {
      throw InvalidRule(
        nil, "no such fact as \(wrong); known are " + CallFacts.names.joined(separator: ", "))
    }
    var error: UnsafeMutablePointer<GError>?
    let flags = GRegexCompileFlags(
      G_REGEX_CASELESS.rawValue | G_REGEX_MULTILINE.rawValue | G_REGEX_DUPNAMES.rawValue)
    guard
      let regex = unsafe g_regex_new(
        Self.limits + text, flags, GRegexMatchFlags(rawValue: 0), &error)
    else {
      throw InvalidRule(nil, unsafe Self.sentence(error))
    }
    unsafe self.regex = regex
    // C: `g_regex_get_string_number`: -1 for none, and another negative number for a name that two groups have.
    names = CallFacts.names.filter { unsafe g_regex_get_string_number(regex, $0) != -1 }
  }

  deinit { unsafe g_regex_unref(regex) }

  package func captures(in text: String) -> [String: String]? {
    // A cut within a character is repaired; GLib wants UTF-8 without NUL.
    let text =
      text.utf8.count <= Self.textLimitBytes
      ? text : String(decoding: text.utf8.prefix(Self.textLimitBytes), as: UTF8.self)
    // GLib keeps the pointer, not the text, until the groups are fetched.
    return unsafe text.withCString { unsafe groups(in: $0, count: text.utf8.count) }
  }

  /// C: `g_regex_match_full`, `g_match_info_fetch_named`
  private func groups(in text: UnsafePointer<CChar>, count: Int) -> [String: String]? {
    var info: OpaquePointer?
    let isMatch = unsafe g_regex_match_full(
      regex, text, gssize(count), 0, GRegexMatchFlags(rawValue: 0), &info, nil)
    defer { unsafe g_match_info_free(info) }
    guard isMatch != 0 else { return nil }
    var found: [String: String] = [:]
    for name in names {
      guard let value = unsafe g_match_info_fetch_named(info, name) else { continue }
      defer { unsafe g_free(value) }
      let text = unsafe String(cString: value)
      if !text.isEmpty { found[name] = text }
    }
    return found
  }

  /// A group name that means nothing, so is misspelt.
  private static func unknownGroup(_ text: String) -> String? {
    for opening in ["(?<", "(?P<"] {
      for piece in text.split(separator: opening).dropFirst(text.hasPrefix(opening) ? 0 : 1) {
        let name = piece.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        if !name.isEmpty, piece.dropFirst(name.count).hasPrefix(">"),
          !CallFacts.names.contains(String(name))
        {
          return SettingsFile.shown(String(name))
        }
      }
    }
    return nil
  }

  private static func sentence(_ error: UnsafeMutablePointer<GError>?) -> String {
    guard let error = unsafe error else { return "is no regular expression" }
    defer { unsafe g_error_free(error) }
    let message = unsafe String(cString: error.pointee.message)
    // GLib quotes the whole expression, limits included, before it comes to the point.
    guard let point = message.ranges(of: "’ at char ").last else {
      return SettingsFile.shown(message)
    }
    let words = message[point.upperBound...].split(separator: ":", maxSplits: 1)
    let place = words.first.flatMap { Int($0) }.map { max($0 - limits.utf8.count, 0) } ?? 0
    return "is no regular expression: at char \(place):"
      + SettingsFile.shown(words.count > 1 ? String(words[1]) : "")
  }
}
