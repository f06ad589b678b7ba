/// Fields that mail filters (Sieve) and programs read.
package enum StatusHeaders {
  static let transcript = "X-Voicemail-Transcript"
  static let language = "X-Voicemail-Language"
  static let confidence = "X-Voicemail-Confidence"
  static let confidenceClass = "X-Voicemail-Confidence-Class"
  static let duration = "X-Voicemail-Duration"
  static let engine = "X-Voicemail-Engine"
  static let caller = "X-Voicemail-Caller"
  static let id = "X-Voicemail-Id"
  package static let all = [
    transcript, language, confidence, confidenceClass, duration, engine, caller, id,
  ]

  static func make(
    _ voicemail: VoicemailFacts, _ parts: [TranscribedPart], spoolID: String
  ) -> [HeaderField] {
    let status = TranscriptJudgement.status(parts)
    var fields = [HeaderField(transcript, status.rawValue)]
    // What speaks for the message is its first text, which is the caller's own.
    let text = parts.first { TranscriptJudgement.status($0.transcript) == status }?.transcript
    if let text, status == .ok || status == .low {
      fields.append(HeaderField(language, LanguageName.tag(text.language)))
      if TranscriptJudgement.isMeasured(text) {
        fields.append(HeaderField(confidence, twoDecimals(text.confidence)))
        fields.append(HeaderField(confidenceClass, classWord(text)))
      }
    }
    let seconds = parts.compactMap(Notice.seconds)
    if !seconds.isEmpty {
      fields.append(HeaderField(duration, String(Int(seconds.reduce(0, +) + 0.5))))
    }
    if let engine = parts.lazy.map(\.transcript.engine).first(where: { !$0.isEmpty }) {
      fields.append(HeaderField(Self.engine, SafeText.ascii(engine, limit: 60)))
    }
    if let number = CallerText.known(voicemail.caller.number) {
      fields.append(
        HeaderField(
          caller,
          voicemail.caller.e164 ?? DialableNumber(number)?.digits
            ?? SafeText.ascii(number, limit: 60)))
    }
    fields.append(HeaderField(id, SafeText.ascii(spoolID, limit: 64)))
    return fields.filter { !$0.value.isEmpty }
  }

  /// One word, as filters compare words better than numbers; what is low depends on the engine.
  private static func classWord(_ transcript: Transcript) -> String {
    if transcript.status == .low || transcript.confidence < 0.5 { return "low" }
    return transcript.confidence >= 0.8 ? "high" : "medium"
  }

  /// `0.87`.
  private static func twoDecimals(_ value: Double) -> String {
    guard value > 0 else { return "0.00" }
    let hundredths = Int(min(value, 1) * 100 + 0.5)
    return "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10)"
  }
}
