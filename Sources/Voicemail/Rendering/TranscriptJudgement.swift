/// What a transcript may honestly be shown as.
enum TranscriptJudgement {
  /// Below this mean confidence no text is shown: most of it would be rubbish.
  static let floor = 0.25

  /// The status with texts that say nothing, or nothing to rely on, counted as failed.
  static func status(_ transcript: Transcript) -> TranscriptStatus {
    guard transcript.status == .ok || transcript.status == .low else { return transcript.status }
    let hasText = transcript.segments.contains { segment in
      !SafeText.line(segment.text, limit: 1).isEmpty
        || segment.words.contains { !SafeText.line($0.text, limit: 1).isEmpty }
    }
    guard hasText else { return .failed }
    return isMeasured(transcript) && !(transcript.confidence >= floor) ? .failed : transcript.status
  }

  /// 0 without words: the engine measures no confidence.
  static func isMeasured(_ transcript: Transcript) -> Bool {
    transcript.confidence > 0 || transcript.segments.contains { !$0.words.isEmpty }
  }

  /// One status for a message with several recordings: a text if there is any.
  static func status(_ parts: [TranscribedPart]) -> TranscriptStatus {
    let all = parts.map { status($0.transcript) }
    for status in [TranscriptStatus.low, .ok, .failed] where all.contains(status) { return status }
    return all.isEmpty ? .failed : .none
  }
}
