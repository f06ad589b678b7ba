/// How a mail is to look; the settings say it for all, a policy for some.
package struct MessageStyle: Sendable, Codable, Equatable {
  /// Language of the fixed words, BCP 47; empty: that of the transcript, English without one.
  package var language: String
  package var subject: SubjectMode
  /// Whether the caller's words may stand in the subject, which a locked screen shows.
  package var hasContentInSubject: Bool
  package var templates: TemplateSources
  /// The text stands in a reply to the message with the recording.
  package var isReply = false
  /// Whether the call button dials extensions too, as desk phones and their programs can.
  package var dialsExtensions = false

  package init(
    language: String = "", subject: SubjectMode = .original, hasContentInSubject: Bool = true,
    templates: TemplateSources = TemplateSources()
  ) {
    self.language = language
    self.subject = subject
    self.hasContentInSubject = hasContentInSubject
    self.templates = templates
  }
}

/// What becomes of the subject; people have filters on that of their PBX.
package enum SubjectMode: String, Sendable, Codable, CaseIterable {
  /// It stays as it is.
  case original
  /// The first words stand behind it.
  case append
  /// A new one: caller, length, first words.
  case rewrite
}
