internal import Glibc

/// Where the status page listens: `ADDRESS:PORT` or `[IPV6]:PORT`.
package struct HTTPListenAddress: Sendable, Equatable, CustomStringConvertible {
  package let description: String
  private let host: String
  private let port: UInt16

  /// nil when it is none. Names are not looked up: a resolver that is down must not keep the daemon from starting.
  package init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
      port > 0
    else { return nil }
    var host = text[..<colon]
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    if isBracketed { host = host.dropFirst().dropLast() }
    var bytes = [UInt8](repeating: 0, count: 16)
    let family = isBracketed ? AF_INET6 : AF_INET
    guard unsafe inet_pton(family, String(host), &bytes) == 1 else { return nil }
    description = text
    self.host = String(host)
    self.port = port
  }

  package static let expectation = "ADDRESS:PORT such as 127.0.0.1:9826, or [::1]:PORT"

  /// A socket that listens. C: getaddrinfo(3), bind(2)
  func listen() throws(HTTPError) -> Int32 {
    var hints = unsafe addrinfo()
    unsafe hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>? = nil
    guard unsafe getaddrinfo(host, String(port), &hints, &list) == 0, let entry = unsafe list else {
      throw HTTPError(sentence: "\(description): no address")
    }
    defer { unsafe freeaddrinfo(list) }
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = unsafe socket(entry.pointee.ai_family, kind, 0)
    guard descriptor >= 0 else { throw trouble(errno) }
    var on: Int32 = 1
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    guard unsafe bind(descriptor, entry.pointee.ai_addr, entry.pointee.ai_addrlen) == 0,
      Glibc.listen(descriptor, 64) == 0
    else {
      let code = errno
      close(descriptor)
      throw trouble(code)
    }
    return descriptor
  }

  private func trouble(_ code: Int32) -> HTTPError {
    HTTPError(sentence: "\(description): \(unsafe String(cString: strerror(code)))")
  }
}
