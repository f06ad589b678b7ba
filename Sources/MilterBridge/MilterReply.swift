internal import CMilter

/// What a session answers to an event; each is one of libmilter's SMFIS_* codes.
///
/// Every reply but `continue` and `skip` ends the message: no further event of it arrives.
package enum MilterReply: Sendable, Equatable, CaseIterable {
  /// Go on. At the end of the message: deliver it unchanged.
  case `continue`
  /// Deliver unchanged and tell no more of this message; at connect, of this connection.
  case accept
  /// Tell the client that all is well and delete the message.
  ///
  /// Only right at the end of the message: before it, Postfix replays a discarded message to
  /// `non_smtpd_milters` without its ESMTP parameters.
  case discard
  /// 451: the client shall try again later.
  case tempfail
  /// 550: the client shall give up.
  case reject
  /// Go on, but send no more of the body. Only an answer to a body chunk; elsewhere `continue`.
  case skip

  /// C: `SMFIS_CONTINUE` and its siblings.
  var status: sfsistat {
    switch self {
    case .continue: SMFIS_CONTINUE
    case .accept: SMFIS_ACCEPT
    case .discard: SMFIS_DISCARD
    case .tempfail: SMFIS_TEMPFAIL
    case .reject: SMFIS_REJECT
    case .skip: SMFIS_SKIP
    }
  }

  var endsMessage: Bool {
    switch self {
    case .continue, .skip: false
    case .accept, .discard, .tempfail, .reject: true
    }
  }
}
