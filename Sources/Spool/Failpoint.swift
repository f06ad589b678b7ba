#if FAILPOINTS
  internal import Glibc
  internal import Synchronization
#endif

/// Places where the crash tests kill the daemon; nothing at all in a release build (Package.swift).
///
/// VOICEMAIL_MILTER_KILL_AT names places, separated by commas, in the order in which they are passed: SIGKILL at
/// the last one.
package enum Failpoint {
  package static func pass(_ place: StaticString) {
    #if FAILPOINTS
      let isLast = left.withLock { left in
        guard left.first == "\(place)" else { return false }
        left.removeFirst()
        return left.isEmpty
      }
      if isLast { kill(getpid(), SIGKILL) }
    #endif
  }

  #if FAILPOINTS
    private static let left = Mutex<[String]>(
      unsafe getenv("VOICEMAIL_MILTER_KILL_AT").map {
        unsafe String(cString: $0).split(separator: ",").map(String.init)
      } ?? [])
  #endif
}
