internal import Audio
internal import Glibc

/// Takes steady noise off an utterance's spectra, where there is much of it: otherwise it leaves them alone to the last
/// bit, since what a filter does to clear speech costs more words than it saves.
///
/// The estimate is the log-spectral amplitude's of Y. Ephraim and D. Malah, "Speech enhancement using a minimum
/// mean-square error log-spectral amplitude estimator", IEEE Trans. ASSP 33 (1985), with their decision-directed ratio
/// of speech to noise. The noise is taken from the quietest tenth of the frames.
struct NoiseReduction {
  /// Bins up to 4 kHz: a telephone call has no others.
  private static let bins = ShortTimeSpectra.bins / 2 + 1
  /// Frames at both ends in which a part of the signal is missing.
  private static let edge = 4
  private static let fewestFrames = 64
  /// Mean over the bands of what lies between a band's quiet moments and its loud ones, in decibels: 38 and more in
  /// clear prompts, 36 and less with white noise 30 dB below the speech, 23 at 20 dB.
  private static let noisySpan: Float = 34
  /// The same between the quietest moments and the quietest tenth: below 2 in steady noise, about 4 in the babble of
  /// voices, for which this estimate is wrong: it costs words there.
  private static let steadySpan: Float = 2.5

  /// What is always kept of each bin: music-like remains cost words. More where there is less noise: at 28 and 30 dB
  /// the words lose more by the filter than by what it leaves.
  private static let leastGains: ClosedRange<Float> = 0.1...0.3
  /// The spans between which it rises.
  private static let risingSpans: ClosedRange<Float> = 27...29
  /// The weight of the frame before in the ratio of speech to noise, and the least ratio.
  private static let memory: Float = 0.98
  private static let leastRatio: Float = 0.00316

  private let noise: [Float]
  private let leastGain: Float

  /// nil for what is clear, and where the noise is not steady. `levels` are the logarithmic energies of the low bands, frame by frame.
  init?(_ frames: [ComplexArray], levels: [[Float]]) {
    guard frames.count >= Self.fewestFrames else { return nil }
    let inner = Self.edge..<frames.count - Self.edge - 1
    let span = Self.span(levels[inner], from: 10, to: 95)
    guard span < Self.noisySpan,
      Self.span(levels[inner], from: 3, to: 10) < Self.steadySpan
    else { return nil }
    leastGain = Self.leastGain(span: span)
    let powers = frames[inner].map { frame in (0..<Self.bins).map { frame.power($0) } }
    let totals = powers.map { $0.reduce(0, +) }
    let threshold = totals.sorted()[totals.count / 10]
    let quiet = powers.indices.filter { totals[$0] <= threshold }
    let mean = (0..<Self.bins).map { bin in
      quiet.reduce(0) { $0 + powers[$1][bin] } / Float(quiet.count)
    }
    noise = mean.indices.map { bin in
      let near = mean[max(0, bin - 2)...min(mean.count - 1, bin + 2)]
      return near.reduce(0, +) / Float(near.count) + 1e-3
    }
  }

  private static func leastGain(span: Float) -> Float {
    let (low, high) = (leastGains.lowerBound, leastGains.upperBound)
    let part = (span - risingSpans.lowerBound) / (risingSpans.upperBound - risingSpans.lowerBound)
    return low + (high - low) * max(0, min(1, part))
  }

  /// Between two percentiles of a band's levels, mean over the bands, in decibels.
  private static func span(_ levels: ArraySlice<[Float]>, from low: Int, to high: Int) -> Float {
    let bands = levels.first?.count ?? 0
    let spans = (0..<bands).map { band in
      let sorted = levels.map { $0[band] }.sorted()
      return sorted[sorted.count * high / 100] - sorted[sorted.count * low / 100]
    }
    return spans.reduce(0, +) / Float(max(1, bands)) * 10 / log(10)
  }

  /// The frames of a signal, and those of its image, which is the signal mirrored at 4 kHz.
  func reduce(_ frames: inout [(base: ComplexArray, image: ComplexArray)]) {
    var speech = [Float](repeating: 0, count: Self.bins)
    for number in frames.indices {
      for bin in 0..<Self.bins {
        let power = frames[number].base.power(bin)
        let gain = gain(power: power, noise: noise[bin], speechBefore: speech[bin])
        speech[bin] = gain * gain * power
        let kept = max(leastGain, gain)
        frames[number].base.scale(bin, by: kept)
        frames[number].image.scale(ShortTimeSpectra.bins - 1 - bin, by: kept)
      }
    }
  }

  private func gain(power: Float, noise: Float, speechBefore: Float) -> Float {
    let posterior = min(1000, power / noise)
    let prior = max(
      Self.leastRatio,
      Self.memory * speechBefore / noise + (1 - Self.memory) * max(0, posterior - 1))
    let part = prior / (1 + prior)
    return min(1, part * exp(exponentialIntegral(max(1e-3, part * posterior)) / 2))
  }
}

/// E1 of a number above 0. Abramowitz and Stegun, 5.1.53 and 5.1.56: good to 0.0001.
private func exponentialIntegral(_ x: Float) -> Float {
  guard x > 1 else {
    let series: [Float] = [0.001_078_57, -0.009_760_04, 0.055_199_68, -0.249_910_55, 0.999_991_93]
    return series.reduce(0) { ($0 + $1) * x } - 0.577_215_66 - log(x)
  }
  let over = x * x + 2.334_733 * x + 0.250_621
  let under = x * x + 3.330_657 * x + 1.681_534
  return over / under * exp(-x) / x
}
