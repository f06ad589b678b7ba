/// What the administrator must hear of without asking.
enum Alarm: String, CaseIterable, Sendable {
  /// A message is held or has failed: nothing moves it but the administrator.
  case messageHeld = "message_held"
  /// The spool is at one of its limits: voicemail passes without transcripts.
  case spoolFull = "spool_full"
  /// The spool cannot be read or written: voicemail passes without transcripts.
  case spoolTrouble = "spool_trouble"
  /// No engine can be used: voicemail goes out without transcripts.
  case enginesDown = "engines_down"
  /// A wrong key, no credit, a missing model: an engine that only the administrator can put right.
  case engineUnusable = "engine_unusable"
  /// The MTA's listener refused a message.
  case reinjectionRefused = "reinjection_refused"
  /// A message came back to this filter.
  case loopSeen = "loop_seen"
  /// An enhanced message differed from its original where it must not; the original went out.
  case selfCheckFailed = "self_check_failed"

  /// For the log and the subject of a mail.
  var sentence: String {
    switch self {
    case .messageHeld: "a voicemail is held for the administrator"
    case .spoolFull: "the spool is full"
    case .spoolTrouble: "the spool cannot be used"
    case .enginesDown: "no speech engine can be used"
    case .engineUnusable: "a speech engine needs the administrator"
    case .reinjectionRefused: "the MTA refused a voicemail"
    case .loopSeen: "the reinjection listener still runs this filter"
    case .selfCheckFailed: "an enhanced message failed its self-check"
    }
  }
}
