package import Voicemail

/// Reads recordings with libsndfile, whatever the sender calls them, as mono PCM of 16 kHz.
package struct SoundFileDecoder: AudioDecoder {
  private let maxSeconds: Int
  private let maxFileBytes: Int
  private let foreign: ForeignDecoder?

  /// Where the ffmpeg program is; nil where it is not installed.
  package static var installedProgram: String? { ForeignDecoder.installed }

  /// Of a longer recording the first `maxSeconds` are used; a larger file is refused. `program` is the
  /// path of ffmpeg, for what libsndfile does not read; nil to do without.
  package init(
    maxSeconds: Int = 1800, maxFileBytes: Int = 64 << 20,
    program: String? = SoundFileDecoder.installedProgram
  ) {
    let maxSeconds = max(1, min(maxSeconds, 86_400))
    self.maxSeconds = maxSeconds
    self.maxFileBytes = maxFileBytes
    foreign = program.map { ForeignDecoder(path: $0, maxSeconds: maxSeconds) }
  }

  package func facts(_ file: [UInt8], contentType: String, filename: String?)
    throws(StepFailure) -> AudioFacts
  {
    let recording = try open(file, contentType: contentType, filename: filename)
    return describe(
      recording, bytes: file.count, seconds: recording.claimedSeconds ?? Self.frames(recording))
  }

  package func decode(
    _ file: [UInt8], contentType: String, filename: String?, channel: Int? = nil
  ) throws(StepFailure) -> Recording {
    let quiet = QuietLibrary(file)
    defer { withExtendedLifetime(quiet) {} }
    let recording = try open(file, contentType: contentType, filename: filename)
    var clipping = Clipping(channels: recording.sound.channels)
    let samples = try readMono(recording.sound, channel, &clipping)
    guard !samples.isEmpty else { throw SoundFileDecoder.empty }
    let seconds = Double(samples.count) / Double(Recording.sampleRateHz)
    // Where nobody tells, there is at least what was read.
    let claimed = recording.claimedSeconds ?? seconds
    let isTooLong =
      seconds >= Double(maxSeconds) && max(claimed, Self.frames(recording)) > seconds
    var facts = describe(
      recording, bytes: file.count, seconds: isTooLong ? max(claimed, seconds) : seconds)
    var remarks = recording.remarks
    if isTooLong {
      facts.usedSeconds = seconds
      remarks.append("longer than max_audio: the first \(maxSeconds) s are used")
    }
    if recording.isCutOff {
      facts.isCutOff = true
    } else if !isTooLong, claimed > seconds + Self.toleranceSeconds, claimed < 86_400 {
      facts.isCutOff = true
      remarks.append("cut off: \(tenths(seconds)) of \(tenths(claimed)) s are there")
    }
    let speech = SpeechActivity(samples)
    facts.levelDBFS = level(samples, speech.stretches)
    facts.clippedPart = clipping.part
    return Recording(
      samples: samples, facts: facts, speechSeconds: speech.speechSeconds,
      speech: speech.stretches, remarks: remarks)
  }

  /// Coders fill up their last block, and leave out a first one.
  private static let toleranceSeconds = 0.5

  private static let empty = StepFailure.permanent("the recording is empty")

  private func open(_ file: [UInt8], contentType: String, filename: String?)
    throws(StepFailure) -> OpenRecording
  {
    guard !file.isEmpty else { throw SoundFileDecoder.empty }
    guard file.count <= maxFileBytes else {
      throw .permanent("a recording of \(file.count) bytes; the limit is \(maxFileBytes)")
    }
    return try OpenRecording.open(
      file, contentType: contentType, filename: filename, foreign: foreign)
  }

  /// Reads until the file or the allowed time ends, a block at a time; a file that breaks off
  /// gives what it had.
  private func readMono(
    _ sound: borrowing SoundFile, _ channel: Int?, _ clipping: inout Clipping
  ) throws(StepFailure) -> [Int16] {
    let limit = maxSeconds * Recording.sampleRateHz
    let converter = try SampleRateConverter(fromHz: sound.sampleRateHz)
    var samples: [Int16] = []
    let take: (ArraySlice<Float>) -> Bool = { piece in
      for sample in piece.prefix(limit - samples.count) { samples.append(pcm16(sample)) }
      return samples.count < limit
    }
    var block = [Float](repeating: 0, count: 4096 * sound.channels)
    var mono = [Float](repeating: 0, count: 4096)
    while samples.count < limit {
      let frames = sound.read(into: &block)
      guard frames > 0 else { break }
      clipping.count(block, frames: frames)
      mix(block, frames: frames, channels: sound.channels, only: channel, into: &mono)
      try converter.convert(mono[..<frames], take: take)
    }
    if samples.count < limit { try converter.finish(take: take) }
    return samples
  }

  /// What there is to be read, in seconds.
  private static func frames(_ recording: borrowing OpenRecording) -> Double {
    Double(recording.sound.claimedFrames) / Double(recording.sound.sampleRateHz)
  }

  private func describe(_ recording: borrowing OpenRecording, bytes: Int, seconds: Double)
    -> AudioFacts
  {
    AudioFacts(
      codec: recording.codec, container: recording.container,
      sampleRateHz: recording.sound.sampleRateHz, channels: recording.sound.channels,
      durationSeconds: seconds, bytes: bytes)
  }
}

/// `6.6`, for a remark.
private func tenths(_ seconds: Double) -> String {
  let tenths = Int(seconds * 10)
  return "\(tenths / 10).\(tenths % 10)"
}

/// The mean of the channels or one of them; what is no number (float files may hold anything) is silence.
private func mix(
  _ block: [Float], frames: Int, channels: Int, only: Int?, into mono: inout [Float]
) {
  let wanted = only.flatMap { $0 < channels ? $0..<$0 + 1 : nil } ?? 0..<channels
  for frame in 0..<frames {
    var sum: Float = 0
    for channel in wanted {
      let sample = block[frame * channels + channel]
      if sample.isFinite { sum += max(-1, min(1, sample)) }
    }
    mono[frame] = sum / Float(max(1, wanted.count))
  }
}

/// -1...1 to 16 bit; beyond that and for what is no number the nearest, or silence.
private func pcm16(_ sample: Float) -> Int16 {
  guard sample.isFinite else { return 0 }
  return Int16(max(-32768, min(32767, (sample * 32768).rounded())))
}
