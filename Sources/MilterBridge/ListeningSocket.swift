internal import Glibc

/// A socket that listens, made here rather than by libmilter.
///
/// libmilter's own `smfi_opensocket` tells its reasons to syslog alone, gives a Unix socket its
/// mode only after the MTA can see it, and at the end removes whatever file then stands at the
/// path. Debian's libmilter takes a socket that already listens (`fd:n`), so it gets one.
struct ListeningSocket: ~Copyable {
  let descriptor: Int32

  /// `EAGAIN` and `ECONNREFUSED` come to MTAs when more connections wait than this.
  static let backlog: Int32 = 512

  init(
    _ address: ListenAddress, named name: String, mode: UInt32?, group: String?
  ) throws(MilterError) {
    switch address {
    case .unix(let path):
      descriptor = try Self.unix(path, name, mode, group)
    case .inet(let port, let host):
      descriptor = try Self.network(AF_INET, port, host, name)
    case .inet6(let port, let host):
      descriptor = try Self.network(AF_INET6, port, host, name)
    case .descriptor(let number):
      descriptor = try Self.inherited(number, name)
    }
  }

  deinit { close(descriptor) }

  /// Gives the descriptor away: libmilter closes it at its end.
  consuming func handOver() -> Int32 {
    let descriptor = descriptor
    discard self
    return descriptor
  }

  // MARK: - Kinds

  private static func unix(
    _ path: String, _ name: String, _ mode: UInt32?, _ group: String?
  ) throws(MilterError) -> Int32 {
    let address = SocketAddress(unixPath: path)
    try removeStale(path, address, name)
    let descriptor = try open(address, name)
    do throws(MilterError) {
      guard address.bind(descriptor) == 0 else { throw .system(name, "cannot bind") }
      do throws(MilterError) {
        // Before listen(2): until then nobody can connect, so the mode is never too wide in use.
        try setAccess(path, name, mode, group)
        guard listen(descriptor, backlog) == 0 else { throw .system(name, "cannot listen") }
      } catch {
        unsafe unlink(path)
        throw error
      }
    } catch {
      close(descriptor)
      throw error
    }
    return descriptor
  }

  /// A file left by a killed process is removed; one that answers, or is no socket, stays.
  private static func removeStale(
    _ path: String, _ address: SocketAddress, _ name: String
  ) throws(MilterError) {
    var facts = stat()
    guard unsafe lstat(path, &facts) == 0 else {
      if errno == ENOENT { return }
      throw .system(name, "cannot look at the path")
    }
    guard facts.st_mode & S_IFMT == S_IFSOCK else {
      throw MilterError(.badAddress, name, "a file that is no socket stands at the path")
    }
    let probe = try open(address, name)
    let answer = address.connect(probe) == 0 ? 0 : errno
    close(probe)
    switch answer {
    case ECONNREFUSED:
      guard unsafe unlink(path) == 0 else {
        throw .system(name, "cannot remove the stale socket file")
      }
    case 0, EAGAIN:
      throw MilterError(.inUse, name, "already in use by a running process")
    default:
      throw .system(name, "cannot tell whether a process uses the path", answer)
    }
  }

  private static func setAccess(
    _ path: String, _ name: String, _ mode: UInt32?, _ group: String?
  ) throws(MilterError) {
    if let group {
      guard let entry = unsafe getgrnam(group) else {
        throw MilterError(.badAddress, name, "no group \"\(group)\" on this system")
      }
      guard unsafe chown(path, uid_t.max, entry.pointee.gr_gid) == 0 else {
        throw .system(name, "cannot give the socket to group \"\(group)\"")
      }
    }
    if let mode {
      guard unsafe chmod(path, mode) == 0 else {
        throw .system(name, "cannot set mode 0\(String(mode, radix: 8))")
      }
    }
  }

  private static func network(
    _ family: Int32, _ port: UInt16, _ host: String, _ name: String
  ) throws(MilterError) -> Int32 {
    guard let address = SocketAddress(family: family, port: port, host: host) else {
      throw MilterError(.badAddress, name, "no address found for host \"\(host)\"")
    }
    let descriptor = try open(address, name)
    do throws(MilterError) {
      var one: Int32 = 1
      let size = socklen_t(MemoryLayout<Int32>.size)
      unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, size)
      guard address.bind(descriptor) == 0 else {
        if errno == EADDRINUSE {
          throw MilterError(.inUse, name, "already in use by a running process")
        }
        throw .system(name, "cannot bind")
      }
      guard listen(descriptor, backlog) == 0 else { throw .system(name, "cannot listen") }
    } catch {
      close(descriptor)
      throw error
    }
    return descriptor
  }

  private static func inherited(_ number: Int32, _ name: String) throws(MilterError) -> Int32 {
    var listens: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 else {
      throw .system(name, "descriptor \(number) is no socket")
    }
    guard listens != 0 else {
      throw MilterError(.badAddress, name, "descriptor \(number) is a socket that does not listen")
    }
    // systemd hands it over without; programs we start must not inherit it.
    _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    return number
  }

  private static func open(_ address: SocketAddress, _ name: String) throws(MilterError) -> Int32 {
    let descriptor = address.socket()
    guard descriptor >= 0 else { throw .system(name, "cannot open a socket") }
    return descriptor
  }
}
