internal import Glibc

/// The file of a Unix socket, known by its inode: a newer process may have put its own in place.
struct SocketFile: Sendable {
  private let path: String
  private let device: dev_t
  private let inode: ino_t

  init?(_ path: String) {
    var facts = stat()
    guard unsafe lstat(path, &facts) == 0 else { return nil }
    self.path = path
    device = facts.st_dev
    inode = facts.st_ino
  }

  func remove() {
    var facts = stat()
    guard unsafe lstat(path, &facts) == 0, facts.st_dev == device, facts.st_ino == inode else {
      return
    }
    unsafe unlink(path)
  }
}
