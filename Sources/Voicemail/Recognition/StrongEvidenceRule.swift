/// Any PBX whose message carries a mark that only voicemail carries: FreeSWITCH, VPIM systems
/// (RFC 3801), Mitel, Exchange.
package struct StrongEvidenceRule: RecognitionRule {
  package let name = "generic"

  package init() {}

  package func match(_ message: MessageFacts, _ envelope: Envelope) -> RuleMatch? {
    guard let (evidence, place) = headerEvidence(message) ?? partEvidence(message) else {
      return nil
    }
    return RuleMatch(
      evidence: evidence, place: place, caller: caller(message),
      mailbox: mailbox(message, envelope))
  }

  private func headerEvidence(_ message: MessageFacts) -> (String, RuleMatch.Place)? {
    if message.header("X-Voicemail-Length") != nil {
      return ("X-Voicemail-Length header", .headerSection)
    }
    if message.header("Message-ID")?.hasPrefix("<MITEL-VM-") ?? false {
      return ("Mitel message id", .headerSection)
    }
    if message.contentType == "multipart/voice-message" {
      return ("multipart/voice-message (VPIM)", .headerSection)
    }
    if HeaderWords.first(message.header("Message-Context")) == "voice-message" {
      return ("Message-Context: voice-message", .headerSection)
    }
    if let contentClass = HeaderWords.contentClass(message), contentClass.hasPrefix("voice") {
      return ("Content-Class: \(SafeText.ascii(contentClass, limit: 40))", .headerSection)
    }
    return nil
  }

  private func partEvidence(_ message: MessageFacts) -> (String, RuleMatch.Place)? {
    for part in message.parts where !part.isNested {
      if part.dispositionParameters["voice"] != nil {
        return ("a part with the disposition parameter voice= (VPIM)", .part)
      }
      let description = part.description?.lowercased()
      if description == "sound attachment." || description == "voicemail sound attachment." {
        return ("a part described as sound attachment", .part)
      }
    }
    return nil
  }

  private func caller(_ message: MessageFacts) -> Caller {
    // Exchange (MS-OXCMAIL) writes these; message recalls carry them with other values.
    for name in ["X-CallingTelephoneNumber", "X-CNS-Originator-Phone-Number"] {
      if let number = message.header(name), CallerText.isNumber(number) {
        return CallerText.caller(
          number: number, name: message.header("X-VoiceMessageSenderName"))
      }
    }
    return CallerText.caller(inAddress: message.header("From"))
  }

  private func mailbox(_ message: MessageFacts, _ envelope: Envelope) -> String? {
    if let id = message.header("Message-ID"), id.hasPrefix("<MITEL-VM-") {
      return CallerText.known(
        String(id.dropFirst("<MITEL-VM-".count).prefix { $0 != "." && $0 != "@" && $0 != ">" }))
    }
    // FreeSWITCH sends as `account@domain`.
    if message.header("X-Voicemail-Length") != nil {
      return CallerText.number(inAddress: envelope.sender)
    }
    if message.contentType == "multipart/voice-message", let to = message.header("To") {
      return CallerText.number(inAddress: to)
    }
    return nil
  }
}

/// Values of header fields that are one word, perhaps with parameters.
enum HeaderWords {
  /// The first word in lower case: `auto-replied` of `auto-replied; owner-email="..."`.
  static func first(_ value: String?) -> String? {
    value.map { value in
      SafeText.line(String(value.prefix { $0 != ";" }), limit: 80).lowercased()
    }
  }

  /// Content-Class in lower case, without the prefix Exchange gives to mail of unauthenticated
  /// senders and without the `urn:content-classes:` of Outlook.
  static func contentClass(_ message: MessageFacts) -> String? {
    guard var word = first(message.header("Content-Class")) else { return nil }
    for prefix in ["unauthenticated,", "urn:content-classes:"] where word.hasPrefix(prefix) {
      word = SafeText.line(String(word.dropFirst(prefix.count)))
    }
    return word
  }
}
