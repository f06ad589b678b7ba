import Foundation
import Glibc

/// Wakes when a file is written to, or a file comes into a directory. C: inotify(7).
final class FileWatch {
  private let descriptor: Int32

  init?(_ path: String) {
    descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
    guard descriptor >= 0 else { return nil }
    guard inotify_add_watch(descriptor, path, UInt32(IN_MODIFY | IN_CREATE)) >= 0 else {
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
    }
    return true
  }
}
