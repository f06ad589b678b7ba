internal import Glibc
internal import Voicemail

/// Prepares utterances of telephone calls for a model that was trained on wideband speech.
///
/// The model looks for energy up to 6.8 kHz. A telephone call has none above 4 kHz, and the
/// logarithm of next to nothing wrecks a quarter of what the model compares.
struct TelephoneBand {
  init(_ samples: [Int16], _ utterances: [Range<Int>]) {}

  /// The utterance as the decoder shall hear it.
  func prepare(_ utterance: ArraySlice<Int16>) -> [Int16] {
    let samples = utterance.map { Float($0) }
    return NoiseFloor.added(to: samples)
  }
}
