/// Finds the transcript that a phone system has put into its own mail: a second one would only confuse.
enum ExistingTranscript {
  /// What stands before or after the word, in any order: `Voicemail Transcription (beta)`.
  private static let fillers: Set<String> = [
    "voicemail", "voice", "mail", "message", "call", "audio", "text", "automatic", "automated",
    "machine", "your", "the", "of", "beta", "full", "nachricht", "sprachnachricht", "der", "to",
    "du", "de", "la", "le", "messages", "vocal", "mensaje", "messaggio", "bericht",
  ]
  /// The word itself in the languages of phone systems.
  static let words: Set<String> = [
    "transcript", "transcription", "transcribed", "transkript", "transkription", "abschrift",
    "transcripción", "transcripcion", "trascrizione", "transcrição", "transcricao", "transcriptie",
    "transkrypcja", "speech-to-text", "voice-to-text",
  ]
  /// Exchange calls it a preview.
  static let phrases: Set<String> = [
    "voicemail preview", "voice mail preview", "voice message preview",
  ]
  /// Text in its place that is none: the phone system has failed, and we may do better.
  private static let failures = [
    "unable", "not available", "unavailable", "could not", "couldn\u{2019}t", "couldn't", "failed",
    "cannot", "can't", "none", "n/a", "no transcri", "not transcri", "not enabled", "disabled",
    "pending", "not supported", "error", "nicht", "impossible", "no disponible", "(null)", "empty",
    "non disponible", "pas disponible", "sera disponible", "non disponibile", "niet beschikbaar",
  ]

  /// Why the message needs none from us; nil when no text in it has one.
  static func objection(_ message: MessageFacts) -> String? {
    for text in [message.text, message.otherText] {
      if let heading = text.flatMap(heading) {
        return "it has a transcript already (below \"\(SafeText.line(heading, limit: 60))\")"
      }
    }
    return nil
  }

  /// One of these is in all that announces one, in small letters; most texts have none.
  private static let stems = ["transcri", "transkr", "trascri", "abschrift", "to-text", "preview"]

  /// The line that announces one, which must have words behind it or on the next line that is not empty.
  static func heading(in text: String) -> String? {
    let lower = text.lowercased()
    guard stems.contains(where: { ASCIIText.contains($0, in: lower) }) else { return nil }
    let lines = text.split(separator: "\n").map { trimmed($0) }.filter { !$0.isEmpty }
    for (index, line) in lines.enumerated() {
      let (title, rest) = split(line)
      guard isHeading(title) else { continue }
      let words = rest.isEmpty ? (index + 1 < lines.count ? lines[index + 1] : "") : rest
      if hasWords(words) { return String(title) }
    }
    return nil
  }

  private static func split(_ line: Substring) -> (title: Substring, rest: Substring) {
    guard let colon = line.firstIndex(of: ":") else { return (line, "") }
    return (trimmed(line[..<colon]), trimmed(line[line.index(after: colon)...]))
  }

  private static func isHeading(_ title: Substring) -> Bool {
    guard (6...60).contains(title.utf8.count) else { return false }
    let lower = title.lowercased()
    if phrases.contains(lower) { return true }
    let parts = lower.split { !$0.isLetter && $0 != "-" }.map(String.init)
    return parts.contains(where: words.contains)
      && parts.allSatisfy { words.contains($0) || fillers.contains($0) }
  }

  private static func hasWords(_ text: Substring) -> Bool {
    let lower = text.prefix(80).lowercased()
    // The next line of a table of facts is no transcript.
    let isFact = lower.contains(": ") && lower.prefix { $0 != ":" }.count < 12
    // Nor is a link to one.
    return !isFact
      && text.split(separator: " ").contains { word in
        word.contains(where: \.isLetter) && !word.contains("://")
      }
      && !failures.contains { lower.contains($0) }
  }

  /// Without spaces and what lines are decorated with.
  private static func trimmed(_ line: Substring) -> Substring {
    func isDecoration(_ character: Character) -> Bool {
      character.isWhitespace || "=*-_#~>|\"\u{201C}\u{201D}[]".contains(character)
    }
    let rest = line.drop(while: isDecoration)
    guard let last = rest.lastIndex(where: { !isDecoration($0) }) else { return "" }
    return rest[...last]
  }
}
