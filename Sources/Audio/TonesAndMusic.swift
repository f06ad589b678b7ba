internal import Glibc
internal import Voicemail

/// Whether a recording holds music on hold or dialled digits and nothing that could be a voice.
///
/// The partials of instruments keep their pitch; those of a voice never rest for a quarter of a second, and the higher
/// ones least. So a frame counts as music when most of its energy between 600 and 3400 Hz is in partials that stay.
/// A frame counts as a dialled digit when its energy is in one low and one high frequency of ITU-T Q.23.
///
/// Every three seconds must look like it: a voice over music, or before it, is speech. Measured on 84 prompts of one
/// voice: at most 0.06 of a prompt's frames are music, 0 digits; on 15 s of Debian's music on hold 0.09 to 0.96. A
/// synthetic voice without melody (flite's slt) has up to 0.44, but is quiet between syllables in at least 0.14 of its
/// frames, where the music that is hardly more musical has no more than 0.08.
struct TonesAndMusic {
  private static let size = 1024
  /// 16 ms.
  private static let hop = 256
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
  private static let leastDigits: Float = 0.5
  private static let leastDigitsInWindow: Float = 0.2

  let isMusic: Bool
  let isDigits: Bool

  /// Looks at 16 kHz samples.
  init(_ samples: [Int16]) {
    var music: [Share] = []
    var digits: [Share] = []
    var gaps: [Share] = []
    let spectra = Spectra(size: Self.size, hop: Self.hop)
    let loudest = spectra.loudest(samples) * Self.quiet
    let frames = spectra.count(samples)
    for start in stride(from: 0, to: frames, by: Self.windowFrames) {
      let powers = (start..<min(frames, start + Self.windowFrames)).map {
        spectra.powers(samples, frame: $0)
      }
      let energies = powers.map { $0.reduce(0, +) }
      let active = energies.map { $0 > loudest }
      let held = Self.held(powers)
      let count = active.count { $0 }
      guard count >= Self.leastFrames else { continue }
      let musical = powers.indices.count { active[$0] && Self.isMusical(powers[$0], held[$0]) }
      let dialled = powers.indices.count { active[$0] && Self.isDigit(powers[$0]) }
      music.append(Share(part: musical, of: count))
      digits.append(Share(part: dialled, of: count))
      gaps.append(Self.gaps(energies))
    }
    let musical = Share.sum(music)
    let isFlowing =
      musical.part >= Self.leastFlowingMusicFrames && musical.fraction >= Self.leastFlowingMusic
      && Share.sum(gaps).fraction < Self.mostGapsOfFlowing
    isMusic =
      Share.areAll(music, atLeast: Self.leastMusicInWindow)
      && (musical.fraction >= Self.leastMusic || isFlowing)
    isDigits =
      Share.areAll(digits, atLeast: Self.leastDigitsInWindow)
      && Share.sum(digits).fraction >= Self.leastDigits
  }

  private static func gaps(_ energies: [Float]) -> Share {
    let levels = energies.map { $0.squareRoot() }
    let mean = levels.reduce(0, +) / Float(levels.count)
    return Share(part: levels.count { $0 < mean / 2 }, of: levels.count)
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

/// Frames of a kind among all.
private struct Share {
  var part: Int
  var of: Int

  /// 0 of none.
  var fraction: Float { of > 0 ? Float(part) / Float(of) : 0 }

  static func sum(_ shares: [Share]) -> Share {
    shares.reduce(Share(part: 0, of: 0)) { Share(part: $0.part + $1.part, of: $0.of + $1.of) }
  }

  static func areAll(_ shares: [Share], atLeast fraction: Float) -> Bool {
    shares.allSatisfy { $0.fraction >= fraction }
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

  func count(_ samples: [Int16]) -> Int { max(0, (samples.count - size) / hop + 1) }

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
