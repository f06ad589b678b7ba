/// Turns what is known of a voicemail into what its reader gets.
package struct EnhancementRenderer: Sendable {
  /// Language of our own words, BCP 47.
  private let language = "en"

  package init() {}

  /// `parts`: the recordings in the order of the message, transcribed or not. `headers`: trace line
  /// and marker, which stand first. A message without any transcript gets the same block with the
  /// honest reason.
  package func render(
    voicemail: VoicemailFacts, parts: [TranscribedPart], message: MessageFacts, spoolID: String,
    headers: [HeaderField]
  ) -> Enhancement {
    let notice = Notice(voicemail, parts, message)
    let added = headers + StatusHeaders.make(voicemail, parts, spoolID: spoolID)
    return Enhancement(
      headers: added.map { HeaderField($0.name, SafeText.ascii($0.value, limit: 2000)) },
      removedHeaders: forged(message), text: TextBlock.render(notice),
      html: HTMLBlock.render(notice, language: language), language: language)
  }

  /// Fields that are ours to write and stand in the message already.
  private func forged(_ message: MessageFacts) -> [String] {
    ([LoopGuard.headerName, RouteMark.headerName] + StatusHeaders.all).filter {
      message.count(of: $0) > 0
    }
  }
}
