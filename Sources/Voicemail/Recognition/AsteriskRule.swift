/// Asterisk's app_voicemail and app_minivm, and the PBXs built on them: FreePBX, Issabel, Grandstream ...
package struct AsteriskRule: RecognitionRule {
  package let name = "asterisk"

  package init() {}

  package func match(_ message: MessageFacts, _ envelope: Envelope) -> RuleMatch? {
    guard let (evidence, place) = evidence(message) else { return nil }
    let caller = CallerText.caller(
      number: message.header("X-Asterisk-CallerID")
        ?? message.header("X-Asterisk-VM-Caller-ID-Num"),
      name: message.header("X-Asterisk-CallerIDName")
        ?? message.header("X-Asterisk-VM-Caller-ID-Name"))
    let mailbox =
      CallerText.known(message.header("X-Asterisk-VM-Extension"))
      ?? message.header("Message-ID").flatMap(Self.mailbox)
    return RuleMatch(evidence: evidence, place: place, caller: caller, mailbox: mailbox)
  }

  private func evidence(_ message: MessageFacts) -> (String, RuleMatch.Place)? {
    if Self.isAsterisk(messageID: message.header("Message-ID")) {
      return ("Asterisk message id", .headerSection)
    }
    if let field = message.headers.first(where: {
      let name = $0.name.lowercased()
      return name == "x-asterisk-callerid" || name == "x-asterisk-calleridname"
        || name.hasPrefix("x-asterisk-vm-")
    }) {
      return ("\(SafeText.ascii(field.name, limit: 40)) header", .headerSection)
    }
    let isDescribed = message.parts.contains {
      !$0.isNested && $0.description?.lowercased() == "voicemail sound attachment."
    }
    return isDescribed ? ("Asterisk sound attachment", .part) : nil
  }

  static func isAsterisk(messageID: String?) -> Bool {
    messageID?.hasPrefix("<Asterisk-") ?? false
  }

  /// The mailbox in `<Asterisk-NUMBER-RANDOM-MAILBOX-PID@host>`, where it may hold dashes and a
  /// context (`1001@default`); minivm writes `<Asterisk-RANDOM-MAILBOX-PID-host>`.
  static func mailbox(messageID: String) -> String? {
    guard messageID.hasPrefix("<Asterisk-"), messageID.hasSuffix(">"),
      messageID.utf8.count <= 500
    else { return nil }
    let inner = messageID.dropFirst("<Asterisk-".count).dropLast()
    var fields: ArraySlice<Substring>
    if let at = inner.lastIndex(of: "@"), inner[..<at].split(separator: "-").count >= 4 {
      fields = ArraySlice(inner[..<at].split(separator: "-", omittingEmptySubsequences: false))
      guard isDecimal(fields.removeFirst()), isDecimal(fields.removeFirst()) else { return nil }
    } else {
      fields = ArraySlice(inner.split(separator: "-", omittingEmptySubsequences: false))
      guard fields.count >= 4, isDecimal(fields.removeFirst()) else { return nil }
      // The host may hold dashes too: what follows the last number is the host.
      guard let process = fields.lastIndex(where: isDecimal), process > fields.startIndex else {
        return nil
      }
      fields = fields[...process]
    }
    guard let process = fields.popLast(), isDecimal(process), !fields.isEmpty else { return nil }
    return CallerText.known(fields.joined(separator: "-"))
  }

  private static func isDecimal(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
  }
}
