package import Voicemail

/// Reads recordings with libsndfile, whatever the sender calls them, as mono PCM of 16 kHz.
package struct SoundFileDecoder: AudioDecoder {
  private let maxSeconds: Int
  private let maxFileBytes: Int

  /// Of a longer recording the first `maxSeconds` are used; a larger file is refused.
  package init(maxSeconds: Int = 1800, maxFileBytes: Int = 64 << 20) {
    self.maxSeconds = max(1, min(maxSeconds, 86_400))
    self.maxFileBytes = maxFileBytes
  }

  package func facts(_ file: [UInt8], contentType: String, filename: String?)
    throws(StepFailure) -> AudioFacts
  {
    let sound = try open(file, contentType: contentType, filename: filename)
    return describe(sound, bytes: file.count, readSeconds: nil)
  }

  package func decode(_ file: [UInt8], contentType: String, filename: String?)
    throws(StepFailure) -> Recording
  {
    let sound = try open(file, contentType: contentType, filename: filename)
    let samples = try readMono(sound)
    guard !samples.isEmpty else { throw SoundFileDecoder.empty }
    let facts = describe(
      sound, bytes: file.count,
      readSeconds: Double(samples.count) / Double(Recording.sampleRateHz))
    return Recording(
      samples: samples, facts: facts, speechSeconds: SpeechActivity(samples).speechSeconds)
  }

  private static let empty = StepFailure.permanent("the recording is empty")

  private func open(_ file: [UInt8], contentType: String, filename: String?)
    throws(StepFailure) -> SoundFile
  {
    guard !file.isEmpty else { throw SoundFileDecoder.empty }
    guard file.count <= maxFileBytes else {
      throw .permanent("a recording of \(file.count) bytes; the limit is \(maxFileBytes)")
    }
    let raw = headerlessFormat(file, contentType: contentType, filename: filename)
    do throws(StepFailure) {
      let sound = try SoundFile(streamedWAV(file) ?? file)
      guard let raw, sound.format.isMPEG, !file.starts(with: "ID3".utf8) else { return sound }
      // Loud bare samples hold the 11 bits that begin an MPEG frame sooner or later.
      return try SoundFile(file, headerless: raw)
    } catch {
      if let raw { return try SoundFile(file, headerless: raw) }
      guard let foreign = foreignFormat(file) else { throw error }
      throw .permanent("\(error.sentence) (it looks like \(foreign))")
    }
  }

  /// Reads until the file or the allowed time ends, a block at a time; a file that breaks off
  /// gives what it had.
  private func readMono(_ sound: borrowing SoundFile) throws(StepFailure) -> [Int16] {
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
      mix(block, frames: frames, channels: sound.channels, into: &mono)
      try converter.convert(mono[..<frames], take: take)
    }
    if samples.count < limit { try converter.finish(take: take) }
    return samples
  }

  /// The header's word on the length counts only before decoding, and for what lies behind the
  /// limit.
  private func describe(_ sound: borrowing SoundFile, bytes: Int, readSeconds: Double?)
    -> AudioFacts
  {
    let claimed = Double(sound.claimedFrames) / Double(sound.sampleRateHz)
    let seconds =
      switch readSeconds {
      case nil: claimed
      case .some(let read) where read >= Double(maxSeconds) && claimed > read: claimed
      case .some(let read): read
      }
    return AudioFacts(
      codec: sound.format.codec, container: sound.format.container,
      sampleRateHz: sound.sampleRateHz, channels: sound.channels, durationSeconds: seconds,
      bytes: bytes)
  }
}

/// The mean of the channels; what is no number (float files may hold anything) is silence.
private func mix(_ block: [Float], frames: Int, channels: Int, into mono: inout [Float]) {
  for frame in 0..<frames {
    var sum: Float = 0
    for channel in 0..<channels {
      let sample = block[frame * channels + channel]
      if sample.isFinite { sum += max(-1, min(1, sample)) }
    }
    mono[frame] = sum / Float(channels)
  }
}

/// -1...1 to 16 bit; beyond that and for what is no number the nearest, or silence.
private func pcm16(_ sample: Float) -> Int16 {
  guard sample.isFinite else { return 0 }
  return Int16(max(-32768, min(32767, (sample * 32768).rounded())))
}
