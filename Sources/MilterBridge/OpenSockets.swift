internal import Glibc

/// This process's sockets, to be compared with those of another moment.
enum OpenSockets {
  /// Their numbers, in the order of their descriptors; nil where that cannot be told. C: proc(5), `/proc/pid/fd`
  static var all: [ino_t]? {
    guard let folder = unsafe opendir("/proc/self/fd") else { return nil }
    defer { unsafe closedir(folder) }
    var found: [ino_t] = []
    while let entry = unsafe readdir(folder) {
      let descriptor = unsafe withUnsafeBytes(of: entry.pointee.d_name) { name in
        unsafe name.baseAddress.map {
          unsafe strtol($0.assumingMemoryBound(to: CChar.self), nil, 10)
        }
      }
      var facts = stat()
      // `.` and `..` are 0, which is no socket of the milter's.
      guard let descriptor, descriptor > 2, unsafe fstat(Int32(clamping: descriptor), &facts) == 0,
        facts.st_mode & S_IFMT == S_IFSOCK
      else { continue }
      found.append(facts.st_ino)
    }
    return found
  }
}
