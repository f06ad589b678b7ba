import Glibc

/// One connected stream socket; every wait is a poll() with a deadline.
///
/// The socket is non-blocking, so that no peer can hold a call longer than its limit.
final class Connection {
  enum Trouble: Error, Equatable {
    case timedOut
    case closed
    case system(Int32)
    case lineTooLong
  }

  private static let readBytes = 16_384

  private let descriptor: Int32
  private var received: [UInt8] = []

  /// Takes ownership of a connected, non-blocking socket.
  init(owning descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit {
    _ = Glibc.close(descriptor)
  }

  /// Hands all bytes to the kernel; when it throws, the last of them was not handed over.
  ///
  /// C: `send`, with MSG_NOSIGNAL: a lost peer is an error here, not a SIGPIPE for the process.
  func write(_ bytes: [UInt8], before deadline: Deadline) throws(Trouble) {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.send(
          descriptor, buffer.baseAddress?.advanced(by: sent), buffer.count - sent,
          Int32(MSG_NOSIGNAL))
      }
      if count >= 0 {
        sent += count
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN: try wait(for: POLLOUT, before: deadline)
      case EPIPE, ECONNRESET: throw .closed
      case let code: throw .system(code)
      }
    }
  }

  /// One line without its line end; a bare LF ends one too.
  func readLine(limit: Int, before deadline: Deadline) throws(Trouble) -> [UInt8] {
    var searched = 0
    while true {
      if let end = received[searched...].firstIndex(of: 0x0A) {
        var line = Array(received[..<end])
        received.removeFirst(end + 1)
        if line.last == 0x0D { line.removeLast() }
        guard line.count <= limit else { throw .lineTooLong }
        return line
      }
      searched = received.count
      guard searched <= limit else { throw .lineTooLong }
      try fill(before: deadline)
    }
  }

  /// What has come, at least one byte.
  func receive(before deadline: Deadline) throws(Trouble) -> [UInt8] {
    if received.isEmpty { try fill(before: deadline) }
    defer { received = [] }
    return received
  }

  /// The other end; nil for a Unix socket. C: `getpeername`, `getnameinfo`.
  var peer: (address: String, port: Int?)? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
    let status = unsafe withUnsafeMutableBytes(of: &storage) { bytes in
      let name = unsafe bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
      guard unsafe getpeername(descriptor, name, &length) == 0, let name = unsafe name,
        unsafe name.pointee.sa_family != sa_family_t(AF_UNIX)
      else { return Int32(-1) }
      return unsafe getnameinfo(
        name, length, &host, socklen_t(host.count), &service, socklen_t(service.count),
        NI_NUMERICHOST | NI_NUMERICSERV)
    }
    guard status == 0 else { return nil }
    return (Self.text(host), Int(Self.text(service)))
  }

  private static func text(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// True when the peer has sent bytes that no command asked for, or has gone.
  var hasUnreadBytes: Bool {
    if !received.isEmpty { return true }
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&entry, 1, 0) > 0
  }

  /// C: `recv`.
  private func fill(before deadline: Deadline) throws(Trouble) {
    var chunk = [UInt8](repeating: 0, count: Self.readBytes)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { buffer in
        unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
      }
      if count > 0 {
        received += chunk.prefix(count)
        return
      }
      if count == 0 { throw .closed }
      switch errno {
      case EINTR: continue
      case EAGAIN: try wait(for: POLLIN, before: deadline)
      case ECONNRESET: throw .closed
      case let code: throw .system(code)
      }
    }
  }

  private func wait(for events: Int32, before deadline: Deadline) throws(Trouble) {
    try Connection.wait(for: events, on: descriptor, before: deadline)
  }

  /// C: `poll`. A signal does not lengthen the wait.
  static func wait(
    for events: Int32, on descriptor: Int32, before deadline: Deadline
  ) throws(Trouble) {
    while true {
      var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
      let ready = unsafe poll(&entry, 1, deadline.millisecondsLeft)
      if ready > 0 { return }
      if ready == 0 {
        guard deadline.hasPassed else { continue }
        throw .timedOut
      }
      guard errno == EINTR else { throw .system(errno) }
    }
  }
}

/// A moment after which waiting ends.
struct Deadline {
  private let moment: ContinuousClock.Instant

  init(after limit: Duration) {
    moment = .now.advanced(by: min(max(limit, .zero), .seconds(86_400)))
  }

  var hasPassed: Bool { ContinuousClock.now >= moment }

  func isBefore(_ other: Deadline) -> Bool { moment < other.moment }

  /// For poll(), rounded up so that it does not spin in the last millisecond.
  var millisecondsLeft: Int32 {
    let left = ContinuousClock.now.duration(to: moment)
    guard left > .zero else { return 0 }
    let (seconds, attoseconds) = left.components
    return Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
  }
}
