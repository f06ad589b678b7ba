/// One thing that `check` looked at, and how it is.
struct Finding: Equatable {
  enum Grade: String {
    case good = "ok"
    /// It works, but not as well as it could.
    case advice
    case wrong = "WRONG"
  }

  var grade: Grade
  /// What is, in one line.
  var what: String
  /// Why it matters.
  var why = ""
  /// Shell commands that mend it.
  var mend: [String] = []
  /// postconf(1) commands that mend it; `--fix-postfix` runs these.
  var postconf: [String] = []
  /// Has Postfix read what those have changed.
  var reload: String?

  static func good(_ what: String) -> Finding { Finding(grade: .good, what: what) }

  /// Several lines: the first is for grep(1), the others explain it. Commands stay whole, to be copied.
  var text: String {
    func line(_ label: String, _ value: String) -> String { Output.left(label, 8) + value + "\n" }
    var text = Output.fitted(line(grade.rawValue, what) + (why.isEmpty ? "" : line("", why)))
    let commands = mend + postconf + (postconf.isEmpty ? [] : [reload].compactMap(\.self))
    for (index, command) in commands.enumerated() {
      text += line("", (index == 0 ? "mend:  " : "       ") + command)
    }
    return text
  }
}
