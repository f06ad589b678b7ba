import Testing
import Voicemail

@testable import Mail

/// Fixtures with random damage: whatever comes in, an answer comes out, and never a damaged mail.
@Suite struct Mutations {
  private static let pieces: [[UInt8]] = [
    "\n", "\r\n", "\r", "\n\n", "--", "\n--", "--\n", "\0", ":", "\n ", "\"", ";", "\u{FF}",
    "=?utf-8?Q?",
    "Content-Type: text/plain\n", "Content-Type: multipart/mixed; boundary=b\n\n--b\n",
    "Content-Type: message/rfc822\n\n", "Content-Transfer-Encoding: base64\n", "<body", "<!--",
    "From ",
  ].map { Array($0.utf8) }

  @Test(.timeLimit(.minutes(1)), arguments: 0..<20)
  func `mutated messages are read, and enhanced rightly or refused`(_ seed: UInt64) throws {
    var random = SplitMix(state: seed)
    for _ in 0..<100 {
      let message = Self.mutated(random.pick(Fixture.all).bytes, &random)
      let facts = try GMimeReader().read(message)
      for part in facts.parts { _ = try GMimeReader().content(ofPart: part.index, in: message) }
      do throws(StepFailure) {
        let output = try MessageSplicer().enhance(message, with: .sample)
        try SelfCheck(.sample).compare(message, with: output)
        #expect(output.position(of: Array("X-Voicemail-Transcript: ok".utf8)) != nil)
        #expect(try recordings(output) == recordings(message))
      } catch {
        #expect(error.kind == .permanent)
      }
    }
  }

  private func recordings(_ message: [UInt8]) throws(StepFailure) -> [[UInt8]] {
    var found: [[UInt8]] = []
    for part in try GMimeReader().read(message).parts where part.contentType.hasPrefix("audio/") {
      found.append(try GMimeReader().content(ofPart: part.index, in: message))
    }
    return found
  }

  private static func mutated(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var bytes = bytes
    for _ in 0...random.below(4) {
      let place = random.below(bytes.count + 1)
      let end = min(bytes.count, place + random.below(40))
      switch random.below(5) {
      case 0: bytes.removeSubrange(place..<end)
      case 1: bytes.insert(contentsOf: random.pick(pieces), at: place)
      case 2: bytes.insert(contentsOf: Array(bytes[place..<end]), at: random.below(place + 1))
      case 3: if place < bytes.count { bytes[place] = UInt8(random.below(256)) }
      default: if random.below(8) == 0 { bytes.removeSubrange(place...) }
      }
    }
    return bytes
  }
}

/// A small seeded generator (Steele, Lea, Flood 2014), so that a failure can be seen again.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }
  mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }
}
