internal import Glibc

/// Who connected to the MTA, as the MTA said it.
package struct ConnectFacts: Sendable, Equatable {
  /// Name of the client by reverse look-up, or what the MTA puts there instead: `unknown`, `[::1]`.
  package var name: String
  /// Textual IP address; nil for a client on a Unix socket and when the MTA does not know.
  package var address: String?
  /// TCP port of the client; nil where there is no address, or when the MTA sent 0.
  package var port: Int?

  package init(name: String, address: String? = nil, port: Int? = nil) {
    self.name = name
    self.address = address
    self.port = port
  }

  /// C: the arguments of `xxfi_connect`; a null `socketAddress` is an unknown client.
  init(name: String, socketAddress: UnsafePointer<sockaddr>?) {
    self.init(name: name)
    guard let socketAddress = unsafe socketAddress else { return }
    let raw = unsafe UnsafeRawPointer(socketAddress)
    switch unsafe Int32(socketAddress.pointee.sa_family) {
    case AF_INET:
      var inet = unsafe raw.loadUnaligned(as: sockaddr_in.self)
      address = unsafe text(AF_INET, &inet.sin_addr)
      port = inet.sin_port == 0 ? nil : Int(UInt16(bigEndian: inet.sin_port))
    case AF_INET6:
      var inet6 = unsafe raw.loadUnaligned(as: sockaddr_in6.self)
      address = unsafe text(AF_INET6, &inet6.sin6_addr)
      port = inet6.sin6_port == 0 ? nil : Int(UInt16(bigEndian: inet6.sin6_port))
    default:
      break
    }
  }
}

/// C: `inet_ntop`
private func text(_ family: Int32, _ address: UnsafeRawPointer) -> String? {
  var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
  return unsafe buffer.withUnsafeMutableBufferPointer { buffer in
    guard
      let result = unsafe inet_ntop(family, address, buffer.baseAddress, socklen_t(buffer.count))
    else { return nil }
    return unsafe String(cString: result)
  }
}
