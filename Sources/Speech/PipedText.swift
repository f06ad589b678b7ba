internal import Glibc

/// A text for a C library that reads files alone, in a worker that may write none: it comes out of a pipe.
enum PipedText {
  /// C: `F_SETPIPE_SZ`, which Swift does not import.
  private static let setPipeSize: Int32 = 1031

  /// What `read` makes of the pipe's path; nil when a pipe does not hold that much: rather without it than stuck.
  static func read(_ text: String, _ read: (_ path: String) -> OpaquePointer?) -> OpaquePointer? {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { return nil }
    defer { close(ends[0]) }
    let bytes = Array(text.utf8)
    // 64 KB unless more is asked for.
    _ = fcntl(ends[1], setPipeSize, Int32(clamping: bytes.count))
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    let written = unsafe write(ends[1], bytes, bytes.count)
    close(ends[1])
    guard written == bytes.count else { return nil }
    return unsafe read("/proc/self/fd/\(ends[0])")
  }
}
