internal import Glibc

/// One end of a connection over the control socket; closed with the value.
struct ControlConnection: ~Copyable {
  private let descriptor: Int32
  private let patienceMS: Int

  /// Takes ownership. `patienceMS` is for a silence, and for reading in all.
  init(owning descriptor: Int32, patienceMS: Int) {
    self.descriptor = descriptor
    self.patienceMS = patienceMS
    var patience = timeval(
      tv_sec: patienceMS / 1_000, tv_usec: suseconds_t(patienceMS % 1_000 * 1_000))
    let size = socklen_t(MemoryLayout<timeval>.size)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
  }

  deinit { close(descriptor) }

  /// C: SO_PEERCRED, unix(7): struct ucred holds pid, uid and gid.
  var peerUserID: UInt32 {
    var credentials: [UInt32] = [0, .max, .max]
    var size = socklen_t(12)
    guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else {
      return .max
    }
    return credentials[1]
  }

  /// 0, or errno.
  func connect(_ body: (Int32) -> Int32) -> Int32 { body(descriptor) == 0 ? 0 : errno }

  func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Until the end, the limit, or a silence; one that drips has that time in all.
  func readToEnd(limit: Int) -> [UInt8] {
    let end = ContinuousClock.now + .milliseconds(patienceMS)
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while content.count < limit, ContinuousClock.now < end {
      let count = unsafe read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      content += buffer[..<count]
    }
    return content
  }

  func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { bytes in
        unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
