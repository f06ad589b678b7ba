/// A voicemail as reception hands it to the spool.
package struct NewJob: Sendable {
  package var id: String
  /// Milliseconds since 1970, UTC.
  package var receivedMS: Int64
  package var envelope: Envelope
  package var client: ClientFacts
  /// Message-ID of the message; nil when it has none.
  package var messageID: String?
  package var voicemail: VoicemailFacts
  /// The message as received: header section and body, CRLF line ends.
  package var content: [UInt8]
  /// Names message, recordings and recipients (`LoopGuard.fingerprint`); nil: not comparable.
  package var fingerprint: [UInt8]?
  package var policy = Policy.builtIn
  /// Milliseconds for its transcript, from reception.
  package var allowedMS: Int64 = 0
  package var start = Start.message
  /// By which the caller's messages are counted (`LoopGuard.callerHash`); nil: they are not.
  package var callerHash: [UInt8]?

  /// What is to be done with it.
  package enum Start: Sendable, Equatable {
    /// It waits for its transcript, and goes out with it.
    case message
    /// It goes out as it came, at once; perhaps the transcript follows as a reply.
    case original(replyFollows: Bool)
    /// The MTA has kept the message: the transcript alone goes out, as a reply.
    case reply
  }

  package init(
    id: String, receivedMS: Int64, envelope: Envelope, client: ClientFacts, messageID: String?,
    voicemail: VoicemailFacts, content: [UInt8], fingerprint: [UInt8]? = nil
  ) {
    self.id = id
    self.receivedMS = receivedMS
    self.envelope = envelope
    self.client = client
    self.messageID = messageID
    self.voicemail = voicemail
    self.content = content
    self.fingerprint = fingerprint
  }
}

/// The right to change one job, until it is finished or taken back.
///
/// Finishing names the lease; a holder that lost it changes nothing.
package struct Lease: Sendable, Equatable {
  package var id: String
  package var token: Int64

  package init(id: String, token: Int64) {
    self.id = id
    self.token = token
  }
}

/// A job with the right to work on it.
package struct LeasedJob: Sendable {
  package var lease: Lease
  package var receivedMS: Int64
  /// From when the transcription deadline counts: reception, or a later demand.
  package var deadlineFromMS: Int64
  /// Milliseconds from then to the deadline.
  package var allowedMS: Int64
  /// Those recipients alone that the work is for.
  package var envelope: Envelope
  /// Which of the message's recipients each of those is: an address may stand there twice.
  package var positions: [Int]
  package var client: ClientFacts
  package var messageID: String?
  package var voicemail: VoicemailFacts
  package var policy: Policy
  /// Tries of the stage the lease is for, this one included.
  package var attempt: Int
  /// The only engine to be asked, by an administrator's wish; nil: those of the settings.
  package var engine: String?
  /// What goes out, or shall go out when it has a transcript.
  package var form: DeliveryForm
  /// For a transcription the original, else what `form` says.
  package var content: [UInt8]

  package var id: String { lease.id }
  /// Whether it goes out at its deadline as it came, as its transcript may follow.
  package var mayBeLate: Bool { form == .enhanced && policy.mode == .hold && policy.lateReply }

  package init(
    lease: Lease, receivedMS: Int64, deadlineFromMS: Int64, allowedMS: Int64, envelope: Envelope,
    positions: [Int], client: ClientFacts, messageID: String?, voicemail: VoicemailFacts,
    policy: Policy,
    attempt: Int, engine: String? = nil, form: DeliveryForm, content: [UInt8]
  ) {
    self.lease = lease
    self.receivedMS = receivedMS
    self.deadlineFromMS = deadlineFromMS
    self.allowedMS = allowedMS
    self.envelope = envelope
    self.positions = positions
    self.client = client
    self.messageID = messageID
    self.voicemail = voicemail
    self.policy = policy
    self.attempt = attempt
    self.engine = engine
    self.form = form
    self.content = content
  }
}

/// Names of jobs: sortable by time, short enough to type, safe in header fields and shells.
package enum JobID {
  /// Crockford's base 32: no i, l, o, u, so that an id read aloud is read back right.
  private static let digits = Array("0123456789abcdefghjkmnpqrstvwxyz")

  /// Nine characters of milliseconds, five of chance.
  package static func make(
    atMS milliseconds: Int64, using generator: inout some RandomNumberGenerator
  ) -> String {
    let time = UInt64(bitPattern: milliseconds) & ((1 << 45) - 1)
    let value = (UInt128(time) << 25) | UInt128(UInt32.random(in: 0..<(1 << 25), using: &generator))
    return String((0..<14).map { digits[Int(truncatingIfNeeded: value >> (5 * (13 - $0))) & 31] })
  }
}
