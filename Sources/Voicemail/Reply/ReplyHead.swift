/// The header section of a reply: what makes it stand below its message, and keeps machines from answering it.
///
///     From: Asterisk PBX <asterisk@pbx.example.com>
///     To: Ann <ann@example.com>
///     Subject: Re: New message 3 in mailbox 1001
///     Date: Thu, 06 Aug 2026 15:45:49 +0200
///     Message-ID: <reply.0jq3w5zk8f2a1b@mail.example.com>
///     In-Reply-To: <Asterisk-3-1804289383-1001-4711@pbx.example.com>
///     References: <Asterisk-3-1804289383-1001-4711@pbx.example.com>
///     Auto-Submitted: auto-generated
package struct ReplyHead: Sendable {
  /// The message that is answered.
  package var original: MessageFacts
  /// A field's value as its sender wrote it, unfolded; nil where it is absent or not printable ASCII.
  package var written: @Sendable (_ name: String) -> String?

  package init(
    original: MessageFacts, written: @escaping @Sendable (_ name: String) -> String?
  ) {
    self.original = original
    self.written = written
  }

  /// Our side of it.
  package struct Origin: Sendable {
    /// Of the spool: the same reply has the same Message-ID, however often it is made.
    package var id: String
    package var host: String
    /// An address that speaks for this host, where the message's own From cannot.
    package var address: String
    package var unixSeconds: Int64
    package var utcOffsetSeconds: Int

    package init(
      id: String, host: String, address: String, unixSeconds: Int64, utcOffsetSeconds: Int
    ) {
      self.id = id
      self.host = host
      self.address = address
      self.unixSeconds = unixSeconds
      self.utcOffsetSeconds = utcOffsetSeconds
    }
  }

  /// Values are printable ASCII. `thread`: the first Message-ID of the conversation where the message itself names none.
  package func fields(_ origin: Origin, thread: String? = nil) -> [HeaderField] {
    let date = InternetDate(
      unixSeconds: origin.unixSeconds, utcOffsetSeconds: origin.utcOffsetSeconds)
    var fields = [
      HeaderField("From", sender ?? "Voicemail <\(origin.address)>"),
      HeaderField("To", recipients),
      HeaderField("Subject", subject),
      HeaderField("Date", date.rfc5322),
      HeaderField("Message-ID", "<reply.\(origin.id)@\(SafeText.ascii(origin.host, limit: 255))>"),
    ]
    if let answered = Self.identifiers(written("Message-ID")).first {
      var known = Self.identifiers(written("References"))
      if known.isEmpty { known = Self.identifiers(written("In-Reply-To")) }
      if known.isEmpty, let thread { known = [thread] }
      // RFC 5322, 3.6.4. The first and the last ones are what mail programs look at.
      let kept = known.count > 10 ? [known[0]] + known.suffix(9) : known
      fields.append(HeaderField("In-Reply-To", answered))
      fields.append(
        HeaderField(
          "References", (kept.filter { $0 != answered } + [answered]).joined(separator: " ")))
    }
    // RFC 3834, 5: no program shall answer.
    fields.append(HeaderField("Auto-Submitted", "auto-generated"))
    return fields
  }

  /// The message's own, on which people have their filters; nil where it is not one plain address, or where a signature
  /// says that only others may write in that domain's name (DMARC).
  private var sender: String? {
    guard original.count(of: "From") == 1, original.count(of: "DKIM-Signature") == 0,
      let from = written("From"), !MailAddress.isList(from),
      !from.contains("<") || from.hasSuffix(">")
    else { return nil }
    let parts = MailAddress(from).address.split(
      separator: "@", omittingEmptySubsequences: false)
    let isPlain =
      parts.count == 2
      && parts.allSatisfy { part in
        !part.isEmpty && part.allSatisfy { $0.isLetter || $0.isNumber || "._-+=".contains($0) }
      }
    return isPlain ? from : nil
  }

  private var recipients: String {
    guard original.count(of: "To") == 1, let to = written("To"), !to.isEmpty else {
      return "undisclosed-recipients:;"
    }
    return to
  }

  private var subject: String {
    let text = original.header("Subject") ?? ""
    let value = written("Subject") ?? EncodedWords.encode(SafeText.line(text, limit: 200))
    return text.lowercased().hasPrefix("re:") ? value : "Re: \(value)"
  }

  /// The `<...>` of a field, without those that are no identifiers.
  private static func identifiers(_ field: String?) -> [String] {
    guard let field else { return [] }
    return field.split(separator: " ").map(String.init).filter { word in
      word.hasPrefix("<") && word.hasSuffix(">") && (3...250).contains(word.utf8.count)
        && !word.dropFirst().dropLast().contains { $0 == "<" || $0 == ">" }
    }
  }
}
