/// Where a spooled message stands. Every message is in exactly one state, and `status` counts each.
///
///     waiting ─▶ transcribing ─▶ ready ─▶ delivering ─▶ delivered
///        ▲            │            ▲           │
///        └─ worker ───┘            └ deferred ◀┤ try again later
///           lost                               └▶ held: the administrator decides
package enum JobState: String, Sendable, Codable, CaseIterable {
  /// Committed; no worker has it yet.
  case waiting
  /// Leased to a worker process.
  case transcribing
  /// The message that goes out is settled: enhanced, or the original with the reason why.
  case ready
  /// Leased to a delivery in progress.
  case delivering
  /// The MTA did not take it; the next try has its time.
  case deferred
  /// The MTA refused the original too, or the delivery lifetime is over; nothing moves it but the administrator.
  case held
  /// The MTA has it. Content is erased, facts remain as history.
  case delivered
}

/// Which bytes go back to the MTA.
package enum DeliveryForm: String, Sendable, Codable {
  /// With the transcript, or the honest line why there is none.
  case enhanced
  /// As received, below our trace line and marker.
  case original
}
