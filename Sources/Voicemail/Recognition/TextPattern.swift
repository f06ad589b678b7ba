/// A regular expression, ready to be used; made outside, since the language has none with limits.
package protocol TextPattern: Sendable {
  /// The named groups that took part; empty for a match without any, nil without a match.
  ///
  /// An expression that would take too long does not match.
  func captures(in text: String) -> [String: String]?
}
