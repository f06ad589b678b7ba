/// How a recipient's voicemail is treated: which words are sought in it, and how they reach the mailbox.
///
/// Settled at reception and kept with the message, so that a reload changes nothing for what is in the spool.
package struct Policy: Sendable, Codable, Equatable {
  /// How message and transcript travel.
  package enum Mode: String, Sendable, Codable, CaseIterable {
    /// The message waits for its transcript, up to the deadline, and carries it.
    case hold
    /// The message goes on at once; the transcript follows as a reply to it.
    case originalFirst = "original-first"
    /// The same, also for mail that must not be changed: signed, or marked as private.
    case companion
    /// The message waits, and carries new header fields only; mail that must not be changed too.
    case headers
    /// Not taken over.
    case off

    /// Nothing waits for a transcript, which comes in a message of its own.
    package var repliesLater: Bool { self == .originalFirst || self == .companion }
    /// Whether it may be used on mail whose body must not be changed.
    package var leavesBodyAlone: Bool { self == .companion || self == .headers }
  }

  package enum Threading: String, Sendable, Codable, CaseIterable {
    case none
    /// One caller's messages to one mailbox are one conversation (References).
    case caller
  }

  /// As the configuration names it; `default` for the one that is built in.
  package var name: String
  package var mode = Mode.hold
  package var subject = SubjectMode.original
  /// Whether the caller's words may stand in the subject, where lock screens show them.
  package var contentInSubject = true
  /// Engines in the order they are asked; nil: those of the settings.
  package var engines: [String]?
  /// BCP 47: what is spoken, and of our own words in the mail; nil: what the engine finds.
  package var language: String?
  /// Directory with templates; nil: those built in.
  package var template: String?
  /// File with names and words that are likely; nil: none.
  package var vocabulary: String?
  /// Whether what is marked as private is treated like other voicemail.
  package var takesPrivate = false
  /// Whether a call button dials extensions too.
  package var dialsExtensions = false
  /// Where callers' numbers are dialled, as `Country` reads it; nil: that of the settings.
  package var country: String?
  package var threading = Threading.none
  /// What becomes of recordings with two channels.
  package var channels = ChannelUse.mix
  /// "3rd message from this number today".
  package var countCalls = false
  /// Milliseconds from reception within which a message that waits must have its transcript; nil: those of the
  /// settings.
  package var deadlineMS: Int64?
  /// Whether a transcript that was late for its message follows as a reply.
  package var lateReply = false

  enum CodingKeys: String, CodingKey {
    case name, mode, subject, contentInSubject, engines, language, template, vocabulary, country
    case threading, countCalls, deadlineMS, lateReply, takesPrivate, dialsExtensions, channels
  }

  package init(name: String) { self.name = name }

  /// Milliseconds within which a reply is worth something: longer than that, and the recording was listened to.
  package static let replyWithinMS: Int64 = 4 * 3_600_000

  /// How its mail looks: the settings' way, but for what it says itself. `templates`: those of its directory.
  package func style(over settings: MessageStyle, templates: TemplateSources?) -> MessageStyle {
    var style = settings
    style.language = language ?? settings.language
    style.templates = templates ?? settings.templates
    style.subject = subject
    style.hasContentInSubject = contentInSubject
    style.dialsExtensions = dialsExtensions
    return style
  }

  /// For recipients that no policy names.
  package static let builtIn = Policy(name: "default")
}
