internal import Audio
internal import Voicemail

/// Cuts a recording into pieces that an engine takes in one request: at pauses, without the silence around them.
struct RecordingPieces {
  private let utterances: [Range<Int>]
  private let stretches: [Range<Int>]
  private let count: Int

  /// What is kept of the silence before and after: engines miss words that begin at once.
  private static let margin = Recording.sampleRateHz / 2

  init(_ recording: Recording) {
    let samples = recording.samples
    utterances = UtterancePlan(samples, speech: recording.speech).utterances
    stretches = recording.speech ?? SpeechActivity(samples).stretches
    count = samples.count
  }

  /// Sample positions, in order, without overlap; none is longer than that unless it is a single utterance, which lasts
  /// 30 s at most.
  func pieces(longest: Int) -> [Range<Int>] { pieces(in: 0..<count, longest: longest) }

  /// The same of a piece.
  func pieces(in whole: Range<Int>, longest: Int) -> [Range<Int>] {
    var plan: [Range<Int>] = []
    for utterance in utterances where whole.overlaps(utterance) {
      if let last = plan.last,
        utterance.upperBound - last.lowerBound <= longest - 2 * Self.margin
      {
        plan[plan.count - 1] = last.lowerBound..<utterance.upperBound
      } else {
        plan.append(utterance)
      }
    }
    return plan.enumerated().map { index, piece in
      let before =
        index > 0 ? (plan[index - 1].upperBound + piece.lowerBound) / 2 : whole.lowerBound
      let after =
        index + 1 < plan.count
        ? (piece.upperBound + plan[index + 1].lowerBound) / 2 : whole.upperBound
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
