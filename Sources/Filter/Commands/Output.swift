internal import Glibc
internal import Operations

/// What commands print.
enum Output {
  static func text(_ text: String) { writeAll(Array(text.utf8), to: STDOUT_FILENO) }
  static func bytes(_ bytes: [UInt8]) { writeAll(bytes, to: STDOUT_FILENO) }

  /// One line each, as every Unix command complains.
  static func complain(_ sentence: String) {
    let lines = sentence.split(separator: "\n").map { "voicemail-milter: \($0)\n" }
    writeAll(Array(lines.joined().utf8), to: STDERR_FILENO)
  }

  /// A line of its own form on standard error.
  static func line(_ sentence: String) {
    let text = sentence.split(separator: "\n").joined(separator: "; ")
    writeAll(Array("\(text)\n".utf8), to: STDERR_FILENO)
  }

  /// Text from a mail on its way to a terminal: no control character gets through.
  static func safe(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: " "
          default: scalar
          }
        }))
  }

  /// `1:05`, or `1:02:05`.
  static func clock(_ seconds: Double) -> String {
    let whole = seconds.isFinite ? Int(min(max(seconds, 0), 1e9).rounded()) : 0
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return whole < 3600
      ? "\(whole / 60):\(two(whole % 60))"
      : "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
  }

  /// `12 s`, `5 min`, `3 h`, `2 d`.
  static func age(_ milliseconds: Int64) -> String {
    let seconds = max(milliseconds, 0) / 1_000
    return switch seconds {
    case ..<120: "\(seconds) s"
    case ..<7_200: "\(seconds / 60) min"
    case ..<172_800: "\(seconds / 3_600) h"
    default: "\(seconds / 86_400) d"
    }
  }

  /// `512 bytes`, `27 KB`, `1.4 MB`, `71.9 GB`.
  static func size(_ bytes: Int64) -> String {
    switch bytes {
    case ..<1_024: "\(bytes) bytes"
    case ..<1_048_576: "\(bytes / 1_024) KB"
    case ..<1_073_741_824: "\(tenths(Double(bytes) / 1_048_576)) MB"
    default: "\(tenths(Double(bytes) / 1_073_741_824)) GB"
    }
  }

  /// One digit after the point.
  static func tenths(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "?" }
    let scaled = Int((value * 10).rounded())
    return "\(scaled < 0 ? "-" : "")\(abs(scaled) / 10).\(abs(scaled) % 10)"
  }

  /// What tables are made for.
  static let columns = 80

  /// `label` in a column, then the value.
  static func row(_ label: String, _ value: String, labelWidth: Int = 12) -> String {
    "  " + left(label, labelWidth - 1) + " " + value + "\n"
  }

  /// A report: in a terminal, what is longer than its lines goes on below the value it belongs to. Elsewhere lines stay
  /// whole, for grep(1).
  static func fitted(_ text: String) -> String {
    guard let columns = terminalColumns else { return text }
    return text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { wrapped($0, columns) }.joined(separator: "\n")
  }

  /// Of standard output; nil when that is no terminal. C: TIOCGWINSZ, tty_ioctl(4).
  private static var terminalColumns: Int? {
    guard isatty(STDOUT_FILENO) == 1 else { return nil }
    var size = winsize()
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 40 else {
      return columns
    }
    return Int(size.ws_col)
  }

  /// Divided at spaces, though not between a number and what it counts; the rest stands below the value, which follows
  /// the first wide gap.
  static func wrapped(_ line: Substring, _ width: Int) -> String {
    guard line.count > width else { return String(line) }
    let label = line.drop { $0 == " " }
    let gap = label.firstRange(of: "  ")?.lowerBound ?? label.startIndex
    let value = line[gap...].drop { $0 == " " }
    let indent = line.distance(from: line.startIndex, to: value.startIndex)
    guard indent < width / 2 else { return String(line) }
    var rest = line
    var lines: [String] = []
    while rest.count > width, let end = lastBreak(in: rest.prefix(width + 1), after: indent) {
      let line = rest[..<end]
      lines.append(
        String(line.prefix(upTo: line.lastIndex { $0 != " " }.map(line.index(after:)) ?? end)))
      rest = (String(repeating: " ", count: indent) + rest[end...].drop { $0 == " " })[...]
    }
    return (lines + [String(rest)]).joined(separator: "\n")
  }

  private static func lastBreak(in line: Substring, after indent: Int) -> Substring.Index? {
    let value = line.dropFirst(indent + 1)
    let spaces = value.indices.filter { line[$0] == " " }
    return spaces.last { !line[line.index(before: $0)].isNumber } ?? spaces.last
  }

  /// Filled up on the right.
  static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0))
  }

  /// Filled up on the left.
  static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
  }

  /// No longer than that, with `...` for what is left out.
  static func cut(_ text: String, _ width: Int) -> String {
    text.count <= width ? text : text.prefix(width - 3) + "..."
  }

  /// A question on standard error, so that the answer to a redirected command is still asked for.
  static func prompt(_ question: String) { writeAll(Array(question.utf8), to: STDERR_FILENO) }
}
