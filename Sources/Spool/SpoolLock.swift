internal import Glibc

/// Held by whoever has the spool open for writing: the daemon, or a command while the daemon is down.
///
/// flock(2) on a file beside the spool; the kernel releases it with the process, however that ends.
struct SpoolLock: ~Copyable {
  private let descriptor: Int32

  init(path: String) throws(SpoolError) {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw SpoolError("spool lock \(path): \(unsafe String(cString: strerror(errno)))")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw SpoolError(
        "spool lock \(path): another voicemail-milter has this spool open; stop it, or choose "
          + "another state_directory")
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}
