internal import Glibc

/// Why the milter could not listen or run.
package struct MilterError: Error, Equatable, CustomStringConvertible {
  package enum Code: Sendable, Equatable {
    /// The text of `listen` says no address.
    case badAddress
    /// Another process answers at that address.
    case inUse
    /// The operating system refused a step.
    case system
    /// libmilter refused a step; its reason is in syslog.
    case library
    /// libmilter runs once per process.
    case usedUp
  }

  package let code: Code
  /// The address as configured, or `libmilter`.
  package let subject: String
  /// What was attempted and why it failed, in one line.
  package let reason: String

  package var description: String { "milter socket \(subject): \(reason)" }

  init(_ code: Code, _ subject: String, _ reason: String) {
    self.code = code
    self.subject = subject
    self.reason = reason
  }

  /// C: `errno`, `strerror`
  static func system(_ subject: String, _ attempt: String, _ number: Int32 = errno) -> MilterError {
    let text = unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
    return MilterError(.system, subject, "\(attempt): \(text)")
  }
}
