internal import Glibc

/// This process's sockets.
enum OpenSockets {
  /// Of the connections that were made to `address` those that hold bytes nobody has read yet: how many, by the socket's
  /// number. C: proc(5), `/proc/pid/fd`; ioctl(2) `FIONREAD`
  static func unread(at address: SocketAddress) -> [ino_t: Int32] {
    guard let folder = unsafe opendir("/proc/self/fd") else { return [:] }
    defer { unsafe closedir(folder) }
    var found: [ino_t: Int32] = [:]
    while let entry = unsafe readdir(folder) {
      let descriptor = unsafe withUnsafeBytes(of: entry.pointee.d_name) { name in
        unsafe name.baseAddress.map {
          unsafe Int32(clamping: strtol($0.assumingMemoryBound(to: CChar.self), nil, 10))
        }
      }
      // `.` and `..` are 0, which is no socket of the milter's. A socket that listens has no bytes to tell of.
      var (facts, count) = (stat(), Int32(0))
      guard let descriptor, descriptor > 2, unsafe fstat(descriptor, &facts) == 0,
        facts.st_mode & S_IFMT == S_IFSOCK,
        SocketAddress(of: descriptor)?.isReached(by: address) ?? false,
        unsafe ioctl(descriptor, UInt(FIONREAD), &count) == 0, count > 0
      else { continue }
      found[facts.st_ino] = count
    }
    return found
  }
}
