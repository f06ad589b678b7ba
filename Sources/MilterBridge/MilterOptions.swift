internal import CMilter

/// What is asked of an MTA at the start of a connection, and what it granted.
///
/// libmilter refuses an answer that asks for more than was offered; the connection would be lost.
/// So each request is cut down to the offer. Replies are the exception: libmilter offers silence
/// on behalf of MTAs that want one, and then sends CONTINUE itself.
struct MilterOptions: Equatable {
  /// SMFIF_*: what the filter may do.
  let actions: UInt
  /// SMFIP_*: which steps the MTA takes, and how.
  let steps: UInt

  /// For a connection that began without negotiation.
  static let none = MilterOptions(actions: 0, steps: 0)

  init(actions: UInt, steps: UInt) {
    self.actions = actions
    self.steps = steps
  }

  init(offeredActions: UInt, offeredSteps: UInt, addsFields: Bool) {
    actions = offeredActions & UInt(SMFIF_SETSYMLIST | (addsFields ? SMFIF_ADDHDRS : 0))
    // DATA is asked for although nobody listens: without its reply Postfix writes the macros of
    // DATA alone and then the headers, and over TCP that costs 40 ms (Nagle, delayed ACK).
    // MAIL is not, as a wait of the MTA's client; what a session says to it is answered at DATA.
    // Body chunks are answered, since the answer may be `skip`.
    let wanted =
      SMFIP_HDR_LEADSPC | SMFIP_SKIP | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT
      | SMFIP_NR_HDR
    // No callback for unknown commands: libmilter itself takes this back for old MTAs.
    steps = offeredSteps & UInt(wanted) | UInt(SMFIP_NOUNKNOWN)
  }

  var keepsLeadingSpace: Bool { steps & UInt(SMFIP_HDR_LEADSPC) != 0 }
  var canSkip: Bool { steps & UInt(SMFIP_SKIP) != 0 }
  var canAskForMacros: Bool { actions & UInt(SMFIF_SETSYMLIST) != 0 }

  var repliesToMail: Bool { steps & UInt(SMFIP_NR_MAIL) == 0 }

  var heloStatus: sfsistat { silence(SMFIP_NR_HELO) }
  var recipientStatus: sfsistat { silence(SMFIP_NR_RCPT) }
  var headerStatus: sfsistat { silence(SMFIP_NR_HDR) }

  private func silence(_ step: Int) -> sfsistat {
    steps & UInt(step) != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE
  }

  /// Macros asked for, by stage: what sessions read and no more, as each is sent every time. A list
  /// cannot be empty. It takes the place of the administrator's (`milter_connect_macros` ...).
  static let macros: [(stage: Int32, names: String)] = [
    (SMFIM_CONNECT, "j"),
    (SMFIM_HELO, "{tls_version}"),
    (SMFIM_ENVFROM, "i {auth_type} {auth_authen}"),
    (SMFIM_ENVRCPT, "i"),
    (SMFIM_DATA, "i"),
    (SMFIM_EOH, "i"),
    (SMFIM_EOM, "i"),
  ]
}
