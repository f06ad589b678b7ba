import Glibc

/// The service manager's side of sd_notify(3): a datagram socket that a program tells how it is.
package final class NotifySocket: Sendable {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  private let descriptor: Int32
  package let path: String

  package init(in directory: TemporaryDirectory) throws {
    path = directory.file("notify.sock")
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { field in
      field.copyBytes(from: path.utf8.prefix(field.count - 1))
    }
    let result = withUnsafeBytes(of: address) { [descriptor] bytes in
      bind(
        descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress,
        socklen_t(bytes.count))
    }
    guard result == 0 else { throw Failure(description: "cannot bind \(path)") }
  }

  deinit { close(descriptor) }

  /// The lines of the next notice; nil when none came in time.
  package func next(withinMS limit: Int32 = 20_000) -> [String]? {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, limit) > 0 else { return nil }
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    guard count > 0 else { return nil }
    return String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
