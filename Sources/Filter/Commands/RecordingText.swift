internal import Voicemail

/// What a recording is, in one line.
enum RecordingText {
  /// `WAV, GSM 6.10, 8000 Hz, channels: 1, -23 dBFS, 0.4 % clipped`
  static func line(_ audio: AudioFacts) -> String {
    var text =
      "\(audio.container), \(audio.codec), \(audio.sampleRateHz) Hz, channels: \(audio.channels)"
    if let level = audio.levelDBFS { text += ", \(Int(level.rounded())) dBFS" }
    if let part = audio.clippedPart, part >= 0.001 {
      text += ", \(Output.tenths(part * 100)) % clipped"
    }
    if let seconds = audio.usedSeconds { text += ", the first \(Output.clock(seconds)) used" }
    if audio.isCutOff == true { text += ", cut off" }
    return text
  }
}
