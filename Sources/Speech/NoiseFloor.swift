internal import Glibc

/// White noise 45 dB below the signal, so that no band of the spectrum is empty; the same noise
/// every time.
enum NoiseFloor {
  static func added(to samples: [Float]) -> [Int16] {
    let energy = samples.reduce(0.0) { $0 + Double($1) * Double($1) }
    let rms = (energy / Double(max(1, samples.count))).squareRoot()
    let deviation = Float(max(1, rms * pow(10, -45.0 / 20)))
    var noise = WhiteNoise(seed: 1)
    return samples.map { sample in
      Int16(max(-32768, min(32767, (sample + deviation * noise.next()).rounded())))
    }
  }
}

/// Normally distributed numbers, deviation 1, from a seed: SplitMix64 and the polar method.
struct WhiteNoise {
  private var state: UInt64
  private var spare: Float?

  init(seed: UInt64) { state = seed }

  mutating func next() -> Float {
    if let number = spare {
      spare = nil
      return number
    }
    while true {
      let x = uniform()
      let y = uniform()
      let square = x * x + y * y
      guard square > 0, square < 1 else { continue }
      let factor = (-2 * log(square) / square).squareRoot()
      spare = y * factor
      return x * factor
    }
  }

  /// Between -1 and 1.
  private mutating func uniform() -> Float {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    bits ^= bits >> 31
    return Float(bits >> 40) / Float(1 << 23) - 1
  }
}
