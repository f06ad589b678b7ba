package enum EnhancementRenderer {
  package static func render(
    voicemail: VoicemailFacts, parts: [TranscribedPart], message: MessageFacts, spoolID: String,
    headers: [HeaderField]
  ) -> Enhancement {
    Enhancement(headers: headers, text: "", html: "", language: "en")
  }
}
