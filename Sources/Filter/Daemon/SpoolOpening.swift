internal import Operations
internal import Spool

extension Daemon {
  /// Opens the spool and takes back every lease. Another program's lock on it is waited for: it ends.
  func openSpool(_ alarms: Alarms, _ orders: Orders) throws(SpoolError) -> JobStore {
    while true {
      do throws(SpoolError) {
        let store = try JobStore(directory: settings.stateDirectory) { [log] notice in
          if case .upgrading(let from, let to) = notice {
            log.info("the spool is brought up to date", ["from": "\(from)", "to": "\(to)"])
            return
          }
          // Each once: of alarms only the first of a minute has its line.
          log.warning("the spool looked after itself", ["why": notice.sentence])
          alarms.raise(notice)
        }
        try store.voidLeases(nowMS: Clock.nowMS())
        return store
      } catch {
        guard error.isBusy, orders.next(withinMS: 0) != .stop else { throw error }
        log.warning("another program has the spool, waiting", ["why": error.sentence])
      }
    }
  }
}
