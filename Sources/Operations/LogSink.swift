internal import Glibc

/// Where the log goes.
package enum LogTarget: String, Sendable, CaseIterable {
  /// The journal when systemd reads our standard error, else standard error.
  case auto
  case stderr
  /// /dev/log, facility mail.
  case syslog
  /// systemd's journal, with fields.
  case journal
}

/// How lines on standard error look.
package enum LogFormat: String, Sendable, CaseIterable {
  case text, json
}

/// Takes the lines of all threads: each goes out in one system call, so they do not mix.
enum LogSink: Sendable {
  static let journalSocket = "/run/systemd/journal/socket"
  static let syslogSocket = "/dev/log"

  case stream(Int32, LogFormat)
  /// Standard error that systemd reads.
  case prefixed(Int32)
  case syslog(DatagramSender)
  case journal(DatagramSender)

  init(_ target: LogTarget, _ format: LogFormat) {
    switch target {
    case .stderr: self = .stream(STDERR_FILENO, format)
    case .syslog: self = .syslog(DatagramSender(path: Self.syslogSocket))
    case .journal: self = .journal(DatagramSender(path: Self.journalSocket))
    case .auto where Self.isReadBySystemd:
      self =
        unsafe access(Self.journalSocket, W_OK) == 0
        ? .journal(DatagramSender(path: Self.journalSocket)) : .prefixed(STDERR_FILENO)
    case .auto: self = .stream(STDERR_FILENO, format)
    }
  }

  func write(_ line: LogLine) {
    switch self {
    case .stream(let descriptor, let format):
      writeAll(Array(((format == .json ? line.json : line.stamped) + "\n").utf8), to: descriptor)
    case .prefixed(let descriptor): writeAll(Array((line.prefixed + "\n").utf8), to: descriptor)
    case .syslog(let sender): send(line, line.syslog, sender)
    case .journal(let sender): send(line, line.journal, sender)
    }
  }

  /// With nobody to take it, standard error may still be read.
  private func send(_ line: LogLine, _ datagram: String, _ sender: DatagramSender) {
    if !sender.send(Array(datagram.utf8)) {
      writeAll(Array((line.prefixed + "\n").utf8), to: STDERR_FILENO)
    }
  }

  /// systemd.exec(5), $JOURNAL_STREAM: device and inode of the stream it reads.
  private static var isReadBySystemd: Bool {
    guard let value = unsafe getenv("JOURNAL_STREAM") else { return false }
    var facts = stat()
    guard unsafe fstat(STDERR_FILENO, &facts) == 0 else { return false }
    return unsafe String(cString: value) == "\(facts.st_dev):\(facts.st_ino)"
  }
}

/// Sends datagrams to a Unix socket; whoever listens there may come and go.
final class DatagramSender: Sendable {
  private let path: String
  private let descriptor: Int32

  init(path: String) {
    self.path = path
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  }

  deinit { close(descriptor) }

  /// False when nobody took it. C: sendto(2); a reader that is slow is not waited for.
  func send(_ bytes: [UInt8]) -> Bool {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let name = Array(path.utf8)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { target in
      unsafe target.copyBytes(from: name.prefix(target.count - 1))
    }
    let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe sendto(
        descriptor, bytes, bytes.count, flags,
        UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self),
        socklen_t(MemoryLayout<sockaddr_un>.size)) == bytes.count
    }
  }
}
