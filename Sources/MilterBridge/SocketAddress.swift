internal import Glibc

/// A `sockaddr` of any family as its bytes.
struct SocketAddress: Sendable {
  private static let stream = Int32(SOCK_STREAM.rawValue)

  private let bytes: [UInt8]

  /// The path must fit, see `ListenAddress.maximumPathBytes`.
  init(unixPath path: String) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { field in
      // One byte less than the field: it ends with NUL.
      for (index, byte) in path.utf8.prefix(field.count - 1).enumerated() {
        unsafe field[index] = byte
      }
    }
    bytes = unsafe withUnsafeBytes(of: address) { unsafe Array($0) }
  }

  /// The first address of the host; nil when there is none. C: `getaddrinfo`
  init?(family: Int32, port: UInt16, host: String) {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = family
    unsafe hints.ai_socktype = Self.stream
    unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(host, String(port), &hints, &found) == 0, let first = unsafe found
    else { return nil }
    defer { unsafe freeaddrinfo(found) }
    guard let address = unsafe first.pointee.ai_addr else { return nil }
    bytes = unsafe Array(
      UnsafeRawBufferPointer(start: address, count: Int(first.pointee.ai_addrlen)))
  }

  /// The socket's own end. C: `getsockname`
  init?(of descriptor: Int32) {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = unsafe withUnsafeMutablePointer(to: &storage) { storage in
      unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe getsockname(descriptor, address, &size)
      }
    }
    guard result == 0 else { return nil }
    let count = Int(size)
    bytes = unsafe withUnsafeBytes(of: storage) { unsafe Array($0.prefix(count)) }
  }

  var family: Int32 {
    bytes.count < 2 ? AF_UNSPEC : Int32(UInt16(bytes[0]) | UInt16(bytes[1]) << 8)
  }

  /// Whether a connection to `listening` has this as its own end: the same path, or the same port.
  func isReached(by listening: SocketAddress) -> Bool {
    guard family == listening.family else { return false }
    // C: sockaddr_in(6) has the port behind the family; the host may be any of this one's.
    return family == AF_UNIX
      ? bytes == listening.bytes : bytes[2..<4].elementsEqual(listening.bytes[2..<4])
  }

  /// A socket of this family that does not block and is not inherited; negative on failure.
  func socket() -> Int32 {
    let flags = Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    return Glibc.socket(family, Self.stream | flags, 0)
  }

  func bind(_ descriptor: Int32) -> Int32 {
    unsafe withAddress { address, size in unsafe Glibc.bind(descriptor, address, size) }
  }

  func connect(_ descriptor: Int32) -> Int32 {
    unsafe withAddress { address, size in unsafe Glibc.connect(descriptor, address, size) }
  }

  private func withAddress(_ body: (UnsafePointer<sockaddr>?, socklen_t) -> Int32) -> Int32 {
    unsafe bytes.withUnsafeBytes { raw in
      unsafe body(raw.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(raw.count))
    }
  }
}
