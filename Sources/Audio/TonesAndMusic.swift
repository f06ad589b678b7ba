internal import Glibc
internal import Voicemail

/// Whether a recording holds music on hold and nothing that could be a voice, and where it holds dialled digits.
///
/// The partials of instruments keep their pitch; those of a voice never rest for a quarter of a second, and the higher
/// ones least. So a frame counts as music when most of its energy between 600 and 3400 Hz is in partials that stay.
/// A frame counts as a dialled digit when its energy is in one low and one high frequency of ITU-T Q.23.
///
/// Every second must look like music, wherever it begins: a voice over music, before or after it, is speech. A second
/// does not when hardly any of it is musical and its level moves as that of syllables does; nor do three seconds with
/// next to no music at any level. Measured over 58 prompts of five voices: 19 in 20 of their seconds have no musical
/// frame, and the level of 9 in 10 deviates by 0.37 of its mean or more; the music that is hardly more musical than a
/// voice has seconds without a note that is held, but these deviate by some 0.2. A synthetic voice without melody
/// (flite's slt) has up to 0.44 of musical frames, but is quiet between syllables in at least 0.14 of its frames, where
/// that music has no more than 0.08.
struct TonesAndMusic {
  private static let size = 1024
  /// 16 ms.
  private static let hop = 256
  private static let secondFrames = 62
  private static let windowFrames = 187
  private static let leastFrames = 12
  private static let heldFrames = 14
  private static let hertzPerBin = Float(Recording.sampleRateHz) / Float(size)
  private static let partials = 38..<218
  /// Frames this much below the loudest are pauses.
  private static let quiet: Float = 1e-3

  private static let leastMusic: Float = 0.5
  /// In frames; 4 s. Vowels that a speaker holds may be as much of a short recording.
  private static let leastFlowingMusicFrames = 250
  private static let leastFlowingMusic: Float = 0.25
  /// Frames below half of the level around them.
  private static let mostGapsOfFlowing: Float = 0.1
  private static let leastMusicInWindow: Float = 0.08
  private static let leastMusicInSecond: Float = 0.15
  /// Standard deviation to mean.
  private static let leastDeviationOfVoice: Float = 0.3

  let isMusic: Bool
  /// Samples in order, without overlap.
  let digits: [Range<Int>]

  /// Looks at 16 kHz samples.
  init(_ samples: [Int16]) {
    let frames = Self.frames(samples)
    digits = Self.digits(frames)
    let musical = Share(of: frames)
    let windows = Self.windows(frames, Self.windowFrames).filter {
      Share(of: $0).of >= Self.leastFrames
    }
    let isFlowing =
      musical.part >= Self.leastFlowingMusicFrames && musical.fraction >= Self.leastFlowingMusic
      && Share.sum(windows.map(Self.gaps)).fraction < Self.mostGapsOfFlowing
    isMusic =
      (musical.fraction >= Self.leastMusic || isFlowing)
      && windows.allSatisfy { Share(of: $0).fraction >= Self.leastMusicInWindow }
      && !Self.windows(frames, Self.secondFrames).contains(where: Self.mayBeVoice)
  }

  private static func mayBeVoice(_ second: ArraySlice<Frame>) -> Bool {
    let musical = Share(of: second)
    guard musical.of >= second.count / 2, musical.fraction < leastMusicInSecond
    else { return false }
    let levels = second.map(\.level)
    let mean = levels.reduce(0, +) / Float(levels.count)
    let variance = levels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(levels.count)
    return variance.squareRoot() > leastDeviationOfVoice * mean
  }

  private static func frames(_ samples: [Int16]) -> [Frame] {
    let spectra = Spectra(size: size, hop: hop)
    let loudest = spectra.loudest(samples) * quiet
    let count = spectra.count(samples)
    var frames: [Frame] = []
    frames.reserveCapacity(count)
    // The spectra of a whole recording would be large; what is held is seen from its ends.
    for start in stride(from: 0, to: count, by: windowFrames) {
      let end = min(count, start + windowFrames)
      let around = max(0, start - heldFrames)..<min(count, end + heldFrames)
      let powers = around.map { spectra.powers(samples, frame: $0) }
      let held = held(powers)
      for index in start - around.lowerBound..<end - around.lowerBound {
        let energy = powers[index].reduce(0, +)
        let isDigit = energy > loudest && isDigit(powers[index])
        let isActive = energy > loudest && !isDigit
        frames.append(
          Frame(
            level: energy.squareRoot(), isDigit: isDigit, isActive: isActive,
            isMusical: isActive && isMusical(powers[index], held[index])))
      }
    }
    return frames
  }

  /// Overlapping stretches of that many frames that cover all; of fewer frames there is one.
  private static func windows(_ frames: [Frame], _ length: Int) -> [ArraySlice<Frame>] {
    let last = max(0, frames.count - length)
    return (Array(stride(from: 0, to: last, by: 4)) + [last]).map {
      frames[$0..<min(frames.count, $0 + length)]
    }
  }

