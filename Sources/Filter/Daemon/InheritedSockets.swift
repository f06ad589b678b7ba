internal import Glibc

/// Sockets that systemd has opened for us, by the `FileDescriptorName` of their units (systemd.socket(5)).
enum InheritedSockets {
  /// systemd's first one. C: `SD_LISTEN_FDS_START`
  private static let first = 3

  /// `fd:NAME` as `fd:NUMBER`; any other address as it is. C: `sd_listen_fds_with_names`
  static func resolved(_ address: String) throws(CommandFailure) -> String {
    guard address.hasPrefix("fd:"), Int32(address.dropFirst(3)) == nil else { return address }
    let name = String(address.dropFirst(3))
    guard variable("LISTEN_PID") == String(getpid()), let names = variable("LISTEN_FDNAMES") else {
      throw CommandFailure("\(address): systemd has handed over no sockets with names")
    }
    let all = names.split(separator: ":", omittingEmptySubsequences: false)
    guard let index = all.firstIndex(where: { $0 == name }) else {
      throw CommandFailure("\(address): systemd's sockets are named \(names)")
    }
    return "fd:\(first + index)"
  }

  private static func variable(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}
