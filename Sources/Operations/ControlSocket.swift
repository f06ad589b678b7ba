internal import Dispatch
internal import Glibc

/// The daemon's door for the command line: a Unix socket below the state directory, for root, the daemon's user
/// and the members of its group.
///
/// One request per connection. Request: words separated by NUL, end of input. Then the reply, see `ControlReply`.
package enum ControlSocket {
  static let requestLimit = 4_096
  static let replyLimit = 64 << 20
  /// A caller that says nothing must not keep others out for long.
  static let patienceMS = 5_000
  /// An answer may have to wait for the disk.
  static let answerPatienceMS = 60_000
  /// Served at once: a drain takes its time, and `status` must not wait for it.
  static let callers = 8

  package static func path(stateDirectory: String) -> String { stateDirectory + "/control.sock" }

  /// Listens and answers requests until the process ends; `answer` is called by several threads.
  package static func serve(
    at path: String, patienceMS: Int = patienceMS,
    answer: @escaping @Sendable (ControlRequest) -> ControlReply
  ) throws(ControlError) {
    let listener = try openSocket(path)
    // Whoever holds the spool's lock owns this path: what stands there is a dead daemon's.
    unsafe unlink(path)
    // Nobody gets in before listen(2), so the mode is right in time; umask would hit all threads. The group is
    // said, as a directory may give another.
    guard unsafe withAddress(path, { unsafe bind(listener, $0, $1) }) == 0,
      unsafe chown(path, uid_t.max, getegid()) == 0, unsafe chmod(path, 0o660) == 0,
      listen(listener, 16) == 0
    else {
      let code = errno
      close(listener)
      throw ControlError(.other, "control socket \(path): \(words(code))")
    }
    DispatchQueue(label: "control").async {
      let free = DispatchSemaphore(value: callers)
      while true {
        free.wait()
        let caller = nextCaller(listener)
        // A queue of its own is a thread of its own; it may block.
        DispatchQueue(label: "control caller").async {
          // No accept4 here; children are spawned with closefrom, so none inherits it.
          serve(ControlConnection(owning: caller, patienceMS: patienceMS), answer)
          free.signal()
        }
      }
    }
  }

  private static func nextCaller(_ listener: Int32) -> Int32 {
    while true {
      let caller = accept(listener, nil, nil)
      if caller >= 0 { return caller }
      // Out of descriptors: others are closed soon; do not spin meanwhile.
      if errno != EINTR, errno != ECONNABORTED { usleep(100_000) }
    }
  }

  private static func serve(
    _ connection: consuming ControlConnection, _ answer: (ControlRequest) -> ControlReply
  ) {
    let request = connection.readToEnd(limit: requestLimit)
    let reply =
      request.count < requestLimit
      ? answer(
        ControlRequest(
          // An empty word is one: `hold --reason "" ID`.
          request.isEmpty
            ? []
            : request.split(separator: 0, omittingEmptySubsequences: false).map {
              String(decoding: $0, as: UTF8.self)
            },
          userID: connection.peerUserID))
      : ControlReply(failed: true, "a request must be shorter than \(requestLimit) bytes")
    connection.send(reply.wire)
    guard let last = reply.last else { return }
    last()
    // The caller waits for the end of this connection, which is the end of the process; no sooner.
    withExtendedLifetime(connection) { while true { pause() } }
  }

  /// Asks the daemon.
  package static func ask(
    _ words: [String], at path: String, patienceMS: Int = answerPatienceMS
  ) throws(ControlError) -> ControlReply {
    let connection = ControlConnection(owning: try openSocket(path), patienceMS: patienceMS)
    try connect(connection, path)
    connection.send(Array(words.joined(separator: "\0").utf8))
    connection.finishSending()
    let wire = connection.readToEnd(limit: replyLimit)
    guard !wire.isEmpty else {
      throw ControlError(.other, "control socket \(path): no answer")
    }
    guard let reply = ControlReply(wire: wire) else {
      throw ControlError(.other, "control socket \(path): the answer was cut off")
    }
    return reply
  }

  private static func connect(
    _ connection: borrowing ControlConnection, _ path: String
  ) throws(ControlError) {
    let code = connection.connect { descriptor in
      unsafe withAddress(path) { unsafe Glibc.connect(descriptor, $0, $1) }
    }
    switch code {
    case 0: return
    case ENOENT, ECONNREFUSED:
      throw ControlError(.down, "control socket \(path): \(words(code))")
    case EACCES:
      throw ControlError(
        .forbidden,
        "control socket \(path): \(words(code)); root and members of the daemon's group may use it")
    default: throw ControlError(.other, "control socket \(path): \(words(code))")
    }
  }

  private static func openSocket(_ path: String) throws(ControlError) -> Int32 {
    let limit = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1
    guard path.utf8.count <= limit else {
      throw ControlError(
        .other,
        "control socket \(path): the path has \(path.utf8.count) bytes, a Unix socket's "
          + "at most \(limit); choose a shorter state_directory")
    }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else {
      throw ControlError(.other, "control socket \(path): \(words(errno))")
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

  private static func words(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
