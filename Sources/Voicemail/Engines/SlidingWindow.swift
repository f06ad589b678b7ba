/// How many different messages somebody had within the last hour.
package struct SlidingWindow: Sendable {
  static let lengthMS: Int64 = 3_600_000
  /// More names than this at once are swept.
  private static let sweepAt = 10_000

  private var seen: [String: [String: Int64]] = [:]

  package init() {}

  /// Whether message `id` of `name` stays within the limit (0 is none). The same message again is not a second one.
  package func hasRoom(for id: String, of name: String, limit: Int, nowMS: Int64) -> Bool {
    guard limit > 0 else { return true }
    let messages = fresh(seen[name] ?? [:], nowMS)
    return messages[id] != nil || messages.count < limit
  }

  /// Counts it, where there is a limit.
  package mutating func count(_ id: String, of name: String, limit: Int, nowMS: Int64) {
    guard limit > 0 else { return }
    var messages = fresh(seen[name] ?? [:], nowMS)
    messages[id] = messages[id] ?? nowMS
    seen[name] = messages
    if seen.count > Self.sweepAt {
      seen = seen.mapValues { fresh($0, nowMS) }.filter { !$0.value.isEmpty }
    }
  }

  private func fresh(_ messages: [String: Int64], _ nowMS: Int64) -> [String: Int64] {
    messages.filter { nowMS >= $0.value && nowMS - $0.value < Self.lengthMS }
  }
}
