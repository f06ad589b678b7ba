internal import Glibc
internal import Synchronization

/// Severities, as Postfix means them: error = a job suffered, warning = went on without, info = happened.
package enum LogLevel: String, Sendable, Comparable, CaseIterable {
  case error, warning, info, debug

  fileprivate var rank: Int {
    switch self {
    case .error: 0
    case .warning: 1
    case .info: 2
    case .debug: 3
    }
  }

  package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }
}

/// One line per event: time, level, event, then key=value fields in the order given.
///
/// Never message content; addresses only at debug.
package struct Log: Sendable {
  /// Shared by all copies: a reload changes it.
  private let threshold: Threshold
  /// systemd's journal keeps time and reads the level from `<n>` (sd-daemon(3)).
  private let toJournal: Bool
  private let descriptor: Int32

  package init(level: LogLevel) {
    self.init(
      level: level, toJournal: unsafe getenv("JOURNAL_STREAM") != nil, descriptor: STDERR_FILENO)
  }

  init(level: LogLevel, toJournal: Bool, descriptor: Int32) {
    threshold = Threshold(level)
    self.toJournal = toJournal
    self.descriptor = descriptor
  }

  package var level: LogLevel {
    get { LogLevel.allCases[threshold.rank.load(ordering: .relaxed)] }
    nonmutating set { threshold.rank.store(newValue.rank, ordering: .relaxed) }
  }

  private final class Threshold: Sendable {
    let rank: Atomic<Int>
    init(_ level: LogLevel) { rank = Atomic(level.rank) }
  }

  package func error(_ event: String, _ fields: KeyValuePairs<String, String?> = [:]) {
    write(.error, event, fields)
  }

  package func warning(_ event: String, _ fields: KeyValuePairs<String, String?> = [:]) {
    write(.warning, event, fields)
  }

  package func info(_ event: String, _ fields: KeyValuePairs<String, String?> = [:]) {
    write(.info, event, fields)
  }

  /// On the way of every message: fields that nobody reads are not made.
  package func debug(
    _ event: String, _ fields: @autoclosure () -> KeyValuePairs<String, String?> = [:]
  ) {
    guard threshold.rank.load(ordering: .relaxed) >= LogLevel.debug.rank else { return }
    write(.debug, event, fields())
  }

  private func write(
    _ severity: LogLevel, _ event: String, _ fields: KeyValuePairs<String, String?>
  ) {
    // On the way of every message, hence no lock.
    guard severity.rank <= threshold.rank.load(ordering: .relaxed) else { return }
    var line = toJournal ? Self.journalPrefix(severity) : Self.timestamp() + " "
    line += "\(severity.rawValue): \(Self.oneLine(event))"
    for (name, value) in fields {
      guard let value else { continue }
      line += " \(name)=\(Self.quoted(value))"
    }
    writeAll(Array((line + "\n").utf8), to: descriptor)
  }

  private static func journalPrefix(_ severity: LogLevel) -> String {
    switch severity {
    case .error: "<3>"
    case .warning: "<4>"
    case .info: "<6>"
    case .debug: "<7>"
    }
  }

  /// A line stays a line whatever a stranger put into a value.
  private static func oneLine(_ text: String) -> String {
    guard !text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) else { return text }
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
            || [0x2028, 0x2029].contains(scalar.value) ? "?" : scalar
        }))
  }

  /// By scalars, not characters: a combining mark behind a quote must not hide it.
  private static func quoted(_ value: String) -> String {
    let isPlain = value.utf8.allSatisfy {
      (0x21..<0x7f).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=")
    }
    if isPlain, !value.isEmpty { return value }
    let clean = oneLine(value)
    guard
      clean.isEmpty || clean.unicodeScalars.contains(where: { " \"=".unicodeScalars.contains($0) })
    else { return clean }
    var escaped = "\"".unicodeScalars
    for scalar in clean.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { escaped.append("\\") }
      escaped.append(scalar)
    }
    return String(escaped) + "\""
  }

  private static func timestamp() -> String {
    var now = time(nil)
    var parts = unsafe tm()
    unsafe localtime_r(&now, &parts)
    var text = [CChar](repeating: 0, count: 32)
    let count = unsafe strftime(&text, text.count, "%Y-%m-%dT%H:%M:%S%z", &parts)
    return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// Writes all bytes to a descriptor; a closed one is nobody's loss here.
package func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    if count > 0 {
      rest = rest.dropFirst(count)
    } else if errno != EINTR {
      return
    }
  }
}
