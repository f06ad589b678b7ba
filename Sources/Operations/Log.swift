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

  /// syslog(3)
  var priority: Int {
    switch self {
    case .error: 3
    case .warning: 4
    case .info: 6
    case .debug: 7
    }
  }

  package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }
}

/// One line per event: level, event, then key=value fields in the order given. docs/log-lines.md explains each.
///
/// Never message content; addresses only where they are asked for.
package struct Log: Sendable {
  /// Shared by all copies: a reload changes it.
  private let choice: Choice
  private let sink: LogSink

  /// `showsAddresses`: of senders and recipients.
  package init(
    level: LogLevel, target: LogTarget = .auto, format: LogFormat = .text,
    showsAddresses: Bool = false
  ) {
    self.init(
      level: level, sink: LogSink(target, format), showsAddresses: showsAddresses)
  }

  init(level: LogLevel, sink: LogSink, showsAddresses: Bool = false) {
    choice = Choice(level, showsAddresses)
    self.sink = sink
  }

  package var level: LogLevel {
    get { LogLevel.allCases[choice.rank.load(ordering: .relaxed)] }
    nonmutating set { choice.rank.store(newValue.rank, ordering: .relaxed) }
  }

  package var showsAddresses: Bool {
    get { choice.showsAddresses.load(ordering: .relaxed) }
    nonmutating set { choice.showsAddresses.store(newValue, ordering: .relaxed) }
  }

  /// For a field: nil, so that it is left out, unless addresses are to be logged.
  package func addresses(_ list: @autoclosure () -> [String]) -> String? {
    showsAddresses ? list().map { "<\($0)>" }.joined(separator: ",") : nil
  }

  private final class Choice: Sendable {
    let rank: Atomic<Int>
    let showsAddresses: Atomic<Bool>
    init(_ level: LogLevel, _ showsAddresses: Bool) {
      rank = Atomic(level.rank)
      self.showsAddresses = Atomic(showsAddresses)
    }
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
    guard choice.rank.load(ordering: .relaxed) >= LogLevel.debug.rank else { return }
    write(.debug, event, fields())
  }

  private func write(
    _ severity: LogLevel, _ event: String, _ fields: KeyValuePairs<String, String?>
  ) {
    // On the way of every message, hence no lock.
    guard severity.rank <= choice.rank.load(ordering: .relaxed) else { return }
    sink.write(
      LogLine(
        level: severity, event: event,
        fields: fields.compactMap { name, value in value.map { (name, $0) } }))
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
