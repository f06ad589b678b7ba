internal import Synchronization

/// What libmilter's callbacks find without a user pointer; one per process, as libmilter is.
struct MilterProcess {
  /// Set when a server has taken libmilter; it is never given back.
  var makeSession: (@Sendable () -> any MilterSession)?
  /// Whether MTAs are asked for the right to add header fields.
  var addsFields = false

  /// Options of closed connections, by address of their context.
  ///
  /// A peer may end a connection with QUIT_NC and go on with the next one on the same socket
  /// without negotiating again; libmilter keeps its flags then, so ours must outlive `close`.
  private var ended: [UInt: MilterOptions] = [:]

  /// Contexts are freed without a word to us. Addresses come again, which bounds the table in
  /// practice; this bounds it always.
  private static let endedLimit = 1_024

  mutating func remember(_ options: MilterOptions, of context: UInt) {
    if ended.count >= Self.endedLimit { ended.removeAll() }
    ended[context] = options
  }

  mutating func recall(_ context: UInt) -> MilterOptions? {
    ended.removeValue(forKey: context)
  }
}

let milterProcess = Mutex(MilterProcess())
