import Foundation
import Testing

@testable import Voicemail

/// What a worker says of a request is as much a stranger's as the recording it works on.
@Suite struct EngineVisits {
  @Test(arguments: [
    ("-1", 0.0), ("0", 0), ("12.5", 12.5), ("1e300", 1_000_000), ("-1e300", 0),
  ])
  func `numbers of which no time can be made are made sensible`(said: String, is expected: Double)
    throws
  {
    let json = #"{"audioSeconds":\#(said),"limitSeconds":\#(said),"waitSeconds":\#(said)}"#
    let visit = try JSONDecoder().decode(EngineVisit.self, from: Data(json.utf8))
    #expect(
      [visit.audioSeconds, visit.limitSeconds, visit.waitSeconds] == [expected, expected, expected])
  }
}
