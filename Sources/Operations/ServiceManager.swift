internal import CSystemd
internal import Glibc

/// systemd, when the process is one of its services; without it each of these does nothing.
package enum ServiceManager {
  /// Tells it of a change, in lines such as `READY=1`. C: sd_notify(3)
  package static func tell(_ state: String) { _ = unsafe sd_notify(0, state) }

  /// Within what time it must hear `WATCHDOG=1`, ms; nil where nobody waits for that. C: sd_watchdog_enabled(3)
  package static var watchdogMS: Int? {
    var microseconds: UInt64 = 0
    guard unsafe sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
    return Int(clamping: microseconds / 1_000)
  }

  /// The descriptor of a socket that listens at that path and was handed over at the start; nil: none such.
  ///
  /// C: sd_listen_fds(3), which also keeps them from programs that we start.
  package static func socket(at path: String) -> Int32? {
    let count = sd_listen_fds(0)
    guard count > 0 else { return nil }
    return (0..<count).lazy.map { SD_LISTEN_FDS_START + $0 }.first {
      unsafe sd_is_socket_unix($0, Int32(SOCK_STREAM.rawValue), 1, path, 0) > 0
    }
  }
}
