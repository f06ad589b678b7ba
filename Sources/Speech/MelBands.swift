internal import Audio
internal import Glibc

/// Overlapping triangular bands, evenly spaced as the ear spaces pitch.
struct MelBands {
  let centers: [Float]
  /// For each band the bins with weight above 0, and their weights.
  private let bands: [(first: Int, weights: [Float])]

  init(from low: Float, to high: Float, count: Int) {
    let step = (mel(high) - mel(low)) / Float(count + 1)
    let edges = (0...count + 1).map { hertz(mel(low) + Float($0) * step) }
    centers = Array(edges[1...count])
    bands = (0..<count).map { band in
      let weights = (0..<ShortTimeSpectra.bins).map { bin in
        let frequency = ShortTimeSpectra.hertz(ofBin: bin)
        let rise = (frequency - edges[band]) / (edges[band + 1] - edges[band])
        let fall = (edges[band + 2] - frequency) / (edges[band + 2] - edges[band + 1])
        return max(0, min(rise, fall))
      }
      let first = weights.firstIndex { $0 > 0 } ?? 0
      let last = weights.lastIndex { $0 > 0 } ?? 0
      return (first, Array(weights[first...last]))
    }
  }

  /// The natural logarithm of the energy in each band; 1 is added, so that silence is 0.
  func logEnergies(_ spectrum: ComplexArray) -> [Float] {
    bands.map { band in
      var energy: Float = 1
      for (offset, weight) in band.weights.enumerated() {
        energy += weight * spectrum.power(band.first + offset)
      }
      return log(energy)
    }
  }
}

private func mel(_ hertz: Float) -> Float { 2595 * log10(1 + hertz / 700) }
private func hertz(_ mel: Float) -> Float { 700 * (pow(10, mel / 2595) - 1) }
