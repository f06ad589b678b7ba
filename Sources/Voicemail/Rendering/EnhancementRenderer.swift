/// Turns what is known of a voicemail into what its reader gets.
package struct EnhancementRenderer: Sendable {
  private let style: MessageStyle

  package init(_ style: MessageStyle = MessageStyle()) {
    self.style = style
  }

  /// `parts`: the recordings in the order of the message, transcribed or not. `headers`: trace line
  /// and marker, which stand first. A message without any transcript gets the same block with the
  /// honest reason.
  package func render(
    voicemail: VoicemailFacts, parts: [TranscribedPart], message: MessageFacts, spoolID: String,
    headers: [HeaderField]
  ) -> Enhancement {
    let language = language(parts)
    let notice = Notice(voicemail, parts, message, in: language, style: style)
    let values = TemplateValues.make(notice)
    var added = headers + StatusHeaders.make(voicemail, parts, spoolID: spoolID)
    var removed = forged(message)
    let subject = SubjectLine.render(
      notice, original: message.header("Subject"), style: style, values: values)
    if let subject {
      added.append(HeaderField("Subject", subject))
      removed.append("Subject")
    }
    return Enhancement(
      headers: added.map { HeaderField($0.name, SafeText.ascii($0.value, limit: 2000)) },
      removedHeaders: removed, text: TextLayout.lay(style.templates.render(.text, values)),
      html: style.templates.render(.html, values), language: language.tag)
  }

  /// Of our own words: the style's, else the caller's, as far as we know it.
  private func language(_ parts: [TranscribedPart]) -> Language {
    let spoken = parts.lazy.map(\.transcript.language).first { !$0.isEmpty }
    return Language.known(style.language.isEmpty ? spoken ?? "" : style.language) ?? .english
  }

  /// Fields that are ours to write and stand in the message already.
  private func forged(_ message: MessageFacts) -> [String] {
    ([LoopGuard.headerName, RouteMark.headerName] + StatusHeaders.all).filter {
      message.count(of: $0) > 0
    }
  }
}
