internal import Glibc

/// An event of the log in the forms in which it goes out; each stays one line whatever a stranger put into a value.
struct LogLine {
  static let program = "voicemail-milter"
  /// syslog(3): LOG_MAIL, where the MTA's own lines are.
  static let facility = 2

  var level: LogLevel
  var event: String
  var fields: [(name: String, value: String)]

  /// `info: delivered id=1 form=enhanced`
  var text: String {
    var line = "\(level.rawValue): \(Self.oneLine(event))"
    for (name, value) in fields { line += " \(name)=\(Self.quoted(value))" }
    return line
  }

  /// With its time, for a file or a terminal.
  var stamped: String { Self.timestamp() + " " + text }

  /// For systemd's journal as the reader of standard error (sd-daemon(3)): it keeps time itself.
  var prefixed: String { "<\(level.priority)>\(text)" }

  /// One JSON object; all values are texts, as in the other forms.
  var json: String {
    let own = [("time", Self.timestamp()), ("level", level.rawValue), ("event", event)]
    let members = (own + fields.map { ($0.name, $0.value) }).map { name, value in
      "\(Self.escaped(name)):\(Self.escaped(Self.oneLine(value)))"
    }
    return "{\(members.joined(separator: ","))}"
  }

  /// A datagram for /dev/log, as glibc's syslog(3) writes it (RFC 3164).
  var syslog: String {
    "<\(Self.facility * 8 + level.priority)>\(Self.time("%b %e %H:%M:%S")) "
      + "\(Self.program)[\(getpid())]: \(text)"
  }

  /// A datagram in systemd's native journal protocol: a line for each field. Values have no line ends.
  var journal: String {
    var lines = [
      "MESSAGE=\(text)", "PRIORITY=\(level.priority)", "SYSLOG_FACILITY=\(Self.facility)",
      "SYSLOG_IDENTIFIER=\(Self.program)", "VOICEMAIL_EVENT=\(Self.oneLine(event))",
    ]
    lines += fields.map { "VOICEMAIL_\($0.name.uppercased())=\(Self.oneLine($0.value))" }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func oneLine(_ text: String) -> String {
    // Nearly all are plain.
    guard !text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) else { return text }
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
            || [0x2028, 0x2029].contains(scalar.value) ? "?" : scalar
        }))
  }

  /// By bytes, not characters: a combining mark behind a quote must not hide it.
  private static func quoted(_ value: String) -> String {
    let clean = oneLine(value)
    guard
      clean.isEmpty || clean.utf8.contains(where: { [0x20, 0x22, 0x3d].contains($0) })
    else { return clean }
    return escaped(clean)
  }

  private static func escaped(_ text: String) -> String {
    var escaped = "\"".unicodeScalars
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { escaped.append("\\") }
      escaped.append(scalar)
    }
    return String(escaped) + "\""
  }

  private static func timestamp() -> String { time("%Y-%m-%dT%H:%M:%S%z") }

  /// Local. C: strftime(3)
  private static func time(_ format: String) -> String {
    var now = Glibc.time(nil)
    var parts = unsafe tm()
    unsafe localtime_r(&now, &parts)
    var text = [CChar](repeating: 0, count: 64)
    let count = unsafe strftime(&text, text.count, format, &parts)
    return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
