/// The fixed words of a mail. Its raw value is the name in templates: `{{words.low_confidence}}`.
///
/// `{name}` in a phrase is a place that is filled in; every language has the same places.
package enum Phrase: String, Sendable, CaseIterable {
  case voicemail
  case heading
  case headingUnknown = "heading_unknown"
  case urgent
  case call
  case number
  case from
  case unknownCaller = "unknown_caller"
  case `for`
  case mailbox
  case received
  case date
  case today
  case callCount = "call_count"
  case length
  case unknownLength = "unknown_length"
  case recordingAttached = "recording_attached"
  case recordingNamed = "recording_named"
  case recordingsAttached = "recordings_attached"
  case statedLength = "stated_length"
  case language
  case numbersSaid = "numbers_said"
  case numbersCheck = "numbers_check"
  case numberDiffers = "number_differs"
  case messageLabel = "message"
  case introductionLabel = "introduction"
  case speakerCaller = "speaker_caller"
  case speakerAgent = "speaker_agent"
  case unnamedRecording = "unnamed_recording"
  case legend
  case doubt
  case doubtExample = "doubt_example"
  case uncertain
  case lowConfidence = "low_confidence"
  case shortened
  case firstPart = "first_part"
  case cutOff = "cut_off"
  case noSpeech = "no_speech"
  case noSpeechLength = "no_speech_length"
  case noTranscript = "no_transcript"
  case noRecording = "no_recording"
  case subjectNoSpeech = "subject_no_speech"
  case subjectNoTranscript = "subject_no_transcript"
  /// What ends a label, and what stands around somebody's words, with the spaces that belong to it.
  case colon
  case openQuote = "open_quote"
  case closeQuote = "close_quote"
  // Reasons why there is no transcript, as `Transcript.reason` has them in English.
  case reasonNotUnderstood = "reason_not_understood"
  case reasonNotTranscribed = "reason_not_transcribed"
  case reasonUnreadable = "reason_unreadable"
  case reasonNotProcessed = "reason_not_processed"
  case reasonLate = "reason_late"
  case reasonNoEngine = "reason_no_engine"
  case reasonTooLong = "reason_too_long"
}
