internal import Synchronization

/// How much the milter has in hand; for the drain before a stop, and for status.
package enum MilterActivity {
  /// Connections from MTAs that have sent anything.
  package static var connections: Int { openConnections.load(ordering: .relaxed) }
  /// Messages between MAIL FROM and their verdict.
  package static var messages: Int { openMessages.load(ordering: .relaxed) }

  static let openConnections = Atomic<Int>(0)
  static let openMessages = Atomic<Int>(0)
}
