internal import Glibc
internal import Synchronization

/// Keeps standard error shut while libsndfile reads what may be MPEG: below it, libmpg123 prints whatever it
/// finds odd, and no option of libsndfile reaches it.
///
/// A worker and a command have one thread that reads recordings, and nobody else who speaks meanwhile.
struct QuietLibrary: ~Copyable {
  private let isNeeded: Bool

  init(_ file: [UInt8]) {
    isNeeded = file.first == 0xFF || file.starts(with: "ID3".utf8)
    if isNeeded { standardError.withLock { $0.shut() } }
  }

  deinit {
    if isNeeded { standardError.withLock { $0.open() } }
  }
}

private let standardError = Mutex(StandardError())

private struct StandardError {
  private var readers = 0
  private var kept: Int32 = -1

  mutating func shut() {
    readers += 1
    guard readers == 1 else { return }
    kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10)
    let nowhere = unsafe Glibc.open("/dev/null", O_WRONLY | O_CLOEXEC)
    guard nowhere >= 0 else { return }
    if kept >= 0 { dup2(nowhere, STDERR_FILENO) }
    close(nowhere)
  }

  mutating func open() {
    readers -= 1
    guard readers == 0, kept >= 0 else { return }
    dup2(kept, STDERR_FILENO)
    close(kept)
    kept = -1
  }
}
