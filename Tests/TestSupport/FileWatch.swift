import Foundation
import Glibc

/// Wakes when a file is written to, or a file comes into a directory. C: inotify(7).
final class FileWatch {
  private static let events = UInt32(IN_MODIFY | IN_CREATE)

  private let descriptor: Int32
  private let path: String

  /// A file that is not there yet, such as a log before its first line, is waited for in its directory.
  init?(_ path: String) {
    self.path = path
    descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
    guard descriptor >= 0 else { return nil }
    let directory = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
    guard
      inotify_add_watch(descriptor, path, Self.events) >= 0
        || inotify_add_watch(descriptor, directory, Self.events) >= 0
    else {
      close(descriptor)
      return nil
    }
  }

  deinit { close(descriptor) }

  /// Asks at once and after each change; whether it was so before the limit passed.
  func wait(seconds: Double, until isSo: () -> Bool) -> Bool {
    let end = Date(timeIntervalSinceNow: seconds)
    var events = [UInt8](repeating: 0, count: 4_096)
    while !isSo() {
      let left = end.timeIntervalSinceNow
      guard left > 0 else { return false }
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      _ = poll(&entry, 1, Int32(left * 1_000) + 1)
      while read(descriptor, &events, events.count) > 0 {}
      // It may be there now; to watch it twice is to watch it once.
      _ = inotify_add_watch(descriptor, path, Self.events)
    }
    return true
  }
}
