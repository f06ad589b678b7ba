internal import Audio
internal import Voicemail

/// Prepares utterances of telephone calls for a model that was trained on wideband speech.
///
/// The model looks for energy up to 6.8 kHz. A telephone call has none above 4 kHz, and the
/// logarithm of next to nothing wrecks a quarter of what the model compares. Whether it is a
/// telephone call, its spectrum says: PBXs convert to higher rates, so the header may not.
struct TelephoneBand {
  /// nil for what has energy above 4.2 kHz.
  let line: BandExtension.Line?
  private let bandExtension: BandExtension

  /// Above this part of all energy the high band is real: 40 dB below the rest.
  private static let negligible: Float = 1e-4
  /// The energy from 3.5 to 3.9 kHz as a part of that from 2.4 to 3.3 kHz: measured 0.028 and more in speech by any
  /// telephone codec; of 300 to 3400 Hz, 0.003 and less in mu-law, and 0.008 to 0.029 in GSM, which adds noise of its own.
  private static let leastBeyondAnalogue: Float = 0.02

  init(_ samples: [Int16], _ utterances: [Range<Int>]) {
    let spectra = ShortTimeSpectra()
    var (lowEnergy, highEnergy): (Float, Float) = (0, 0)
    var (below, beyond): (Float, Float) = (0, 0)
    for utterance in utterances {
      let signal = samples[utterance].map { Float($0) }
      let frames = spectra.frameCount(signal.count)
      for frame in stride(from: 0, to: frames, by: 4) {
        let (spectrum, _) = spectra.spectra(of: signal, and: signal, frame: frame)
        for bin in 0..<ShortTimeSpectra.bins {
          let frequency = ShortTimeSpectra.hertz(ofBin: bin)
          switch frequency {
          case 2400..<3300: below += spectrum.power(bin)
          case 3500..<3900: beyond += spectrum.power(bin)
          default: break
          }
          switch frequency {
          case 200..<3800: lowEnergy += spectrum.power(bin)
          case 4200..<7800: highEnergy += spectrum.power(bin)
          default: break
          }
        }
      }
    }
    let isTelephone = highEnergy < lowEnergy * Self.negligible
    let isAnalogue = beyond < below * Self.leastBeyondAnalogue
    line = isTelephone ? (isAnalogue ? .analogue : .digital) : nil
    bandExtension = BandExtension(line ?? .digital)
  }

  /// The utterance as the decoder shall hear it, and which `TelephoneAdaptation` suits it: they have learnt from clear
  /// calls, and make what noise was taken off worse.
  func prepare(_ utterance: ArraySlice<Int16>)
    -> (samples: [Int16], adaptation: BandExtension.Line?)
  {
    let samples = utterance.map { Float($0) }
    guard let line else { return (NoiseFloor.added(to: samples), nil) }
    let (signal, isCleaned) = bandExtension.extend(samples)
    return (NoiseFloor.added(to: signal), isCleaned ? nil : line)
  }
}
