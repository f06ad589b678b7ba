/// Where a spooled message stands. Every message is in exactly one state, and `status` counts each.
///
/// docs/spool.md has the diagram; the spool's table of messages enforces it, and a test compares the two.
package enum JobState: String, Sendable, Codable, CaseIterable {
  /// Committed; no worker has it yet.
  case waiting
  /// Leased to a worker process.
  case transcribing
  /// The message that goes out is settled: enhanced, or the original with the reason why.
  case ready
  /// Leased to a delivery in progress.
  case delivering
  /// Its stage did not succeed; the next try has its time.
  case deferred
  /// The MTA refused the original too, the delivery lifetime is over, or the administrator holds it: nothing
  /// moves it but the administrator.
  case held
  /// What the spool kept of it cannot be read whole any more.
  case failed
  /// The MTA has it. Content is erased, facts remain as history.
  case delivered
  /// An administrator did not want it. Content is erased, facts remain as history.
  case deleted

  /// The message is still in the spool.
  package var isOpen: Bool { self != .delivered && self != .deleted }
}

/// Which of the two works a message is in or waits for.
package enum JobStage: String, Sendable, Codable, CaseIterable {
  case transcription, delivery
}

/// Which bytes go back to the MTA.
package enum DeliveryForm: String, Sendable, Codable, CaseIterable {
  /// With the transcript, or the honest line why there is none.
  case enhanced
  /// As received, below our trace line and marker.
  case original
  /// A message of its own with the transcript, to those who have the original already.
  case reply
}
