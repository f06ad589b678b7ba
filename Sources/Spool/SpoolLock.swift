internal import Glibc

/// Held by whoever has the spool open for writing: the daemon, or a command while the daemon is down.
///
/// flock(2) on a file beside the spool; the kernel releases it with the process, however that ends.
struct SpoolLock: ~Copyable {
  private let descriptor: Int32
  private let path: String

  /// `patience`: a command may have the spool open, for a moment.
  init(path: String, patience: Duration = .zero) throws(SpoolError) {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw SpoolError("spool lock \(path): \(unsafe String(cString: strerror(errno)))")
    }
    let end = ContinuousClock.now + patience
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard ContinuousClock.now < end else {
        close(descriptor)
        throw SpoolError(
          "spool lock \(path): another voicemail-milter has this spool open; stop it, or choose "
            + "another state_directory")
      }
      usleep(20_000)
    }
    self.descriptor = descriptor
    self.path = path
  }

  /// False when the file was removed: another program could lock a new one.
  var isInPlace: Bool {
    FileIdentity(path: path) != nil && FileIdentity(path: path) == FileIdentity(descriptor)
  }

  deinit { close(descriptor) }
}

/// Which file it is, whatever its name.
struct FileIdentity: Equatable {
  private let device: UInt64
  private let number: UInt64

  init?(path: String) {
    var facts = stat()
    guard unsafe stat(path, &facts) == 0 else { return nil }
    (device, number) = (UInt64(facts.st_dev), UInt64(facts.st_ino))
  }

  init?(_ descriptor: Int32) {
    var facts = stat()
    guard unsafe fstat(descriptor, &facts) == 0 else { return nil }
    (device, number) = (UInt64(facts.st_dev), UInt64(facts.st_ino))
  }
}