  private static func digits(_ frames: [Frame]) -> [Range<Int>] {
    var digits: [Range<Int>] = []
    for index in frames.indices where frames[index].isDigit {
      let samples = index * hop..<index * hop + size
      if let last = digits.last, last.upperBound >= samples.lowerBound {
        digits[digits.count - 1] = last.lowerBound..<samples.upperBound
      } else {
        digits.append(samples)
      }
    }
    return digits
  }

  private static func gaps(_ window: ArraySlice<Frame>) -> Share {
    let mean = window.reduce(0) { $0 + $1.level } / Float(window.count)
    return Share(part: window.count { $0.level < mean / 2 }, of: window.count)
  }

  /// For each frame and bin whether a peak stays there, give or take a bin, for a quarter of a second.
  private static func held(_ powers: [[Float]]) -> [[Bool]] {
    let near = powers.map { power in
      let peaks = partials.map { bin in
        power[bin] >= power[bin - 1] && power[bin] >= power[bin + 1]
          && power[bin] > 4 * power[bin - 2] && power[bin] > 4 * power[bin + 2]
      }
      return widened(peaks)
    }
    var held = near.map { [Bool](repeating: false, count: $0.count) }
    for bin in 0..<partials.count {
      var run = 0
      for frame in 0...near.count {
        if frame < near.count, near[frame][bin] {
          run += 1
          continue
        }
        if run >= heldFrames { for back in frame - run..<frame { held[back][bin] = true } }
        run = 0
      }
    }
    return held.map(widened)
  }

  private static func widened(_ marks: [Bool]) -> [Bool] {
    marks.indices.map { bin in
      marks[bin] || (bin > 0 && marks[bin - 1]) || (bin + 1 < marks.count && marks[bin + 1])
    }
  }

  private static func isMusical(_ power: [Float], _ held: [Bool]) -> Bool {
    var (inHeld, total): (Float, Float) = (0, 1)
    for (offset, bin) in partials.enumerated() {
      total += power[bin]
      if held[offset] { inHeld += power[bin] }
    }
    return inHeld > total / 2
  }

  private static func isDigit(_ power: [Float]) -> Bool {
    func strongest(_ frequencies: [Float]) -> Float {
      frequencies.map { frequency in
        let bin = Int(frequency / hertzPerBin + 0.5)
        return power[bin - 2...bin + 2].reduce(0, +)
      }.max() ?? 0
    }
    let low = strongest([697, 770, 852, 941])
    let high = strongest([1209, 1336, 1477, 1633])
    return low + high > 0.7 * power[13...].reduce(0, +) && low > 0.1 * (low + high)
      && high > 0.1 * (low + high)
  }
}

private struct Frame {
  var level: Float
  var isDigit: Bool
  /// Neither a pause nor a digit.
  var isActive: Bool
  var isMusical: Bool
}

/// Frames of a kind among all.
private struct Share {
  var part: Int
  var of: Int

  /// 0 of none.
  var fraction: Float { of > 0 ? Float(part) / Float(of) : 0 }

  static func sum(_ shares: [Share]) -> Share {
    shares.reduce(Share(part: 0, of: 0)) { Share(part: $0.part + $1.part, of: $0.of + $1.of) }
  }
}

extension Share {
  /// Musical frames among those that are active.
  init(of frames: some Sequence<Frame>) {
    self = frames.reduce(into: Share(part: 0, of: 0)) { share, frame in
      if frame.isMusical { share.part += 1 }
      if frame.isActive { share.of += 1 }
    }
  }
}

/// Power spectra of overlapping frames up to half the sampling rate.
private struct Spectra {
  let size: Int
  let hop: Int
  private let transform: FourierTransform
  private let window: [Float]

  init(size: Int, hop: Int) {
    self.size = size
    self.hop = hop
    transform = FourierTransform(size: size)
    window = (0..<size).map { Float(0.5 - 0.5 * cos(2 * Double.pi * Double($0) / Double(size))) }
  }

  func count(_ samples: [Int16]) -> Int {
    samples.count < size ? 0 : (samples.count - size) / hop + 1
  }

  func powers(_ samples: [Int16], frame: Int) -> [Float] {
    let zeros = [Float](repeating: 0, count: size)
    var values = ComplexArray(real: zeros, imaginary: zeros)
    for offset in 0..<size {
      values.real[offset] = Float(samples[frame * hop + offset]) * window[offset]
    }
    transform.forward(&values)
    return (0..<size / 2).map { values.power($0) }
  }

  /// The most that a frame's powers may sum to, by its samples (Parseval).
  func loudest(_ samples: [Int16]) -> Float {
    (0..<count(samples)).map { frame in
      var energy: Float = 0
      for offset in stride(from: 0, to: size, by: 2) {
        let sample = Float(samples[frame * hop + offset]) * window[offset]
        energy += sample * sample
      }
      return energy * Float(size)
    }.max() ?? 0
  }
}
