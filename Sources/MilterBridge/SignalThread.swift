internal import Glibc

/// libmilter's thread that waits for SIGTERM, SIGHUP and SIGINT. C: `mi_signal_thread` (libmilter/signal.c)
enum SignalThread {
  /// Whether a thread other than the main one would take SIGTERM: all but libmilter's have it blocked, and that one has
  /// while it does not wait. C: proc(5), `/proc/pid/task/tid/status`, SigBlk
  static var isWaiting: Bool {
    guard let folder = unsafe opendir("/proc/self/task") else { return true }
    defer { unsafe closedir(folder) }
    while let entry = unsafe readdir(folder) {
      let thread = unsafe withUnsafeBytes(of: entry.pointee.d_name) { name in
        unsafe name.baseAddress.map {
          unsafe strtol($0.assumingMemoryBound(to: CChar.self), nil, 10)
        }
      }
      guard let thread, thread > 0, thread != Int(getpid()), let blocked = blocked(in: thread)
      else { continue }
      if blocked & (1 << UInt64(SIGTERM - 1)) == 0 { return true }
    }
    return false
  }

  private static func blocked(in thread: Int) -> UInt64? {
    let file = unsafe open("/proc/self/task/\(thread)/status", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    let text = unsafe String(unsafeUninitializedCapacity: 4_096) { buffer in
      unsafe max(read(file, buffer.baseAddress, buffer.count), 0)
    }
    let line = text.split(separator: "\n").first { $0.hasPrefix("SigBlk:") }
    return line.flatMap { UInt64($0.dropFirst(8), radix: 16) }
  }
}
