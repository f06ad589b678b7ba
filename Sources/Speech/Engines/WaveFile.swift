internal import Audio
internal import Voicemail

/// A piece of a recording as engines take it: WAV with 16 bit PCM, mono, lossless.
struct WaveFile {
  static let headerBytes = 44
  let sampleRateHz: Int
  let bytes: [UInt8]

  /// At 16 kHz; `native`: at 8 kHz what was recorded so. Nothing above 4 kHz is in it then, so that every second
  /// sample holds all of it; models made for telephones want it so, and it is half the size.
  init(_ samples: ArraySlice<Int16>, native: Bool, of facts: AudioFacts) {
    let step = native && facts.sampleRateHz == 8_000 ? 2 : 1
    sampleRateHz = Recording.sampleRateHz / step
    let count = (samples.count + step - 1) / step * 2
    var file: [UInt8] = []
    file.reserveCapacity(Self.headerBytes + count)
    func add(_ text: String) { file += Array(text.utf8) }
    func add32(_ value: Int) {
      for shift in [0, 8, 16, 24] { file.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    add("RIFF")
    add32(36 + count)
    add("WAVEfmt ")
    add32(16)
    // PCM, one channel.
    file += [1, 0, 1, 0]
    add32(sampleRateHz)
    add32(sampleRateHz * 2)
    file += [2, 0, 16, 0]
    add("data")
    add32(count)
    for index in stride(from: samples.startIndex, to: samples.endIndex, by: step) {
      let sample = UInt16(bitPattern: samples[index])
      file.append(UInt8(truncatingIfNeeded: sample))
      file.append(UInt8(truncatingIfNeeded: sample >> 8))
    }
    bytes = file
  }
}
