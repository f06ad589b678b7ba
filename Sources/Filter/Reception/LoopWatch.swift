internal import Synchronization
internal import Voicemail

/// Finds mail that comes round because the reinjection listener still has this content filter.
///
/// Its bytes are not ours to mark. But every MTA on its way adds a Received field on top (RFC 5321, 4.4): what was handed
/// to the listener moments ago and comes again with more of them, the old ones below as they were, has been round. It is
/// answered with 451 and stays in the MTA's queue; a loop would end with a bounce.
///
/// When the listener has been mended, the mail that waits still looks so. So what was refused before may try again when
/// no other came round for a while; if the loop is still there, it comes back with more fields, and is the sign.
final class LoopWatch: Sendable {
  private static let quiet = Duration.seconds(10)
  /// What comes later was queued again by an administrator (`postsuper -r`) or sent on by somebody.
  private static let window = Duration.seconds(600)
  /// In each of two generations; with more mail than that in the window a loop is found a round later.
  private static let limit = 10_000

  /// What one message and one way of it are known by.
  struct Trace {
    /// Message, sender and recipients.
    fileprivate let message: Int
    /// At index n the n lowest Received fields.
    fileprivate let ways: [Int]
    fileprivate var fields: Int { ways.count - 1 }

    private static let mostFields = 200

    init(_ facts: MessageFacts, _ envelope: Envelope) {
      var hasher = Hasher()
      for name in ["Message-ID", "Date", "From"] { hasher.combine(facts.header(name)) }
      hasher.combine(envelope.sender)
      hasher.combine(envelope.recipients.map { $0.address.lowercased() }.sorted())
      message = hasher.finalize()
      var way = Hasher()
      var ways = [0]
      let received = facts.headers.filter { ASCIIText.isSame($0.name, "Received") }
      for field in received.suffix(Self.mostFields).reversed() {
        way.combine(field.value)
        // A copy is finished, and the original goes on.
        ways.append(way.finalize())
      }
      self.ways = ways
    }
  }

  private struct Sighting {
    /// When it was let through, and by which way it had come.
    var passed: (fields: Int, way: Int, at: ContinuousClock.Instant)?
    /// With how many fields it was refused since.
    var refused: Int?
  }

  private struct State {
    var recent: [Int: Sighting] = [:]
    var older: [Int: Sighting] = [:]
    var lastLoop: ContinuousClock.Instant?

    subscript(message: Int) -> Sighting {
      get { recent[message] ?? older[message] ?? Sighting() }
      set {
        if recent.count >= LoopWatch.limit { (older, recent) = (recent, [:]) }
        recent[message] = newValue
      }
    }
  }
  private let state = Mutex(State())

  /// False when the message came round. `isOurs`: a voicemail that has just been handed over. `now`: for tests.
  func admits(_ trace: Trace, isOurs: Bool = false, now: ContinuousClock.Instant = .now) -> Bool {
    state.withLock { state in
      var sighting = state[trace.message]
      if isOurs || Self.isLonger(trace, than: sighting, now) {
        let isWaiting = sighting.refused == trace.fields
        guard isWaiting, let last = state.lastLoop, now - last >= Self.quiet else {
          if !isWaiting { state.lastLoop = now }
          sighting.refused = trace.fields
          state[trace.message] = sighting
          return false
        }
      }
      state[trace.message] = Sighting(passed: (trace.fields, trace.ways[trace.fields], now))
      return true
    }
  }

  private static func isLonger(
    _ trace: Trace, than sighting: Sighting, _ now: ContinuousClock.Instant
  ) -> Bool {
    guard let passed = sighting.passed, now - passed.at < window, trace.fields > passed.fields
    else { return false }
    return trace.ways[passed.fields] == passed.way
  }
}
