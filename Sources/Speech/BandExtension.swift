internal import Audio
internal import Glibc

/// Gives telephone speech the bands up to 7.3 kHz that it would have had, as a small network that
/// learnt from wideband speech predicts them.
///
/// 1. The image is the signal mirrored at 4 kHz: what a poor conversion from 8 to 16 kHz leaves
///    above 4 kHz. It has the fine structure of speech, in the wrong strength. Of a line that ends at 3.4 kHz that would
///    have a gap, and the image is noise.
/// 2. `NoiseReduction` takes noise off both, where there is much.
/// 3. From the level of 16 bands that are there against the utterance's mean, at seven moments within 130 ms,
///    `BandPredictor` tells the energy of those that are not.
/// 4. The image is given these energies and added to the signal.
///
/// The words gain nothing for the ear; the recogniser's model misses these bands.
/// `Scripts/train-band-extension.py` makes its weights and has the same steps in Python.
struct BandExtension {
  /// What lets a call through.
  enum Line {
    /// A codec of telephones, up to 3.9 kHz.
    case digital
    /// 300 to 3400 Hz (ITU-T G.712): filters of analogue lines and their exchanges.
    case analogue
  }

  private let spectra = ShortTimeSpectra()
  private let line: Line
  private let low: MelBands
  private let high: MelBands
  /// What is added of the image.
  private let extended: Range<Float>
  private let predictor: BandPredictor

  /// The level at which the table was trained.
  private static let trainingRMS: Float = 3000
  /// The last output of the analogue line's network.
  private static let bass = MelBands(from: 60, to: 340, count: 1)
  private static let bassRange: Range<Float> = 60..<300

  init(_ line: Line = .digital) {
    self.line = line
    switch line {
    case .digital:
      low = MelBands(from: 200, to: 3850, count: 16)
      high = MelBands(from: 3500, to: 7200, count: 6)
      extended = 3900..<7300
      predictor = .digital
    case .analogue:
      low = MelBands(from: 300, to: 3350, count: 16)
      high = MelBands(from: 3100, to: 7200, count: 7)
      extended = 3400..<7300
      predictor = .analogue
    }
  }

  /// The extended signal, at the level of training, and whether noise was taken off it.
  func extend(_ utterance: [Float]) -> (signal: [Float], isCleaned: Bool) {
    let base = leveled(utterance)
    let image = image(of: base)
    var frames: [(base: ComplexArray, image: ComplexArray)] = []
    for frame in 0..<spectra.frameCount(base.count) {
      frames.append(spectra.spectra(of: base, and: image, frame: frame))
    }
    var levels = frames.map { low.logEnergies($0.base) }
    let noise = NoiseReduction(frames.map(\.base), levels: levels)
    if let noise {
      noise.reduce(&frames)
      levels = frames.map { low.logEnergies($0.base) }
    }
    let predicted = predict(levels)
    var signal = [Float](repeating: 0, count: base.count)
    for (number, var frame) in frames.enumerated() {
      var present = high.logEnergies(frame.image)
      if line == .analogue { present += Self.bass.logEnergies(frame.image) }
      let gains = zip(predicted[number], present).map { wanted, present in
        max(-8, min(8, (wanted - present) / 2))
      }
      add(frame.image, to: &frame.base, gains: gains)
      spectra.add(frame.base, frame: number, to: &signal)
    }
    return (signal, noise != nil)
  }

  private func leveled(_ utterance: [Float]) -> [Float] {
    let energy = utterance.reduce(0.0) { $0 + Double($1) * Double($1) }
    let rms = Float((energy / Double(max(1, utterance.count))).squareRoot())
    guard rms > 0 else { return utterance }
    return utterance.map { $0 * Self.trainingRMS / rms }
  }

  /// Every second sample negated turns the spectrum around; a little noise is there to be raised
  /// where the mirrored band is empty, and is all there is for an analogue line.
  private func image(of base: [Float]) -> [Float] {
    var noise = WhiteNoise(seed: 2)
    return base.enumerated().map { position, sample in
      let mirrored = line == .digital ? (position % 2 == 0 ? sample : -sample) : 0
      return mirrored + 5 * noise.next()
    }
  }

  private func add(_ image: ComplexArray, to base: inout ComplexArray, gains: [Float]) {
    for bin in 0..<ShortTimeSpectra.bins {
      let frequency = ShortTimeSpectra.hertz(ofBin: bin)
      let logGain: Float
      if extended.contains(frequency) {
        logGain = interpolate(gains, at: frequency)
      } else if line == .analogue, Self.bassRange.contains(frequency), let last = gains.last {
        logGain = last
      } else {
        continue
      }
      let gain = exp(logGain)
      base.real[bin] += gain * image.real[bin]
      base.imaginary[bin] += gain * image.imaginary[bin]
    }
  }

  /// Between the centers of the bands on a straight line, outside them constant.
  private func interpolate(_ gains: [Float], at frequency: Float) -> Float {
    guard let above = high.centers.firstIndex(where: { $0 > frequency }) else {
      return gains[high.centers.count - 1]
    }
    guard above > 0 else { return gains[0] }
    let span = high.centers[above] - high.centers[above - 1]
    let part = (frequency - high.centers[above - 1]) / span
    return gains[above - 1] + part * (gains[above] - gains[above - 1])
  }
}

extension BandExtension {
  /// The wanted logarithmic energies of the high bands, frame by frame.
  private func predict(_ levels: [[Float]]) -> [[Float]] {
    let means = activeMeans(levels)
    let overall = means.reduce(0, +) / Float(means.count)
    let relative = levels.map { frame in zip(frame, means).map { $0 - $1 } }
    return predictor.predict(relative).map { frame in frame.map { $0 + overall } }
  }

  /// The mean of each band over the frames in which somebody speaks: within 6 nepers of the loudest.
  private func activeMeans(_ levels: [[Float]]) -> [Float] {
    let loudness = levels.map { $0.reduce(0, +) / Float($0.count) }
    let sorted = loudness.sorted()
    let loudest = sorted[min(sorted.count - 1, Int(Double(sorted.count) * 0.95))]
    var sums = [Float](repeating: 0, count: low.centers.count)
    var count: Float = 0
    for (number, frame) in levels.enumerated() where loudness[number] >= loudest - 6 {
      for band in frame.indices { sums[band] += frame[band] }
      count += 1
    }
    return sums.map { $0 / max(1, count) }
  }
}
