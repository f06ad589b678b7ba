/// The trace line every MTA owes a message it passes on (RFC 5321, 4.4).
///
/// Postfix hides its own line from milters, so the client's facts would be lost without this one:
///
///     Received: from pbx (pbx.example [192.0.2.7]) by mail.example (voicemail-milter)
///      with ESMTP id 7f3a (4XyZ); Thu, 06 Aug 2026 15:45:49 +0200
package enum TraceHeader {
  /// All values but `host` may come from strangers: what is no part of a name becomes `?`.
  package static func make(
    client: ClientFacts, host: String, spoolID: String, unixSeconds: Int64,
    utcOffsetSeconds: Int
  ) -> HeaderField {
    let protocolName = client.protocolName.flatMap { $0.isEmpty ? nil : $0 } ?? "ESMTP"
    var value = "from \(word(client.helo))"
    if let address = client.address {
      value += " (\(word(client.name)) [\(literal(address))])"
    }
    value += " by \(word(host)) \(LoopGuard.traceComment) with \(word(protocolName))"
    value += " id \(word(spoolID))"
    if let queueID = client.queueID { value += " (\(word(queueID)))" }
    let date = InternetDate(unixSeconds: unixSeconds, utcOffsetSeconds: utcOffsetSeconds)
    return HeaderField("Received", "\(value); \(date.rfc5322)")
  }

  /// A domain, address literal or id: nothing that opens, closes or quotes anything.
  private static func word(_ text: String?) -> String {
    guard let text, !text.isEmpty else { return "unknown" }
    return String(
      decoding: text.utf8.prefix(255).map { byte -> UInt8 in
        switch byte {
        case 48...57, 65...90, 97...122: byte
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"),
          UInt8(ascii: "["), UInt8(ascii: "]"):
          byte
        default: UInt8(ascii: "?")
        }
      }, as: UTF8.self)
  }

  /// RFC 5321, 4.1.3: an IPv6 address carries a tag.
  private static func literal(_ address: String) -> String {
    let text = word(address).filter { $0 != "[" && $0 != "]" }
    return text.contains(":") && text.prefix(5).lowercased() != "ipv6:" ? "IPv6:\(text)" : text
  }
}
