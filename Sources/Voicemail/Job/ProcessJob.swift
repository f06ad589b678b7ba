/// What a worker does with one message: read, decode, transcribe, enhance, check.
///
/// Nothing here throws a message away: a step that fails becomes an honest line in the mail,
/// and a message that cannot be enhanced is reported so, and goes out as it came.
package struct ProcessJob {
  package var reader: any MessageReader
  package var transcriber: Transcriber
  package var enhancer: any MessageEnhancer

  package init(
    reader: any MessageReader, transcriber: Transcriber, enhancer: any MessageEnhancer
  ) {
    self.reader = reader
    self.transcriber = transcriber
    self.enhancer = enhancer
  }

  /// What goes out, nil when there is none, and what was done.
  package func run(_ order: WorkOrder, on original: [UInt8], stage: (WorkStage) -> Void)
    -> (result: WorkResult, enhanced: [UInt8]?)
  {
    var result = WorkResult()
    var transcriber = transcriber
    transcriber.chain.take(order)
    transcriber.channels = order.channels
    do throws(StepFailure) {
      stage(.reading)
      let message = try reader.read(original)
      for index in order.voicemail.audioParts where message.parts.indices.contains(index) {
        let part = message.parts[index]
        if let reason = order.withoutTranscript {
          result.parts.append(.init(part: part, audio: nil, transcript: .failed(reason)))
          continue
        }
        let content = try reader.content(ofPart: index, in: original)
        let transcribed = transcriber.transcribe(content, of: part, into: &result, stage: stage)
        result.parts.append(transcribed)
      }
      let heard = result.parts.compactMap(\.audio?.durationSeconds)
      if !heard.isEmpty, heard.count == result.parts.count,
        let line = LengthDifference.sentence(
          stated: order.voicemail.statedSeconds, heard: heard.reduce(0, +))
      {
        // The last one is the last engine's.
        result.notes.insert(line, at: 0)
      }
      stage(.writing)
      let start = ContinuousClock.now
      let enhancement = EnhancementRenderer(order.style).render(
        voicemail: order.voicemail, parts: result.parts, message: message, spoolID: order.id,
        headers: order.headers)
      let outgoing = try carry(enhancement, order, original, result)
      result.enhanceMS = start.elapsedMS
      return (result, outgoing)
    } catch {
      result.refusal = error.sentence
      return (result, nil)
    }
  }
}

extension ProcessJob {
  private func carry(
    _ enhancement: Enhancement, _ order: WorkOrder, _ original: [UInt8], _ result: WorkResult
  ) throws(StepFailure) -> [UInt8] {
    switch order.carrier {
    case .body: return try enhancer.enhance(original, with: enhancement)
    case .headers: return OriginalMessage.marked(original, with: enhancement.headers)
    case .reply(let head):
      // The message is there to be listened to; that nothing is known about it is no news.
      guard result.status != .failed else {
        throw .permanent(result.parts.first?.transcript.reason ?? "there is no recording")
      }
      return try enhancer.reply(head: head, with: enhancement)
    }
  }
}

extension ContinuousClock.Instant {
  /// Whole milliseconds from this instant to now.
  package var elapsedMS: Int64 {
    let (seconds, attoseconds) = duration(to: .now).components
    return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
  }
}
