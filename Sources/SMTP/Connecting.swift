import Glibc

extension Connection {
  /// Why no connection came about, in words.
  struct ConnectFailure: Error {
    let reason: String
  }

  /// Connects to the target; a host's addresses are tried in the resolver's order.
  static func open(_ target: SMTPTarget, limit: Duration) throws(ConnectFailure) -> Connection {
    let deadline = Deadline(after: limit)
    switch target.place {
    case .unixSocket(let path): return try open(path: path, before: deadline)
    case .host(let host, let port): return try open(host: host, port: port, before: deadline)
    }
  }

  private static func open(
    path: String, before deadline: Deadline
  ) throws(ConnectFailure) -> Connection {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { target in
      guard bytes.count < target.count else { return false }
      unsafe target.copyBytes(from: bytes)
      return true
    }
    guard fits else { throw ConnectFailure(reason: "the socket path is too long") }
    return try unsafe withUnsafePointer(to: &address) { pointer throws(ConnectFailure) in
      try unsafe connect(
        UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self),
        length: socklen_t(MemoryLayout<sockaddr_un>.size), family: AF_UNIX, before: deadline)
    }
  }

  /// C: `getaddrinfo`. It has no limit of its own here: resolv.conf(5) sets the resolver's, and
  /// the usual target is a numeric address or localhost.
  private static func open(
    host: String, port: UInt16, before deadline: Deadline
  ) throws(ConnectFailure) -> Connection {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>? = nil
    let status = unsafe getaddrinfo(host, String(port), &hints, &list)
    guard status == 0 else {
      throw ConnectFailure(reason: unsafe String(cString: gai_strerror(status)))
    }
    defer { unsafe freeaddrinfo(list) }
    var failure = ConnectFailure(reason: "the host has no address")
    var next = unsafe list
    while let entry = unsafe next {
      unsafe next = entry.pointee.ai_next
      guard let address = unsafe entry.pointee.ai_addr else { continue }
      do throws(ConnectFailure) {
        return try unsafe connect(
          address, length: entry.pointee.ai_addrlen, family: entry.pointee.ai_family,
          before: deadline)
      } catch {
        failure = error
      }
    }
    throw failure
  }

  /// C: `socket`, `connect`; a non-blocking connect reports its end through SO_ERROR.
  private static func connect(
    _ address: UnsafePointer<sockaddr>, length: socklen_t, family: Int32, before deadline: Deadline
  ) throws(ConnectFailure) -> Connection {
    let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    let descriptor = socket(family, Int32(kind), 0)
    guard descriptor >= 0 else { throw ConnectFailure(reason: words(errno)) }
    let connection = Connection(owning: descriptor)
    if unsafe Glibc.connect(descriptor, address, length) != 0 {
      // EINTR: the connect goes on by itself, as after EINPROGRESS.
      guard errno == EINPROGRESS || errno == EINTR else {
        throw ConnectFailure(reason: words(errno))
      }
      do throws(Trouble) {
        try wait(for: POLLOUT, on: descriptor, before: deadline)
      } catch {
        throw ConnectFailure(reason: reason(error))
      }
      var code: Int32 = 0
      var size = socklen_t(MemoryLayout<Int32>.size)
      guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0, code == 0
      else { throw ConnectFailure(reason: words(code)) }
    }
    if family != AF_UNIX {
      // The dialogue is short lines to and fro; Nagle would hold each up to 40 ms.
      var on: Int32 = 1
      _ = unsafe setsockopt(
        descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on,
        socklen_t(MemoryLayout<Int32>.size))
    }
    return connection
  }

  static func reason(_ trouble: Trouble) -> String {
    switch trouble {
    case .timedOut: "no answer within the time limit"
    case .closed: "the connection was lost"
    case .lineTooLong: "a line of more than \(ReplyParser.maximumLineBytes) bytes"
    case .system(let code): words(code)
    }
  }

  /// C: `strerror_r`, which other threads cannot disturb.
  static func words(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 200)
    guard unsafe strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
