internal import Audio
internal import Glibc
internal import Voicemail

/// A signal as overlapping spectra: 32 ms each, every 8 ms, and back.
struct ShortTimeSpectra {
  static let size = 512
  static let hop = 128
  /// Bins from 0 Hz to half the sampling rate.
  static let bins = size / 2 + 1

  static func hertz(ofBin bin: Int) -> Float {
    Float(bin) * Float(Recording.sampleRateHz) / Float(size)
  }

  private let transform = FourierTransform(size: size)
  /// The root of a Hann window: used on both ways, four of them overlap to 2.
  private let window: [Float] = (0..<size).map {
    Float((0.5 - 0.5 * cos(2 * Double.pi * Double($0) / Double(size))).squareRoot())
  }

  /// Frames begin a frame before the signal and end behind it.
  func frameCount(_ samples: Int) -> Int { (samples + Self.size) / Self.hop + 1 }

  /// The spectrum of one frame of two real signals at once: one rides as the imaginary part.
  func spectra(of first: [Float], and second: [Float], frame: Int) -> (ComplexArray, ComplexArray) {
    var packed = zeros(Self.size)
    let start = frame * Self.hop - Self.size
    for offset in max(0, -start)..<max(0, -start, min(Self.size, first.count - start)) {
      packed.real[offset] = first[start + offset] * window[offset]
      packed.imaginary[offset] = second[start + offset] * window[offset]
    }
    transform.forward(&packed)
    var one = zeros(Self.bins)
    var two = zeros(Self.bins)
    for bin in 0..<Self.bins {
      let mirror = (Self.size - bin) % Self.size
      one.real[bin] = (packed.real[bin] + packed.real[mirror]) / 2
      one.imaginary[bin] = (packed.imaginary[bin] - packed.imaginary[mirror]) / 2
      two.real[bin] = (packed.imaginary[bin] + packed.imaginary[mirror]) / 2
      two.imaginary[bin] = (packed.real[mirror] - packed.real[bin]) / 2
    }
    return (one, two)
  }

  /// Adds one frame to the signal it is a part of.
  func add(_ spectrum: ComplexArray, frame: Int, to signal: inout [Float]) {
    var values = zeros(Self.size)
    for bin in 0..<Self.bins {
      values.real[bin] = spectrum.real[bin]
      values.imaginary[bin] = spectrum.imaginary[bin]
      guard bin > 0, bin < Self.bins - 1 else { continue }
      values.real[Self.size - bin] = spectrum.real[bin]
      values.imaginary[Self.size - bin] = -spectrum.imaginary[bin]
    }
    transform.inverse(&values)
    let start = frame * Self.hop - Self.size
    for offset in max(0, -start)..<max(0, -start, min(Self.size, signal.count - start)) {
      signal[start + offset] += values.real[offset] * window[offset] / 2
    }
  }

  private func zeros(_ count: Int) -> ComplexArray {
    let zeros = [Float](repeating: 0, count: count)
    return ComplexArray(real: zeros, imaginary: zeros)
  }
}
