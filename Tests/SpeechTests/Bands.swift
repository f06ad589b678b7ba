import Audio
import Foundation
import TestSupport
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
    #expect(TelephoneBand(call, [0..<call.count]).line == .digital)
    var noise = WhiteNoise(seed: 9)
    let wide = call.map { Int16(clamping: Int($0) + Int(60 * noise.next())) }
    #expect(TelephoneBand(wide, [0..<wide.count]).line == nil)
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

  /// As filters of analogue lines leave it.
  private func analogueCall() throws -> [Int16] {
    let directory = try TemporaryDirectory()
    let path = directory.file("call.wav")
    let sox = try ChildProcess(
      "/usr/bin/sox",
      ["-R", "\(Prompts.folder)/vm-saveoper.wav", "-e", "mu-law", path, "sinc", "300-3400"])
    #expect(sox.waitForExit(seconds: 30) == 0)
    return try Prompts.decode(path).samples
  }

  @Test func `a call by an analogue line is known, and gets back what that takes away`() throws {
    let call = try analogueCall()
    let band = TelephoneBand(call, [0..<call.count])
    #expect(band.line == .analogue)
    let before = call.map { Float($0) }
    let after = BandExtension(.analogue).extend(before).signal
    let level = energy(after, 400..<3200) / energy(before, 400..<3200)
    for missing: Range<Float> in [100..<250, 3500..<3900, 4200..<7000] {
      #expect(energy(after, missing) > 10 * level * energy(before, missing), "\(missing)")
      #expect(energy(after, missing) < energy(after, 400..<3200), "\(missing)")
    }
  }

  @Test(arguments: [0, 1, 127, 128, 511, 512, 513])
  func `the shortest utterances pass`(_ count: Int) {
    for value: Int16 in [0, 1, -32768] {
      let samples = [Int16](repeating: value, count: count)
      let band = TelephoneBand(samples, [0..<count])
      #expect(band.prepare(samples[...]).samples.count == count)
      for line: BandExtension.Line in [.digital, .analogue] {
        let extended = BandExtension(line).extend(samples.map { Float($0) }).signal
        #expect(extended.allSatisfy { $0.isFinite })
      }
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
    (energy(signal, 0..<3800), energy(signal, 4200..<7200))
  }

  private func energy(_ signal: [Float], _ range: Range<Float>) -> Float {
    let spectra = ShortTimeSpectra()
    var sum: Float = 0
    for frame in 0..<spectra.frameCount(signal.count) {
      let (spectrum, _) = spectra.spectra(of: signal, and: signal, frame: frame)
      for bin in 0..<ShortTimeSpectra.bins
      where range.contains(ShortTimeSpectra.hertz(ofBin: bin)) {
        sum += spectrum.power(bin)
      }
    }
    return sum
  }
}
