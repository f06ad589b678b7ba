/// What becomes of a recording with two channels.
package enum ChannelUse: String, Sendable, Codable, CaseIterable {
  /// One recording, as a telephone would play it.
  case mix
  /// The first channel is the caller's, the second the agent's.
  case callerAgent = "caller-agent"
  case agentCaller = "agent-caller"

  /// Of the first and the second channel; nil where they are not told apart.
  package var speakers: [Speaker]? {
    switch self {
    case .mix: nil
    case .callerAgent: [.caller, .agent]
    case .agentCaller: [.agent, .caller]
    }
  }
}

/// Transcripts of two channels as one conversation.
enum SpeakersApart {
  /// What one channel has and the other has not, against the louder one: 30 dB below it is a coder's noise.
  private static let negligible = 0.001

  /// Whether both channels are one recording twice, as PBXs write it.
  static func isOneTwice(_ first: [Int16], _ second: [Int16]) -> Bool {
    var (difference, energy, other) = (0.0, 0.0, 0.0)
    for (a, b) in zip(first, second) {
      let (x, y) = (Double(a), Double(b))
      difference += (x - y) * (x - y)
      energy += x * x
      other += y * y
    }
    return difference <= negligible * max(energy, other)
  }

  /// By the times of its segments. Where only one channel gave a text, its confidence is low if the other one failed:
  /// something was said that is not here.
  static func joined(_ sides: [(speaker: Speaker, transcript: Transcript)]) -> Transcript {
    let texts = sides.filter { [.ok, .low].contains($0.transcript.status) }
    guard var whole = texts.first?.transcript else {
      let failed = sides.first { $0.transcript.status == .failed } ?? sides.first
      return failed?.transcript ?? .failed("the recording could not be understood")
    }
    let isWhole =
      texts.allSatisfy { $0.transcript.status == .ok }
      && !sides.contains { $0.transcript.status == .failed }
    whole.status = isWhole ? .ok : .low
    whole.segments = texts.flatMap { side in
      side.transcript.segments.map { segment in
        var segment = segment
        segment.speaker = side.speaker
        return segment
      }
    }.sorted { $0.start < $1.start }
    whole.confidence = Transcriber.meanConfidence(whole.segments)
    return whole
  }
}
