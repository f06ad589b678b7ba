internal import Audio
internal import Voicemail

/// Prepares utterances of telephone calls for a model that was trained on wideband speech.
///
/// The model looks for energy up to 6.8 kHz. A telephone call has none above 4 kHz, and the
/// logarithm of next to nothing wrecks a quarter of what the model compares. Whether it is a
/// telephone call, its spectrum says: PBXs convert to higher rates, so the header may not.
struct TelephoneBand {
  /// No energy to speak of above 4.2 kHz.
  let isNarrow: Bool
  private let bandExtension = BandExtension()

  /// Above this part of all energy the high band is real: 40 dB below the rest.
  private static let negligible: Float = 1e-4

  init(_ samples: [Int16], _ utterances: [Range<Int>]) {
    let spectra = ShortTimeSpectra()
    var (lowEnergy, highEnergy): (Float, Float) = (0, 0)
    for utterance in utterances {
      let signal = samples[utterance].map { Float($0) }
      let frames = spectra.frameCount(signal.count)
      for frame in stride(from: 0, to: frames, by: 4) {
        let (spectrum, _) = spectra.spectra(of: signal, and: signal, frame: frame)
        for bin in 0..<ShortTimeSpectra.bins {
          switch ShortTimeSpectra.hertz(ofBin: bin) {
          case 200..<3800: lowEnergy += spectrum.power(bin)
          case 4200..<7800: highEnergy += spectrum.power(bin)
          default: break
          }
        }
      }
    }
    isNarrow = highEnergy < lowEnergy * Self.negligible
  }

  /// The utterance as the decoder shall hear it, and whether `TelephoneAdaptation` suits it: it has learnt from clear
  /// calls, and makes what noise was taken off worse.
  func prepare(_ utterance: ArraySlice<Int16>) -> (samples: [Int16], isTelephone: Bool) {
    let samples = utterance.map { Float($0) }
    guard isNarrow else { return (NoiseFloor.added(to: samples), false) }
    let (signal, isCleaned) = bandExtension.extend(samples)
    return (NoiseFloor.added(to: signal), !isCleaned)
  }
}
