internal import Audio
internal import Voicemail

/// Cuts a recording into pieces that an engine takes in one request: at pauses, without the silence around them.
struct RecordingPieces {
  /// Sample positions, in order, without overlap.
  let pieces: [Range<Int>]
  private let stretches: [Range<Int>]

  /// What is kept of the silence before and after: engines miss words that begin at once.
  private static let margin = Recording.sampleRateHz / 2

  /// `longestSeconds` must hold an utterance of 30 s.
  init(_ recording: Recording, longestSeconds: Int) {
    let samples = recording.samples
    let utterances = UtterancePlan(samples, speech: recording.speech).utterances
    stretches = recording.speech ?? SpeechActivity(samples).stretches
    let longest = max(longestSeconds, 31) * Recording.sampleRateHz - 2 * Self.margin
    var plan: [Range<Int>] = []
    for utterance in utterances {
      if let last = plan.last, utterance.upperBound - last.lowerBound <= longest {
        plan[plan.count - 1] = last.lowerBound..<utterance.upperBound
      } else {
        plan.append(utterance)
      }
    }
    pieces = plan.enumerated().map { index, piece in
      let before = index > 0 ? (plan[index - 1].upperBound + piece.lowerBound) / 2 : 0
      let after =
        index + 1 < plan.count ? (piece.upperBound + plan[index + 1].lowerBound) / 2 : samples.count
      return max(
        before, piece.lowerBound - Self.margin)..<min(
          after, piece.upperBound + Self.margin)
    }
  }

  /// Speech between two moments of the recording, as our own ear finds it.
  func speechSeconds(from start: Double, to end: Double) -> Double {
    let rate = Double(Recording.sampleRateHz)
    return stretches.reduce(0) { sum, stretch in
      let overlap =
        min(end, Double(stretch.upperBound) / rate) - max(start, Double(stretch.lowerBound) / rate)
      return sum + max(0, overlap)
    }
  }
}
