/// A reason to leave a message alone, whatever else it says of itself.
///
/// Traps look before the rules do. They need the header section only, so that ordinary mail leaves
/// before its body is read; `partTraps` need the MIME structure.
struct Trap: Sendable {
  /// The sentence for the administrator when the trap snaps; nil when it does not.
  let reason: @Sendable (MessageFacts, OwnDomains) -> String?
  let kind: Kind

  enum Kind: Sendable {
    /// No policy is asked.
    case firm
    /// It may be a voicemail, and can be read, but its body must stay as it is.
    case signature
    /// It may be a voicemail, and whoever sent it wants it to be private.
    case privacy
  }

  private init(
    _ reason: @escaping @Sendable (MessageFacts, OwnDomains) -> String?, _ kind: Kind = .firm
  ) {
    self.reason = reason
    self.kind = kind
  }

  private init(_ reason: @escaping @Sendable (MessageFacts) -> String?, _ kind: Kind = .firm) {
    self.init({ message, _ in reason(message) }, kind)
  }

  static let headerTraps: [Trap] = [
    Trap(signedType, .signature),
    Trap(sealedType),
    Trap(signature, .signature),
    Trap(sensitivity, .privacy),
    Trap(automaticMail),
    Trap(otherNotification),
    Trap(recall),
    Trap(greeting),
    Trap(existingTranscript),
    Trap(typeWithoutRecording),
  ]

  static let partTraps: [Trap] = [
    Trap(signaturePart, .signature),
    Trap(sealedPart),
    Trap(transcriptPart),
  ]

  private static func signedType(_ message: MessageFacts) -> String? {
    message.contentType == "multipart/signed"
      ? "signed (multipart/signed); a change would break the signature" : nil
  }

  private static func sealedType(_ message: MessageFacts) -> String? {
    switch message.contentType {
    case "multipart/encrypted": "encrypted (multipart/encrypted)"
    case "application/pkcs7-mime", "application/x-pkcs7-mime":
      "signed or encrypted (S/MIME)"
    case "application/x-microsoft-rpmsg-message": "rights-protected (rpmsg)"
    case "multipart/report": "a delivery report (multipart/report)"
    default: nil
    }
  }

  /// RFC 6376: a new text part changes the body hash. A signature of our own domain is there for others, and whoever
  /// made it can sign again behind us.
  private static func signature(_ message: MessageFacts, _ own: OwnDomains) -> String? {
    for field in message.headers where ASCIIText.isSame(field.name, "DKIM-Signature") {
      let domain = field.value.split(separator: ";").lazy
        .map { SafeText.ascii(String($0), limit: 255) }
        .first { $0.hasPrefix("d=") }?.dropFirst(2)
      let signer = domain.map { SafeText.line(String($0)) } ?? ""
      guard !own.contains(signer) else { continue }
      return
        "signed by \(signer.isEmpty ? "a DKIM key" : signer); a change would break the signature"
    }
    return nil
  }

  /// RFC 2156, 5.3.4. "Personal" asks for nothing.
  private static func sensitivity(_ message: MessageFacts) -> String? {
    let word = HeaderWords.first(message.header("Sensitivity"))
    return word == "private" || word == "company-confidential" || word == "company confidential"
      ? "marked as \(word ?? "")" : nil
  }

  /// PBXs do say `Auto-Submitted: auto-generated` (RFC 3834): no trap.
  private static func automaticMail(_ message: MessageFacts) -> String? {
    if HeaderWords.first(message.header("Auto-Submitted")) == "auto-replied" {
      return "an automatic reply (Auto-Submitted: auto-replied)"
    }
    if message.header("List-Id") != nil { return "mail of a mailing list (List-Id)" }
    if let word = HeaderWords.first(message.header("Precedence")),
      ["bulk", "list", "junk"].contains(word)
    {
      return "mass mail (Precedence: \(word))"
    }
    return nil
  }

  private static func otherNotification(_ message: MessageFacts) -> String? {
    if let contentClass = HeaderWords.contentClass(message) {
      if contentClass.hasPrefix("missedcall") { return "a missed call, not a voicemail" }
      if contentClass.hasPrefix("fax") { return "a fax, not a voicemail" }
      if contentClass == "voice+transcript" || contentClass == "ms-exchange-um-partner" {
        return "transcribed by another service (Content-Class: \(contentClass))"
      }
    }
    return HeaderWords.first(message.header("Message-Context")) == "fax-message"
      ? "a fax, not a voicemail" : nil
  }

  /// Outlook puts the fields of a voicemail into every message recall.
  private static func recall(_ message: MessageFacts) -> String? {
    let isRecall =
      HeaderWords.contentClass(message) == "recallmessage"
      || message.header("X-CallingTelephoneNumber")?.hasPrefix("IPM.") ?? false
    return isRecall ? "an Outlook message recall, not a voicemail" : nil
  }

  /// With IMAP storage the mail *is* the mailbox's greeting: a change would destroy it.
  private static func greeting(_ message: MessageFacts) -> String? {
    let kind = message.header("X-Asterisk-VM-Message-Type")?.lowercased()
    let isGreeting =
      kind.map { !$0.isEmpty && $0 != "message" } ?? false
      || message.header("Message-ID")?.hasPrefix("<Asterisk-") ?? false
        && message.header("Subject")?.lowercased().hasPrefix("new greeting '") ?? false
    return isGreeting ? "a mailbox greeting of Asterisk, not a voicemail" : nil
  }

  private static func existingTranscript(_ message: MessageFacts) -> String? {
    for name in ["X-Voicemail-Transcript", "X-Voicemail-Transcription"]
    where message.header(name) != nil {
      return "has a transcript already (\(name))"
    }
    return nil
  }

  /// Cisco's SpeechView and others attach the text.
  private static func transcriptPart(_ message: MessageFacts) -> String? {
    let part = message.parts.first { part in
      !part.isNested && part.contentType.hasPrefix("text/")
        && part.filename?.lowercased().contains("transcript") ?? false
    }
    return part?.filename.map { "has a transcript already (\(SafeText.line($0, limit: 60)))" }
  }

  private static func typeWithoutRecording(_ message: MessageFacts) -> String? {
    let type = message.contentType
    let cannotHold =
      type.hasPrefix("text/") || type.hasPrefix("image/") || type.hasPrefix("message/")
      || type == "multipart/digest"
    return cannotHold ? "\(SafeText.ascii(type, limit: 60)) holds no recording" : nil
  }

  /// A signature further in: a list's or a gateway's footer put around signed mail.
  private static func signaturePart(_ message: MessageFacts) -> String? {
    part(
      of: [
        "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature",
      ], in: message)
  }

  /// What is sealed cannot be read.
  private static func sealedPart(_ message: MessageFacts) -> String? {
    part(
      of: [
        "application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted",
        "application/x-microsoft-rpmsg-message",
      ], orNamed: "message.rpmsg", in: message)
  }

  private static func part(
    of types: Set<String>, orNamed name: String? = nil, in message: MessageFacts
  ) -> String? {
    let part = message.parts.first {
      !$0.isNested && (types.contains($0.contentType) || name != nil && $0.filename == name)
    }
    return part.map { "signed or encrypted (\(SafeText.ascii($0.contentType, limit: 60)) part)" }
  }
}
