import Glibc

/// A listening socket; closed with the value, its file removed if it is still ours.
final class SMTPListener: Sendable {
  private let descriptor: Int32
  private let path: String?
  private let inode: ino_t
  /// Another process has it too and goes on listening: systemd.
  let isShared: Bool
  /// A pair of sockets: the first is readable from `close` on.
  private let closing: (Int32, Int32)

  private static let backlog: Int32 = 128

  init(
    _ address: SMTPListenAddress, mode: UInt32?, group: String?
  ) throws(SMTPServerFailure) {
    var pair: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &pair) == 0 else {
      throw SMTPServerFailure(address.description, "socketpair", code: errno)
    }
    closing = (pair[0], pair[1])
    if case .descriptor = address.place { isShared = true } else { isShared = false }
    switch address.place {
    case .unix(let path):
      descriptor = try Self.socket(AF_UNIX, address)
      do throws(SMTPServerFailure) {
        inode = try Self.listen(descriptor, path: path, mode: mode, group: group, address)
      } catch {
        Glibc.close(descriptor)
        throw error
      }
      self.path = path
    case .inet(let port, let host):
      descriptor = try Self.socket(AF_INET, address)
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_port = port.bigEndian
      unsafe inet_pton(AF_INET, host, &name.sin_addr)
      (path, inode) = (nil, 0)
      try Self.bind(descriptor, to: name, address)
    case .inet6(let port, let host):
      descriptor = try Self.socket(AF_INET6, address)
      var name = sockaddr_in6()
      name.sin6_family = sa_family_t(AF_INET6)
      name.sin6_port = port.bigEndian
      unsafe inet_pton(AF_INET6, host, &name.sin6_addr)
      (path, inode) = (nil, 0)
      try Self.bind(descriptor, to: name, address)
    case .descriptor(let number):
      try Self.check(inherited: number, address)
      descriptor = number
      (path, inode) = (nil, 0)
    }
    // Another process may take the connection that poll has announced.
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  }

  deinit {
    Glibc.close(descriptor)
    Glibc.close(closing.0)
    Glibc.close(closing.1)
    guard let path else { return }
    var facts = stat()
    // A newer process may have put its own in place.
    if unsafe lstat(path, &facts) == 0, facts.st_ino == inode { unsafe unlink(path) }
  }

  /// Wakes `accept` for good. Who connects to a shared socket waits for the next process.
  func close() {
    shutdown(closing.1, Int32(SHUT_RDWR))
    if !isShared { shutdown(descriptor, Int32(SHUT_RDWR)) }
  }

  /// The next connection; nil after `close`. C: `accept`
  func accept() -> Int32? {
    while true {
      var entries = [
        pollfd(fd: closing.0, events: Int16(POLLIN), revents: 0),
        pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      ]
      guard unsafe poll(&entries, 2, -1) > 0 else { continue }
      if entries[0].revents != 0 { return nil }
      let connection = Glibc.accept(descriptor, nil, nil)
      if connection >= 0 { return connection }
      switch errno {
      case EAGAIN, EINTR, ECONNABORTED: continue
      // Out of descriptors or memory: others are given back soon; do not spin meanwhile.
      default: usleep(100_000)
      }
    }
  }

  /// systemd's must be what we would have opened ourselves: it listens, on this host only.
  private static func check(
    inherited number: Int32, _ address: SMTPListenAddress
  ) throws(SMTPServerFailure) {
    let place = address.description
    var (listens, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
    guard unsafe getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 else {
      throw SMTPServerFailure(place, "descriptor \(number) is no socket")
    }
    guard listens != 0 else {
      throw SMTPServerFailure(place, "descriptor \(number) is a socket that does not listen")
    }
    guard isLocal(number) else {
      throw SMTPServerFailure(
        place, "only loopback or a Unix socket: it is open to whoever connects")
    }
    // systemd hands it over without; programs we start must not inherit it.
    _ = fcntl(number, F_SETFD, FD_CLOEXEC)
  }

  private static func isLocal(_ descriptor: Int32) -> Bool {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return unsafe withUnsafeMutablePointer(to: &storage) { storage in
      let status = unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(descriptor, $0, &size)
      }
      guard status == 0 else { return false }
      let raw = UnsafeRawPointer(storage)
      switch unsafe Int32(storage.pointee.ss_family) {
      case AF_UNIX: return true
      case AF_INET:
        let address = unsafe raw.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr
        return UInt32(bigEndian: address) >> 24 == 127
      case AF_INET6:
        let address = unsafe raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr
        return unsafe withUnsafeBytes(of: address) { unsafe Array($0) }
          == [UInt8](repeating: 0, count: 15) + [1]
      default: return false
      }
    }
  }

  private static func socket(
    _ family: Int32, _ address: SMTPListenAddress
  ) throws(SMTPServerFailure) -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = Glibc.socket(family, kind, 0)
    guard descriptor >= 0 else {
      throw SMTPServerFailure(address.description, "socket", code: errno)
    }
    var on: Int32 = 1
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    return descriptor
  }

  private static func bind<Name>(
    _ descriptor: Int32, to name: Name, _ address: SMTPListenAddress
  ) throws(SMTPServerFailure) {
    let status = unsafe withUnsafeBytes(of: name) { bytes in
      unsafe Glibc.bind(
        descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress,
        socklen_t(bytes.count))
    }
    guard status == 0, Glibc.listen(descriptor, backlog) == 0 else {
      let code = errno
      Glibc.close(descriptor)
      throw SMTPServerFailure(address.description, "cannot listen", code: code)
    }
  }

  /// A dead process's socket is replaced, a living one's is not, and no other file ever.
  private static func listen(
    _ descriptor: Int32, path: String, mode: UInt32?, group: String?,
    _ address: SMTPListenAddress
  ) throws(SMTPServerFailure) -> ino_t {
    let place = address.description
    var facts = stat()
    if unsafe lstat(path, &facts) == 0 {
      guard facts.st_mode & S_IFMT == S_IFSOCK else {
        throw SMTPServerFailure(place, "a file that is no socket stands there")
      }
      try checkStale(path, place)
      unsafe unlink(path)
    }
    guard unsafe named(path, { unsafe Glibc.bind(descriptor, $0, $1) }) == 0 else {
      throw SMTPServerFailure(place, "cannot listen", code: errno)
    }
    do throws(SMTPServerFailure) {
      try open(path, mode: mode, group: group, place)
      guard unsafe lstat(path, &facts) == 0, Glibc.listen(descriptor, backlog) == 0 else {
        throw SMTPServerFailure(place, "cannot listen", code: errno)
      }
    } catch {
      unsafe unlink(path)
      throw error
    }
    return facts.st_ino
  }

  /// Returns when nobody listens at the socket's path.
  private static func checkStale(_ path: String, _ place: String) throws(SMTPServerFailure) {
    let probe = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
    defer { Glibc.close(probe) }
    let answer = unsafe named(path) { unsafe Glibc.connect(probe, $0, $1) } == 0 ? 0 : errno
    switch answer {
    case ECONNREFUSED: return
    // Its queue of connections is full.
    case 0, EAGAIN: throw SMTPServerFailure(place, "already in use by a running process")
    default:
      throw SMTPServerFailure(place, "cannot tell whether a process uses it", code: answer)
    }
  }

  private static func named(
    _ path: String, _ use: (UnsafePointer<sockaddr>?, socklen_t) -> Int32
  ) -> Int32 {
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &name.sun_path) { field in
      // SMTPListenAddress has checked the length; the rest stays NUL.
      unsafe field.copyBytes(from: path.utf8.prefix(field.count - 1))
    }
    return unsafe withUnsafeBytes(of: name) { bytes in
      unsafe use(
        bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(bytes.count))
    }
  }

  /// To those who may connect. Nobody gets in before listen(2), so the mode is right in time; umask would hit all threads.
  private static func open(
    _ path: String, mode: UInt32?, group: String?, _ place: String
  ) throws(SMTPServerFailure) {
    if let group {
      guard let entry = unsafe getgrnam(group) else {
        throw SMTPServerFailure(place, "no group \"\(group)\" on this system")
      }
      guard unsafe chown(path, uid_t.max, entry.pointee.gr_gid) == 0 else {
        throw SMTPServerFailure(place, "cannot give it to group \"\(group)\"", code: errno)
      }
    }
    if let mode, unsafe chmod(path, mode) != 0 {
      throw SMTPServerFailure(place, "cannot set its mode", code: errno)
    }
  }
}
