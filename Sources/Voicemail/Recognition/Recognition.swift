/// Tells voicemail from ordinary mail.
///
/// Questions in the order a message comes in; each gives the earliest answer that is possible,
/// so that ordinary mail leaves with its body unread:
/// 1. `verdictAtConnect`: can the client be trusted at all?
/// 2. `verdictAtMail`: is it trusted? Asked apart, as a client may log in after it has connected.
/// 3. `verdictAtEndOfHeaders`: do the headers speak against it?
/// 4. `verdict`: with the MIME structure known, is there evidence and a recording? It asks the
///    others again and is complete by itself.
package struct Recognition: Sendable {
  /// Whose word is believed.
  package var sources: TrustedSources
  /// Asked in order; the first with evidence decides.
  package var rules: [ProfileRule]
  package var loopGuard: LoopGuard
  /// Mail signed by others is left alone.
  package var ownDomains: OwnDomains
  /// Where callers' numbers are dialled; nil: only those with `+` get an international form.
  package var country: Country?
  /// Whether signed mail is of interest: some policy changes no body.
  package var takesSigned = false
  /// Whether private mail is of interest to some policy.
  package var takesPrivate = false

  package init(
    sources: TrustedSources = .privateNetworks,
    rules: [ProfileRule], loopGuard: LoopGuard, ownDomains: OwnDomains = OwnDomains(),
    country: Country? = nil
  ) {
    self.sources = sources
    self.rules = rules
    self.loopGuard = loopGuard
    self.ownDomains = ownDomains
    self.country = country
  }

  /// `.pass` for a client that is not trusted, whoever logs in; nil: go on.
  package func verdictAtConnect(_ client: ClientFacts) -> Verdict? {
    sources.authenticated ? nil : verdictAtMail(client)
  }

  /// `.pass` for a client that is not trusted; nil: go on.
  package func verdictAtMail(_ client: ClientFacts) -> Verdict? {
    guard !sources.contains(client) else { return nil }
    let address = SafeText.ascii(client.address ?? "", limit: 60)
    return .pass(reason: "client \(address) is not a trusted source")
  }

  /// `.pass` when the header section says that this is no voicemail or must not be changed; nil:
  /// collect the body. `message` needs no parts.
  package func verdictAtEndOfHeaders(
    _ message: MessageFacts, _ envelope: Envelope, _ client: ClientFacts
  ) -> Verdict? {
    if let pass = verdictAtMail(client) { return pass }
    if let reason = loopGuard.reasonToPass(message) { return .pass(reason: reason) }
    return firstReason(Trap.headerTraps, message).map { .pass(reason: $0) }
  }

  /// The answer, with the MIME structure known.
  package func verdict(
    _ message: MessageFacts, _ envelope: Envelope, _ client: ClientFacts
  ) -> Verdict {
    if let pass = verdictAtEndOfHeaders(message, envelope, client) { return pass }
    if let reason = firstReason(Trap.partTraps, message) { return .pass(reason: reason) }

    let recordings = RecordingParts.indices(in: message.parts)
    let found = describe(recordings, message)
    for rule in rules {
      guard let match = rule.match(message, envelope, client) else { continue }
      guard !recordings.isEmpty else {
        return .pass(reason: "\(match.evidence), but no recording attached")
      }
      if match.place == .content, let reason = forwarded(message) {
        return .pass(reason: "\(match.evidence), but \(reason)")
      }
      if match.isPrivate, !takesPrivate {
        return .pass(reason: "\(match.evidence), but \(Self.privateByRule)")
      }
      let transcript = match.hasTranscript ? "it has a transcript already" : nil
      if let objection = transcript ?? ExistingTranscript.objection(message) {
        return .pass(reason: "\(match.evidence), but \(objection)")
      }
      var caller = match.caller
      caller.e164 = Country.e164(caller.number, in: country)
      var facts = VoicemailFacts(
        rule: rule.name, reason: "\(match.evidence); \(found)", caller: caller,
        mailbox: match.mailbox, time: match.time, statedSeconds: match.statedSeconds,
        isUrgent: match.isUrgent, audioParts: recordings)
      facts.protection = reason(.signature, message)
      facts.privacy = reason(.privacy, message) ?? (match.isPrivate ? Self.privateByRule : nil)
      return .voicemail(facts)
    }
    return .pass(
      reason: recordings.isEmpty
        ? "no sign of voicemail and no recording"
        : "\(found), but no sign that a PBX sent it")
  }

  /// How each rule fares, for an administrator who asks why.
  package func trials(_ message: MessageFacts, _ envelope: Envelope, _ client: ClientFacts)
    -> [RuleTrial]
  {
    rules.map { $0.trial(message, envelope, client) }
  }

  private static let privateByRule = "the phone system marks it as private"

  /// What a trap of that kind says; a voicemail has such a reason only where that is of interest.
  private func reason(_ kind: Trap.Kind, _ message: MessageFacts) -> String? {
    (Trap.headerTraps + Trap.partTraps).lazy.filter { $0.kind == kind }
      .compactMap { $0.reason(message, ownDomains) }.first
  }

  private func firstReason(_ traps: [Trap], _ message: MessageFacts) -> String? {
    for trap in traps {
      switch trap.kind {
      case .signature where takesSigned, .privacy where takesPrivate: continue
      default: if let reason = trap.reason(message, ownDomains) { return reason }
      }
    }
    return nil
  }

  /// In the languages of mail programs.
  private static let answerPrefixes = [
    "re:", "fw:", "fwd:", "aw:", "wg:", "tr:", "rv:", "i:", "rif:", "res:", "enc:", "antw:",
    "doorst:", "vb:", "sv:", "vs:", "vl:", "odp:", "pd:", "ynt:", "ilt:",
  ]

  /// Why a message looks as if a person had passed a recording on; nil when it does not.
  private func forwarded(_ message: MessageFacts) -> String? {
    for name in ["In-Reply-To", "References"] where message.header(name) != nil {
      return "a person replied or forwarded it (\(name))"
    }
    let subject = message.header("Subject")?.lowercased() ?? ""
    guard let prefix = Self.answerPrefixes.first(where: subject.hasPrefix) else { return nil }
    return "a person replied or forwarded it (subject begins with \"\(prefix)\")"
  }

  private func describe(_ recordings: [Int], _ message: MessageFacts) -> String {
    let names = message.parts.filter { recordings.contains($0.index) }.prefix(3).map {
      $0.filename.map { SafeText.line($0, limit: 60) } ?? SafeText.ascii($0.contentType, limit: 60)
    }
    let count = recordings.count == 1 ? "1 recording" : "\(recordings.count) recordings"
    return "\(count): \(names.joined(separator: ", "))\(recordings.count > 3 ? " ..." : "")"
  }
}
