import Audio
import Foundation
import Testing
import Voicemail

@testable import Speech

@Suite struct Noise {
  private static let prompts = ["vm-saveoper", "vm-instructions", "ss-noservice", "demo-nogo"]

  @Test(arguments: prompts)
  func `clear recordings are left alone, through either codec`(_ prompt: String) throws {
    for recording in try [Prompts.recording(prompt), Prompts.gsmRecording(prompt)] {
      let (frames, levels) = analyze(recording.samples.map { Float($0) })
      #expect(NoiseReduction(frames, levels: levels) == nil)
    }
  }

  @Test(arguments: prompts.prefix(2))
  func `white noise is known, and weaker after the extension`(_ prompt: String) throws {
    let clear = try Prompts.recording(prompt).samples.map { Float($0) }
    let noisy = noisy(clear, decibels: 20)
    let (frames, levels) = analyze(noisy)
    #expect(NoiseReduction(frames, levels: levels) != nil)
    // From the quiet moments to the loud ones: so far the words stand out.
    #expect(span(BandExtension().extend(noisy).signal) > span(noisy) + 10)
  }

  @Test func `the babble of other voices is left alone`() throws {
    let clear = try Prompts.recording("vm-instructions").samples.map { Float($0) }
    var sum = [Float](repeating: 0, count: clear.count)
    for prompt in ["vm-saveoper", "ss-noservice", "demo-nogo", "queue-periodic-announce"] {
      let other = try Prompts.recording(prompt).samples
      for place in sum.indices { sum[place] += Float(other[place % other.count]) }
    }
    let gain = (energy(clear) / energy(sum)).squareRoot() / 8
    let (frames, levels) = analyze(zip(clear, sum).map { $0 + gain * $1 })
    #expect(NoiseReduction(frames, levels: levels) == nil)
  }

  @Test func `the shortest utterances are left alone`() {
    for count in [0, 1, 4000] {
      let (frames, levels) = analyze([Float](repeating: 1, count: count))
      #expect(NoiseReduction(frames, levels: levels) == nil)
    }
  }

  @Test func `noise alone stays finite`() {
    var noise = WhiteNoise(seed: 3)
    let samples = (0..<32_000).map { _ in 30_000 * noise.next() }
    #expect(BandExtension().extend(samples).signal.allSatisfy { $0.isFinite })
  }

  /// Noise of a telephone's band: nothing above 4 kHz.
  private func noisy(_ clear: [Float], decibels: Float) -> [Float] {
    var noise = WhiteNoise(seed: 4)
    let white = (0..<clear.count).map { _ in noise.next() }
    let spectra = ShortTimeSpectra()
    var filtered = [Float](repeating: 0, count: clear.count)
    for frame in 0..<spectra.frameCount(clear.count) {
      var (spectrum, _) = spectra.spectra(of: white, and: white, frame: frame)
      for bin in 124..<ShortTimeSpectra.bins { spectrum.scale(bin, by: 0) }
      spectra.add(spectrum, frame: frame, to: &filtered)
    }
    let gain = (energy(clear) / energy(filtered)).squareRoot() * pow(10, -decibels / 20)
    return zip(clear, filtered).map { $0 + gain * $1 }
  }

  private func analyze(_ signal: [Float]) -> ([ComplexArray], [[Float]]) {
    let spectra = ShortTimeSpectra()
    let level = 3000 * (Float(max(1, signal.count)) / max(1, energy(signal))).squareRoot()
    let leveled = signal.map { $0 * level }
    let frames = (0..<spectra.frameCount(signal.count)).map {
      spectra.spectra(of: leveled, and: leveled, frame: $0).0
    }
    let bands = MelBands(from: 200, to: 3850, count: 16)
    return (frames, frames.map { bands.logEnergies($0) })
  }

  /// The 95th percentile of what a frame holds below 4 kHz against the 10th, in decibels.
  private func span(_ signal: [Float]) -> Float {
    let (frames, _) = analyze(signal)
    let levels = frames[4..<frames.count - 5].map { frame in
      10 * log10((10..<122).reduce(Float(1)) { $0 + frame.power($1) })
    }
    let sorted = levels.sorted()
    return sorted[sorted.count * 95 / 100] - sorted[sorted.count / 10]
  }

  private func energy(_ signal: [Float]) -> Float { signal.reduce(0) { $0 + $1 * $1 } }
}
