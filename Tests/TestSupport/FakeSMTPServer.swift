package import Dispatch
import Foundation
import Glibc
import Synchronization

/// An SMTP server that follows a script and remembers what it was told.
///
/// It listens on a free loopback port (or a Unix socket), one thread per connection, and stops
/// with the value. It waits for its client only, never for time.
package final class FakeSMTPServer: Sendable {
  /// One answer.
  package enum Step: Sendable {
    /// A reply; its lines are parted by `\n` and go out with CRLF.
    case say(String)
    /// The same, when the test lets it.
    case sayWhen(DispatchSemaphore, String)
    /// The same, one byte per packet.
    case drip(String)
    /// These bytes as they are.
    case bytes([UInt8])
    /// A reply, then the connection is closed.
    case sayAndDrop(String)
    case drop
    /// No answer until the client gives up.
    case hang
  }

  /// What the server does.
  ///
  /// Keys: `CONNECT` for the greeting, `.` for the end of the content, else the beginning of a
  /// command line, `MAIL` or `RCPT TO:<a@example.com>`; the longest that fits wins.
  package struct Script: Sendable {
    /// EHLO keywords with their arguments; nil refuses EHLO with 502.
    package var extensions: [String]? = [
      "PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES",
      "XFORWARD NAME ADDR PROTO HELO SOURCE PORT IDENT",
    ]
    /// Answers given each once, in this order, over all connections.
    package var once: [(String, Step)] = []
    /// Answers given always.
    package var always: [String: Step] = [:]
    /// Takes a dot between bare LFs or CRs for the end of the content, as some servers do.
    package var endsContentAtBareLineEnds = false
    /// Recipients of one transaction, and the answer to one more.
    package var recipientLimit: (count: Int, step: Step)?
    /// Closes the connection when that many bytes of content have come.
    package var dropsAfterContentBytes: Int?

    package init() {}
  }

  /// One transaction whose content came to its end and was answered with 2xx.
  package struct Message: Sendable {
    /// The command line: `MAIL FROM:<a@example.com> SIZE=3`.
    package var mail: String
    /// The command lines of the accepted recipients.
    package var recipients: [String]
    /// The XFORWARD command lines before it.
    package var xforward: [String]
    /// The content as it came, without the final dot.
    package var wire: [UInt8]
    package var id: String

    /// The content without dot-stuffing.
    package var content: [UInt8] {
      var result: [UInt8] = []
      var atLineStart = true
      for byte in wire {
        if !(atLineStart && byte == 0x2E) { result.append(byte) }
        atLineStart = byte == 0x0A
      }
      return result
    }
    package var text: String { String(decoding: content, as: UTF8.self) }
  }

  package var port: UInt16 { listener.port }
  /// `smtp:127.0.0.1:PORT` or `unix:PATH`.
  package let target: String
  package var messages: [Message] { record.state.withLock { $0.messages } }
  /// Every command line of every connection, in the order of arrival.
  package var commands: [String] { record.state.withLock { $0.commands } }
  package var connectionCount: Int { record.state.withLock { $0.connections } }

  private let listener: Listener
  private let record: Record

  /// Listens on a free port of 127.0.0.1, or at a Unix socket path.
  package init(_ script: Script = Script(), unixPath: String? = nil) throws {
    listener = try unixPath.map(Listener.init(path:)) ?? Listener()
    target = unixPath.map { "unix:\($0)" } ?? "smtp:127.0.0.1:\(listener.port)"
    record = Record(script)
    let (listener, record) = (listener, record)
    Thread.detachNewThread { FakeSMTPServer.serve(listener, record) }
  }

  /// Changes the script for all that follows.
  package func follow(_ script: Script) { record.state.withLock { $0.script = script } }

  /// Waits until that many messages have been accepted in all; false when the limit passed first.
  package func waitForMessages(_ count: Int, seconds: Double = 20) -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    record.arrived.lock()
    defer { record.arrived.unlock() }
    while messages.count < count {
      guard record.arrived.wait(until: deadline) else { return messages.count >= count }
    }
    return true
  }

  /// Stops listening and cuts all connections.
  package func stop() {
    listener.close()
    for descriptor in record.state.withLock({ $0.stopped() }) {
      shutdown(descriptor, Int32(SHUT_RDWR))
    }
  }

  deinit { stop() }

  private static func serve(_ listener: Listener, _ record: Record) {
    while let descriptor = listener.accept() {
      guard record.state.withLock({ $0.opened(descriptor) }) else {
        close(descriptor)
        continue
      }
      Thread.detachNewThread {
        FakeSMTPSession(descriptor, record).run()
        record.state.withLock { $0.closed(descriptor) }
      }
    }
  }

  /// What all connections share.
  final class Record: Sendable {
    struct State {
      var script: Script
      var messages: [Message] = []
      var commands: [String] = []
      var connections = 0
      private var open: Set<Int32> = []
      private var isStopped = false

      init(_ script: Script) { self.script = script }

      mutating func opened(_ descriptor: Int32) -> Bool {
        guard !isStopped else { return false }
        connections += 1
        open.insert(descriptor)
        return true
      }

      /// Closes under the lock, so that `stop` never touches a number that is another's by now.
      mutating func closed(_ descriptor: Int32) {
        open.remove(descriptor)
        Glibc.close(descriptor)
      }

      mutating func stopped() -> Set<Int32> {
        isStopped = true
        return open
      }

      mutating func step(for line: String) -> Step? {
        if let index = script.once.firstIndex(where: { line.hasPrefix($0.0) }) {
          return script.once.remove(at: index).1
        }
        let keys = script.always.keys.filter { line.hasPrefix($0) }
        return keys.max { $0.count < $1.count }.flatMap { script.always[$0] }
      }
    }

    let state: Mutex<State>
    let arrived = NSCondition()

    init(_ script: Script) { state = Mutex(State(script)) }

    func add(_ message: Message) {
      arrived.lock()
      state.withLock { $0.messages.append(message) }
      arrived.broadcast()
      arrived.unlock()
    }
  }

  /// A listening socket.
  final class Listener: Sendable {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let status = withUnsafeMutableBytes(of: &address) { [descriptor] bytes -> Int32 in
        let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
        guard let pointer, bind(descriptor, pointer, length) == 0 else { return -1 }
        return getsockname(descriptor, pointer, &length)
      }
      port = UInt16(bigEndian: address.sin_port)
      guard status == 0, listen(descriptor, 64) == 0 else { throw POSIXError(.EADDRINUSE) }
    }

    init(path: String) throws {
      port = 0
      descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
      let length = socklen_t(MemoryLayout<sockaddr_un>.size)
      let status = withUnsafeBytes(of: &address) { [descriptor] bytes -> Int32 in
        guard let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else {
          return -1
        }
        return bind(descriptor, pointer, length)
      }
      guard status == 0, listen(descriptor, 64) == 0 else { throw POSIXError(.EADDRINUSE) }
    }

    func accept() -> Int32? {
      let connection = Glibc.accept(descriptor, nil, nil)
      return connection >= 0 ? connection : nil
    }

    /// Wakes accept(); the number itself lives as long as the value, so nobody else gets it.
    func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    deinit { Glibc.close(descriptor) }
  }
}
