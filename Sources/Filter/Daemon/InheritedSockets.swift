internal import Glibc
internal import Operations

/// Sockets that systemd has opened for us, by the `FileDescriptorName` of their units (systemd.socket(5)) or by path.
enum InheritedSockets {
  /// systemd's first one. C: `SD_LISTEN_FDS_START`
  private static let first = 3

  /// `fd:NAME` as `fd:NUMBER`, and so `unix:PATH`, in each notation that libmilter has, where systemd listens at that very path: its socket outlives us.
  /// Any other address as it is. C: `sd_listen_fds_with_names`
  static func resolved(_ address: String) throws(CommandFailure) -> String {
    if let path = path(in: address), let number = ServiceManager.socket(at: path) {
      return "fd:\(number)"
    }
    guard let name = name(in: address) else { return address }
    guard variable("LISTEN_PID") == String(getpid()), let names = variable("LISTEN_FDNAMES") else {
      throw CommandFailure("\(address): systemd has handed over no sockets with names")
    }
    let all = names.split(separator: ":", omittingEmptySubsequences: false)
    guard let index = all.firstIndex(where: { $0 == name }) else {
      throw CommandFailure("\(address): systemd's sockets are named \(names)")
    }
    return "fd:\(first + index)"
  }

  /// The same for those who check the settings and open nothing: a name stands for any number.
  static func assumed(_ address: String) -> String {
    name(in: address) == nil ? address : "fd:\(first)"
  }

  private static func path(in address: String) -> String? {
    if address.hasPrefix("/") { return address }
    let kinds = ["unix:", "local:"]
    return kinds.first(where: address.hasPrefix).map { String(address.dropFirst($0.count)) }
  }

  private static func name(in address: String) -> String? {
    guard address.hasPrefix("fd:"), address.count > 3, Int32(address.dropFirst(3)) == nil else {
      return nil
    }
    return String(address.dropFirst(3))
  }

  private static func variable(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}
