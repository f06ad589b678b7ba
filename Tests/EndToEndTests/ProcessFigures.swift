import Foundation
import Glibc
import Synchronization

/// What a process has of the system.
struct ProcessFigures: Sendable {
  let pid: pid_t

  /// What a busy process may have beyond an idle one: Dispatch takes three when it first sets a timer.
  static let spareDescriptors = 5

  init(_ pid: pid_t) { self.pid = pid }

  /// Open descriptors.
  var descriptors: Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd"))?.count ?? 0
  }

  /// Resident memory in MB.
  var resident: Int {
    let text = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return line.flatMap { Int($0.split(whereSeparator: \.isWhitespace)[1]) }.map { $0 >> 10 } ?? -1
  }
}

/// The highest of a value, looked at every few milliseconds.
final class Peak: Sendable {
  private let highest = Mutex(0)
  private let isEnded = Mutex(false)

  init(_ value: @escaping @Sendable () -> Int) {
    Thread.detachNewThread { [self] in
      while !isEnded.withLock({ $0 }) {
        let now = value()
        highest.withLock { $0 = max($0, now) }
        usleep(5_000)
      }
    }
  }

  func end() -> Int {
    isEnded.withLock { $0 = true }
    return highest.withLock { $0 }
  }
}
