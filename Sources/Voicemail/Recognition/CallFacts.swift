/// What a rule's expressions say of a call, in the words of the PBX.
package struct CallFacts {
  /// The names of groups that mean something.
  package static let names = [
    "number", "name", "mailbox", "duration", "time", "urgent", "private", "transcript",
  ]

  private var values: [String: String] = [:]
  /// By fact the line of the rule that gave it.
  private(set) var origins: [String: String] = [:]

  /// The first that says something counts. `key`: the line they come from.
  mutating func add(_ captures: [String: String], from key: String) {
    for (name, value) in captures where values[name] == nil {
      guard let known = CallerText.known(value) else { continue }
      // A word in the number's place is a name at best.
      if name == "number", !CallerText.isNumber(known, leastDigits: 1) { continue }
      values[name] = known
      origins[name] = key
    }
  }

  var caller: Caller { CallerText.caller(number: values["number"], name: values["name"]) }
  var mailbox: String? { values["mailbox"] }
  var time: String? { values["time"] }
  var isUrgent: Bool { values["urgent"] != nil }
  var isPrivate: Bool { values["private"] != nil }
  var hasTranscript: Bool { values["transcript"] != nil }
  /// `17`, `0:17`, `1:02:03`, `17 seconds`; nil when it is none of them or longer than a day.
  var statedSeconds: Int? { values["duration"].flatMap(Self.seconds) }

  static func seconds(_ text: String) -> Int? {
    let clock = text.prefix { $0.isASCII && ($0.isNumber || $0 == ":") }
    let fields = clock.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...3).contains(fields.count) else { return nil }
    var total = 0
    for (index, field) in fields.enumerated() {
      guard let field, field <= 86_400, index == 0 || field < 60 else { return nil }
      total = total * 60 + field
    }
    return total <= 86_400 ? total : nil
  }
}
