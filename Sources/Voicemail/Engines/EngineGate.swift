/// Who is asked before an engine is asked, and told how it went. The daemon, for all its workers together:
/// it counts who is at work, what was spent, and which engine is out of order.
package protocol EngineGate: AnyObject {
  /// Waits for a turn, up to `waitSeconds`.
  func enter(_ engine: String, _ visit: EngineVisit) -> EnginePass
  /// Once for each `.granted`.
  func leave(_ engine: String, _ end: EngineEnd)
  /// Time passes before the same engine is asked again.
  func rest(seconds: Int)
}

/// What the gate must know of a request.
package struct EngineVisit: Sendable, Codable, Equatable {
  package var audioSeconds: Double
  /// Longest time the engine is given.
  package var limitSeconds: Double
  package var waitSeconds: Double

  package init(audioSeconds: Double, limitSeconds: Double, waitSeconds: Double) {
    self.audioSeconds = Self.sensible(audioSeconds)
    self.limitSeconds = Self.sensible(limitSeconds)
    self.waitSeconds = Self.sensible(waitSeconds)
  }

  /// A worker says it, and what it works on is a stranger's.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      audioSeconds: try values.decode(Double.self, forKey: .audioSeconds),
      limitSeconds: try values.decode(Double.self, forKey: .limitSeconds),
      waitSeconds: try values.decode(Double.self, forKey: .waitSeconds))
  }

  /// Up to eleven days: of whatever is said, milliseconds can be made.
  private static func sensible(_ seconds: Double) -> Double {
    seconds > 0 ? min(seconds, 1_000_000) : 0
  }
}

package enum EnginePass: Sendable, Codable, Equatable {
  case granted
  /// Why not, as a clause; `canWait`: it may be another matter in some seconds.
  case refused(why: String, canWait: Bool)
  /// What it may be asked for is spent: nothing is wrong with it.
  case spent(why: String)
}

package enum EngineEnd: Sendable, Codable, Equatable {
  case answered
  case failed(EngineFailure)
}

/// No daemon, no limits: for commands that ask an engine themselves.
package final class OpenGate: EngineGate {
  private let pause: (Int) -> Void

  /// `pause`: lets that many seconds pass.
  package init(pause: @escaping (Int) -> Void) { self.pause = pause }

  package func enter(_ engine: String, _ visit: EngineVisit) -> EnginePass { .granted }
  package func leave(_ engine: String, _ end: EngineEnd) {}
  package func rest(seconds: Int) { pause(seconds) }
}
