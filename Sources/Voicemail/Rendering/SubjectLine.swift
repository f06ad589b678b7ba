/// The new subject of a mail, where the style asks for one.
enum SubjectLine {
  /// What an inbox shows of a subject.
  static let limit = 70
  /// So much of the caller's words is shown however long the rest is.
  private static let leastGist = 20

  /// As it stands in the header section, encoded; nil: the original stays.
  static func render(
    _ notice: Notice, original: String?, style: MessageStyle, values: TemplateValue
  ) -> String? {
    guard style.subject != .original, case .object(var values) = values else { return nil }
    let original = SafeText.line(original ?? "", limit: 300)
    let told = told(notice, style)
    values["original"] = .text(original)
    values["is_append"] = .flag(style.subject == .append)
    values["is_rewrite"] = .flag(style.subject == .rewrite)
    values["length"] = .text(notice.totalLength ?? "")
    values["state"] = .text(told.state)
    // One character stands for the words while the rest is measured.
    func line(_ gist: String) -> String {
      values["gist"] = .text(gist)
      return SafeText.line(style.templates.render(.subject, .object(values)), limit: 400)
    }
    let room = max(limit - TextColumns.width(of: line(told.gist.isEmpty ? "" : "x")) + 1, leastGist)
    let subject = line(cut(told.gist, to: room))
    return subject.isEmpty || subject == original ? nil : EncodedWords.encode(subject)
  }

  /// The first words that nobody doubts, else what became of the recording. The message itself speaks,
  /// not what a colleague said before passing it on.
  private static func told(_ notice: Notice, _ style: MessageStyle) -> (gist: String, state: String)
  {
    let recording = notice.recordings.first { !$0.isIntroduction } ?? notice.recordings.first
    switch recording?.outcome {
    case .text(let text, let isLow):
      let hasWords = style.hasContentInSubject && !isLow
      return (hasWords ? text.certainBeginning(limit: limit * 2) : "", "")
    case .sentence:
      let state =
        recording?.isSilent == true ? Phrase.subjectNoSpeech : .subjectNoTranscript
      return ("", notice.language[state])
    case nil: return ("", notice.language[.subjectNoTranscript])
    }
  }

  /// Whole words of at most that many columns, `…` included.
  static func cut(_ text: String, to columns: Int) -> String {
    guard TextColumns.width(of: text) > columns else { return text }
    var kept = ""
    for word in text.split(separator: " ") {
      let longer = kept.isEmpty ? String(word) : "\(kept) \(word)"
      guard TextColumns.width(of: longer) < columns else { break }
      kept = longer
    }
    while let last = kept.last, ".,;:!?-–".contains(last) { kept.removeLast() }
    return kept.isEmpty ? "" : "\(kept)…"
  }
}
