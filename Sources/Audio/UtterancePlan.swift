internal import Voicemail

/// Cuts a recording into utterances that an engine can take one by one: at pauses, 5 to 30 s long,
/// silence between them left out.
///
/// Recognisers grow in memory and slow down with the length of an utterance, and a cut inside a word
/// costs that word.
package struct UtterancePlan: Sendable {
  /// Sample positions, in order, without overlap.
  package let utterances: [Range<Int>]

  private static let shortest = 5 * Recording.sampleRateHz
  private static let longest = 30 * Recording.sampleRateHz
  /// What is kept of the silence on both sides.
  private static let padding = Recording.sampleRateHz / 10
  /// A silence longer than this is left out even inside an utterance that is still short.
  private static let longestPause = 2 * Recording.sampleRateHz

  /// Plans 16 kHz samples; no speech gives an empty plan. `speech` is where it is, if that is known.
  package init(_ samples: [Int16], speech: [Range<Int>]? = nil) {
    let stretches = speech ?? SpeechActivity(samples).stretches
    let pieces = stretches.flatMap { Self.split($0, samples) }
    let plan = Self.gather(pieces)
    utterances = plan.enumerated().map { index, utterance in
      // Padding never reaches over the middle of the pause: two utterances share no sample.
      let before = index > 0 ? (plan[index - 1].upperBound + utterance.lowerBound) / 2 : 0
      let after =
        index + 1 < plan.count
        ? (utterance.upperBound + plan[index + 1].lowerBound) / 2 : samples.count
      return max(
        before, utterance.lowerBound - Self.padding)..<min(
          after, utterance.upperBound + Self.padding)
    }
  }

  /// Joins neighbours while the whole stays short enough.
  private static func gather(_ pieces: [Range<Int>]) -> [Range<Int>] {
    var plan: [Range<Int>] = []
    for piece in pieces {
      guard let last = plan.last, piece.lowerBound - last.upperBound <= longestPause,
        last.count < shortest, piece.upperBound - last.lowerBound <= longest
      else {
        plan.append(piece)
        continue
      }
      plan[plan.count - 1] = last.lowerBound..<piece.upperBound
    }
    return plan
  }

  /// Speech without a pause for more than the longest utterance is cut where it is quietest.
  private static func split(_ stretch: Range<Int>, _ samples: [Int16]) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var rest = stretch
    while rest.count > longest {
      let from = rest.lowerBound + longest / 3
      let cut = quietest(samples[from..<rest.lowerBound + longest])
      pieces.append(rest.lowerBound..<cut)
      rest = cut..<rest.upperBound
    }
    return pieces + [rest]
  }

  /// The middle of the quietest 100 ms.
  private static func quietest(_ samples: ArraySlice<Int16>) -> Int {
    let hop = SpeechActivity.hop
    let energies = stride(from: samples.startIndex, to: samples.endIndex, by: hop).map { start in
      samples[start..<min(start + hop, samples.endIndex)].reduce(Float(0)) { sum, sample in
        sum + Float(sample) * Float(sample)
      }
    }
    var best = (energy: Float.infinity, start: 0)
    for start in 0..<max(1, energies.count - 10) {
      let energy = energies[start..<min(start + 10, energies.count)].reduce(0, +)
      if energy < best.energy { best = (energy, start) }
    }
    return samples.startIndex + min(samples.count - 1, (best.start + 5) * hop)
  }
}
