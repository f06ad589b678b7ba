internal import Glibc

/// A TCP port of this host.
enum LocalPort {
  /// Of `smtp` as of `25`: services of master.cf have either name. C: getservbyname(3)
  static func number(_ name: some StringProtocol) -> UInt16? {
    if let number = UInt16(name) { return number }
    guard let entry = unsafe getservbyname(String(name), "tcp") else { return nil }
    return UInt16(bigEndian: UInt16(truncatingIfNeeded: unsafe entry.pointee.s_port))
  }

  /// Whether somebody has it, so that no other listener can be opened there. `host`: a name, an address or `[::1]`.
  /// C: bind(2), as master(8) calls it
  static func isTaken(_ port: UInt16, at host: String) -> Bool {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let name = String(host.trimmingPrefix("[").prefix { $0 != "]" })
    guard unsafe getaddrinfo(name, String(port), &hints, &list) == 0 else { return false }
    defer { unsafe freeaddrinfo(list) }
    var next = unsafe list
    while let entry = unsafe next {
      unsafe next = entry.pointee.ai_next
      let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
      let descriptor = unsafe socket(entry.pointee.ai_family, kind, 0)
      guard descriptor >= 0 else { continue }
      defer { close(descriptor) }
      var on: Int32 = 1
      let size = socklen_t(MemoryLayout<Int32>.size)
      // Connections that have ended keep nobody from it.
      _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
      if unsafe bind(descriptor, entry.pointee.ai_addr, entry.pointee.ai_addrlen) != 0,
        errno == EADDRINUSE
      {
        return true
      }
    }
    return false
  }
}
