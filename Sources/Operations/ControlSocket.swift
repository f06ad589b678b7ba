internal import Dispatch
internal import Glibc

/// Why a command could not reach the daemon, or the daemon could not listen.
package struct ControlError: Error, Sendable, Equatable {
  /// Whether nobody listens: the daemon is down, and a command may open the spool itself.
  package var isDown: Bool
  package var sentence: String
}

/// The daemon's door for the command line: a Unix socket below the state directory, mode 0600.
///
/// One request per connection. Request: words separated by NUL, end of input. Reply: `0` or `1` (failed), then
/// the text to print.
package enum ControlSocket {
  package struct Reply: Sendable {
    package var failed: Bool
    package var text: String
    /// Done when the text is on its way: ends the process, and with it the connection.
    package var last: (@Sendable () -> Void)?

    package init(failed: Bool = false, _ text: String, last: (@Sendable () -> Void)? = nil) {
      self.failed = failed
      self.text = text
      self.last = last
    }
  }

  static let requestLimit = 4_096
  static let replyLimit = 64 << 20
  /// A caller that says nothing must not keep the next one out for long.
  static let patienceMS = 5_000
  /// The daemon answers one by one, and each may have to wait for the disk.
  static let answerPatienceMS = 60_000

  package static func path(stateDirectory: String) -> String { stateDirectory + "/control.sock" }

  /// Listens and answers requests one by one until the process ends.
  package static func serve(
    at path: String, patienceMS: Int = patienceMS, answer: @escaping @Sendable ([String]) -> Reply
  ) throws(ControlError) {
    let listener = try openSocket(path)
    // Whoever holds the spool's lock owns this path: what stands there is a dead daemon's.
    unsafe unlink(path)
    // Nobody gets in before listen(2), so the mode is right in time; umask would hit all threads.
    guard unsafe withAddress(path, { unsafe bind(listener, $0, $1) }) == 0,
      unsafe chmod(path, 0o600) == 0, listen(listener, 16) == 0
    else {
      let code = errno
      close(listener)
      throw ControlError(isDown: false, sentence: "control socket \(path): \(words(code))")
    }
    DispatchQueue(label: "control").async {
      while true {
        let caller = accept(listener, nil, nil)
        guard caller >= 0 else {
          if errno == EINTR || errno == ECONNABORTED { continue }
          // Out of descriptors: others are closed soon; do not spin meanwhile.
          usleep(100_000)
          continue
        }
        // No accept4 here; children are spawned with closefrom, so none inherits it.
        limitPatience(caller, patienceMS)
        let request = readToEnd(caller, limit: requestLimit, patienceMS: patienceMS)
        let reply =
          request.count < requestLimit
          ? answer(request.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
          : Reply(failed: true, "a request must be shorter than \(requestLimit) bytes")
        send(Array((reply.failed ? "1" : "0").utf8) + Array(reply.text.utf8), to: caller)
        if let last = reply.last {
          last()
          // The caller waits for the end of this connection, which is the end of the process.
          while true { pause() }
        }
        close(caller)
      }
    }
  }

  /// Asks the daemon. Throws with `isDown` when none listens there.
  package static func ask(
    _ request: [String], at path: String, patienceMS: Int = answerPatienceMS
  ) throws(ControlError) -> Reply {
    let connection = try openSocket(path)
    defer { close(connection) }
    guard unsafe withAddress(path, { unsafe connect(connection, $0, $1) }) == 0 else {
      let down = errno == ENOENT || errno == ECONNREFUSED
      throw ControlError(isDown: down, sentence: "control socket \(path): \(words(errno))")
    }
    limitPatience(connection, patienceMS)
    send(Array(request.joined(separator: "\0").utf8), to: connection)
    shutdown(connection, Int32(SHUT_WR))
    let reply = readToEnd(connection, limit: replyLimit, patienceMS: patienceMS)
    guard let first = reply.first else {
      throw ControlError(isDown: false, sentence: "control socket \(path): no answer")
    }
    return Reply(
      failed: first != UInt8(ascii: "0"), String(decoding: reply.dropFirst(), as: UTF8.self))
  }

  private static func openSocket(_ path: String) throws(ControlError) -> Int32 {
    let limit = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1
    guard path.utf8.count <= limit else {
      throw ControlError(
        isDown: false,
        sentence: "control socket \(path): the path has \(path.utf8.count) bytes, a Unix socket's "
          + "at most \(limit); choose a shorter state_directory")
    }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else {
      throw ControlError(isDown: false, sentence: "control socket \(path): \(words(errno))")
    }
    return descriptor
  }

  private static func withAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { field in
      // openSocket has checked the length; the rest stays NUL.
      unsafe field.copyBytes(from: path.utf8.prefix(field.count - 1))
    }
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  private static func limitPatience(_ descriptor: Int32, _ milliseconds: Int) {
    var patience = timeval(
      tv_sec: milliseconds / 1_000, tv_usec: suseconds_t(milliseconds % 1_000 * 1_000))
    let size = socklen_t(MemoryLayout<timeval>.size)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
  }

  /// Until the end, the limit, or a silence; one that drips has that time in all.
  private static func readToEnd(_ descriptor: Int32, limit: Int, patienceMS: Int) -> [UInt8] {
    let end = ContinuousClock.now + .milliseconds(patienceMS)
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while content.count < limit, ContinuousClock.now < end {
      let count = unsafe read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      content += buffer[..<count]
    }
    return content
  }

  private static func send(_ bytes: [UInt8], to descriptor: Int32) {
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

  private static func words(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
