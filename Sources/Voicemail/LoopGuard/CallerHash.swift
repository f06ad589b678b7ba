extension LoopGuard {
  /// What one caller's messages to one mailbox have in common, without telling who they are; nil where the caller is
  /// not known.
  package func callerHash(_ voicemail: VoicemailFacts, _ envelope: Envelope) -> [UInt8]? {
    guard let number = voicemail.caller.e164 ?? CallerText.known(voicemail.caller.number) else {
      return nil
    }
    let digits = number.filter { $0.isNumber || $0 == "+" }
    let mailbox =
      CallerText.known(voicemail.mailbox).map { [$0] }
      ?? envelope.recipients.map { $0.address.lowercased() }.sorted()
    let values = ["caller", digits.isEmpty ? number : digits] + mailbox
    return keyedHash(values.flatMap { Array("\($0.utf8.count):\($0)".utf8) })
  }

  /// The Message-ID at the root of that conversation (`threading = caller`).
  package func callerThread(_ hash: [UInt8], host: String) -> String {
    "<vm.\(Self.hex(Array(hash.prefix(12))))@\(SafeText.ascii(host, limit: 255))>"
  }
}
