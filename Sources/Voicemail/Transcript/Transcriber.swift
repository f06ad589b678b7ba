/// From the bytes of one audio part to its transcript: decode, listen for speech, ask the engines.
package struct Transcriber {
  /// Less speech than this is a click or a breath; no engine is asked.
  package static let leastSpeechSeconds = 0.3

  /// That much cannot be a noise the gate let through.
  package static let clearlySpeechSeconds = 3.0

  package var decoder: any AudioDecoder
  package var chain: EngineChain
  package var channels = ChannelUse.mix

  package init(decoder: any AudioDecoder, chain: EngineChain) {
    self.decoder = decoder
    self.chain = chain
  }

  /// Never fails: what goes wrong becomes an honest transcript, and a note for the log.
  package func transcribe(
    _ content: [UInt8], of part: PartFacts, into result: inout WorkResult,
    stage: (WorkStage) -> Void
  ) -> TranscribedPart {
    stage(.decoding)
    let decodeStart = ContinuousClock.now
    let recording: Recording
    var sides: [(speaker: Speaker, recording: Recording)] = []
    do throws(StepFailure) {
      recording = try decoder.decode(
        content, contentType: part.contentType, filename: part.filename)
      if recording.facts.channels == 2, let speakers = channels.speakers {
        for (channel, speaker) in speakers.enumerated() {
          let side = try decoder.decode(
            content, contentType: part.contentType, filename: part.filename, channel: channel)
          sides.append((speaker, side))
        }
        if SpeakersApart.isOneTwice(sides[0].recording.samples, sides[1].recording.samples) {
          sides = []
        }
      }
    } catch {
      result.decodeMS += decodeStart.elapsedMS
      result.notes.append("part \(part.index): \(error.sentence)")
      return TranscribedPart(
        part: part, audio: nil,
        transcript: .failed("the recording could not be read"))
    }
    result.decodeMS += decodeStart.elapsedMS
    result.notes += recording.remarks.map { "part \(part.index): \($0)" }

    stage(.transcribing)
    let recognizeStart = ContinuousClock.now
    var transcript: Transcript
    if sides.isEmpty {
      transcript = recognize(recording, &result)
    } else {
      let heard = sides.map { ($0.speaker, recognize($0.recording, &result)) }
      transcript = SpeakersApart.joined(heard)
      transcript.speechSeconds = recording.speechSeconds
    }
    result.recognizeMS += recognizeStart.elapsedMS
    return TranscribedPart(part: part, audio: recording.facts, transcript: transcript)
  }

  private func recognize(_ recording: Recording, _ result: inout WorkResult) -> Transcript {
    var transcript = Transcript(
      status: .none, durationSeconds: recording.durationSeconds,
      speechSeconds: recording.speechSeconds, reason: "no speech found")
    guard recording.speechSeconds >= Self.leastSpeechSeconds else { return transcript }

    switch chain.recognize(recording, notes: &result.notes) {
    case .heard(let answer, let engine, let lowConfidence):
      transcript.segments = answer.segments
      transcript.engine = engine
      transcript.language = answer.language
      transcript.confidence = Self.meanConfidence(answer.segments)
      // 0 is no measure: an engine that tells none is believed.
      let isLow = transcript.confidence > 0 && transcript.confidence < lowConfidence
      transcript.status = isLow ? .low : .ok
      transcript.reason = nil
      return transcript
    case .nothingHeard(let engine):
      transcript.engine = engine
      // A click passes as "no speech"; seconds of a voice nobody understood must not.
      guard recording.speechSeconds >= Self.clearlySpeechSeconds else { return transcript }
      transcript.reason = "the recording could not be understood"
    case .outOfTime: transcript.reason = "it was not ready in time"
    case .unreliable: transcript.reason = "the recording could not be transcribed"
    // Each engine's reason is among the notes; an alarm would say that something is broken.
    case .overBudget: transcript.reason = "no speech recogniser was available"
    case .unavailable(let canWait):
      transcript.reason = "no speech recogniser was available"
      result.enginesWereDown = true
      result.canWait = canWait
    }
    transcript.status = .failed
    return transcript
  }

  /// Over the words; of segments without words each counts as long as its text.
  static func meanConfidence(_ segments: [Segment]) -> Double {
    var (sum, weight) = (0.0, 0.0)
    for segment in segments {
      let values =
        segment.words.isEmpty
        ? Array(repeating: segment.confidence, count: TextWords.of(segment.text).count)
        : segment.words.map(\.confidence)
      sum += values.reduce(0, +)
      weight += Double(values.count)
    }
    return weight > 0 ? sum / weight : 0
  }
}
