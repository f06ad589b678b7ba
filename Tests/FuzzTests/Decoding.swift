import Audio
import Voicemail

/// Any bytes as a recording. The first one chooses what the sender calls it.
func fuzzDecoding(_ input: [UInt8]) throws {
  let names = ["a.wav", "a.gsm", "a.ulaw", "a.sln", "a.g726", "a.g722", "a.mp3", "a"]
  let types = ["audio/x-wav", "audio/32KADPCM", "", "audio/x-gsm"]
  let choice = Int(input.first ?? 0)
  let file = Array(input.dropFirst())
  let decoder = SoundFileDecoder(maxSeconds: 2, program: nil)
  do throws(StepFailure) {
    let recording = try decoder.decode(
      file, contentType: types[choice / 8 % 4], filename: names[choice % 8])
    try check(recording, file)
  } catch {
    try hold(error.kind == .permanent, "what cannot be read today can never be read")
    try hold(!error.sentence.contains { $0.isNewline }, "a failure is one line")
    try hold(error.sentence.utf8.count < 400, "a failure is a short line")
  }
}

private func check(_ recording: Recording, _ file: [UInt8]) throws(StepFailure) {
  let limit = 2 * Recording.sampleRateHz
  let facts = recording.facts
  let isSane =
    (1...limit).contains(recording.samples.count) && facts.bytes == file.count
    && facts.durationSeconds.isFinite && facts.durationSeconds > 0
    && (0...recording.durationSeconds).contains(recording.speechSeconds)
  // Transient: told apart from what the decoder may say.
  if !isSane { throw .transient("samples, limits and facts agree") }
}
