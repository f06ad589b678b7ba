import Audio
import Foundation
import Testing
import Voicemail

@testable import Speech

@Suite struct Bands {
  @Test func `a transform and its inverse give the signal back`() {
    let transform = FourierTransform(size: 512)
    var noise = WhiteNoise(seed: 7)
    let signal = ComplexArray(
      real: (0..<512).map { _ in noise.next() }, imaginary: (0..<512).map { _ in noise.next() })
    var values = signal
    transform.forward(&values)
    transform.inverse(&values)
    for index in 0..<512 {
      #expect(abs(values.real[index] - signal.real[index]) < 1e-4)
      #expect(abs(values.imaginary[index] - signal.imaginary[index]) < 1e-4)
    }
  }

  @Test func `a cosine has its energy in its own bin`() {
    let transform = FourierTransform(size: 512)
    var values = ComplexArray(
      real: (0..<512).map { Float(cos(2 * .pi * 37 * Double($0) / 512)) },
      imaginary: [Float](repeating: 0, count: 512))
    transform.forward(&values)
    for bin in 0..<512 {
      let expected: Float = bin == 37 || bin == 512 - 37 ? 256 : 0
      #expect(abs(values.power(bin).squareRoot() - expected) < 0.01)
    }
  }

  @Test func `spectra added up again are the signal`() {
    let spectra = ShortTimeSpectra()
    var noise = WhiteNoise(seed: 8)
    let one = (0..<3001).map { _ in 1000 * noise.next() }
    let two = (0..<3001).map { _ in 1000 * noise.next() }
    var sums = (
      [Float](repeating: 0, count: one.count), [Float](repeating: 0, count: two.count)
    )
    for frame in 0..<spectra.frameCount(one.count) {
      let (first, second) = spectra.spectra(of: one, and: two, frame: frame)
      spectra.add(first, frame: frame, to: &sums.0)
      spectra.add(second, frame: frame, to: &sums.1)
    }
    for index in one.indices {
      #expect(abs(sums.0[index] - one[index]) < 0.1)
      #expect(abs(sums.1[index] - two[index]) < 0.1)
    }
  }

  @Test func `a telephone call is known by its spectrum, not by its rate`() throws {
    let call = try Prompts.recording("vm-saveoper").samples
    #expect(TelephoneBand(call, [0..<call.count]).isNarrow)
    var noise = WhiteNoise(seed: 9)
    let wide = call.map { Int16(clamping: Int($0) + Int(60 * noise.next())) }
    #expect(!TelephoneBand(wide, [0..<wide.count]).isNarrow)
  }

  @Test func `the extension fills the upper band and leaves the lower one`() throws {
    let call = try Prompts.recording("vm-saveoper").samples.map { Float($0) }
    let extended = BandExtension().extend(call).signal
    #expect(extended.count == call.count)
    let (before, after) = (energies(call), energies(extended))
    let level = after.low / before.low
    #expect(after.high / after.low > 1e-4)
    #expect(after.high / level > before.high * 100)
    #expect(after.high < after.low)
  }

  @Test(arguments: [0, 1, 127, 128, 511, 512, 513])
  func `the shortest utterances pass`(_ count: Int) {
    for value: Int16 in [0, 1, -32768] {
      let samples = [Int16](repeating: value, count: count)
      let band = TelephoneBand(samples, [0..<count])
      #expect(band.prepare(samples[...]).samples.count == count)
      #expect(BandExtension().extend(samples.map { Float($0) }).signal.allSatisfy { $0.isFinite })
    }
  }

  @Test func `the noise is white, normal and always the same`() {
    var (one, two) = (WhiteNoise(seed: 1), WhiteNoise(seed: 1))
    let numbers = (0..<20_000).map { _ in one.next() }
    #expect(numbers == (0..<20_000).map { _ in two.next() })
    let mean = numbers.reduce(0, +) / 20_000
    let variance = numbers.reduce(0) { $0 + $1 * $1 } / 20_000
    #expect(abs(mean) < 0.03)
    #expect(abs(variance - 1) < 0.05)
  }

  private func energies(_ signal: [Float]) -> (low: Float, high: Float) {
    let spectra = ShortTimeSpectra()
    var (low, high): (Float, Float) = (0, 0)
    for frame in 0..<spectra.frameCount(signal.count) {
      let (spectrum, _) = spectra.spectra(of: signal, and: signal, frame: frame)
      for bin in 0..<ShortTimeSpectra.bins {
        switch ShortTimeSpectra.hertz(ofBin: bin) {
        case ..<3800: low += spectrum.power(bin)
        case 4200..<7200: high += spectrum.power(bin)
        default: break
        }
      }
    }
    return (low, high)
  }
}
