/// From the bytes of one audio part to its transcript: decode, listen for speech, ask the engines.
package struct Transcriber {
  /// Mean word confidence below which the reader is told so.
  package static let lowConfidence = 0.5
  /// Less speech than this is a click or a breath; no engine is asked.
  package static let leastSpeechSeconds = 0.3

  /// That much cannot be a noise the gate let through.
  package static let clearlySpeechSeconds = 3.0

  package var decoder: any AudioDecoder
  /// In the order they are asked; the first that answers is believed.
  package var engines: [any SpeechEngine]

  package init(decoder: any AudioDecoder, engines: [any SpeechEngine]) {
    self.decoder = decoder
    self.engines = engines
  }

  /// Never fails: what goes wrong becomes an honest transcript, and a note for the log.
  package func transcribe(
    _ content: [UInt8], of part: PartFacts, into result: inout WorkResult,
    stage: (WorkStage) -> Void
  ) -> TranscribedPart {
    stage(.decoding)
    let decodeStart = ContinuousClock.now
    let recording: Recording
    do throws(StepFailure) {
      recording = try decoder.decode(
        content, contentType: part.contentType, filename: part.filename)
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
    let transcript = recognize(recording, notes: &result.notes)
    result.recognizeMS += recognizeStart.elapsedMS
    return TranscribedPart(part: part, audio: recording.facts, transcript: transcript)
  }

  private func recognize(_ recording: Recording, notes: inout [String]) -> Transcript {
    var transcript = Transcript(
      status: .none, durationSeconds: recording.durationSeconds,
      speechSeconds: recording.speechSeconds, reason: "no speech found")
    guard recording.speechSeconds >= Self.leastSpeechSeconds else { return transcript }

    for engine in engines {
      do throws(StepFailure) {
        transcript.segments = try engine.recognize(recording)
        transcript.engine = engine.name
        transcript.language = engine.language
        let words = transcript.segments.flatMap(\.words)
        guard !words.isEmpty else {
          // A click passes as "no speech"; seconds of a voice nobody understood must not.
          guard recording.speechSeconds >= Self.clearlySpeechSeconds else { return transcript }
          transcript.status = .failed
          transcript.reason = "the recording could not be understood"
          return transcript
        }
        transcript.confidence = words.map(\.confidence).reduce(0, +) / Double(words.count)
        transcript.status = transcript.confidence < Self.lowConfidence ? .low : .ok
        transcript.reason = nil
        return transcript
      } catch {
        notes.append("engine \(engine.name): \(error.sentence)")
      }
    }
    return .failed(
      "no speech recogniser was available",
      durationSeconds: recording.durationSeconds)
  }
}
