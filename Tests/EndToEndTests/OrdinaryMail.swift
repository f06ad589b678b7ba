/// Mail that is no voicemail, each of a kind that a filter could harm.
struct OrdinaryMail {
  /// Its recipient, and its name in messages.
  var user: String
  /// CRLF line ends.
  var bytes: [UInt8]

  static let all = [
    OrdinaryMail(
      "plain",
      """
      From: Bob <bob@example.com>
      To: ann@example.com
      Subject:  two spaces,
      \tand a fold with a tab
      Date: Thu, 06 Aug 2026 15:45:49 +0200
      Message-ID: <1@example.com>
      x-Odd-case:no space after the colon

      From the beginning: voicemail from JOHN SMITH.
      .
      ..two dots
      trailing space\u{20}

      """),
    OrdinaryMail(
      "attachment",
      multipart(
        "text/html; charset=utf-8", "8bit", "<p>Gr\u{FC}\u{DF}e</p>", "application/pdf",
        "JVBERi0xLjQK")),
    // A recording a person sends is no voicemail.
    OrdinaryMail(
      "song",
      multipart("text/plain", "7bit", "Listen to this", "audio/mpeg; name=song.mp3", "SUQzBAA=")),
    OrdinaryMail("latin", latin1),
    OrdinaryMail(
      "large",
      multipart(
        "text/plain", "7bit", "300 KB", "application/octet-stream",
        String(
          repeating: "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAx\n",
          count: 4_000))),
  ]

  /// Of about that many bytes.
  static func attachment(bytes: Int) -> OrdinaryMail {
    var mail = OrdinaryMail(
      "attachment", multipart("text/plain", "7bit", "See below", "application/pdf", "@"))
    let line = Array((String(repeating: "QUJD", count: 18) + "\r\n").utf8)
    let place = mail.bytes.lastIndex(of: UInt8(ascii: "@")) ?? 0
    mail.bytes.insert(
      contentsOf: repeatElement(line, count: bytes / line.count).joined(), at: place)
    return mail
  }

  private init(_ user: String, _ text: String) { self.init(user, Array(text.utf8)) }

  private init(_ user: String, _ bytes: [UInt8]) {
    self.user = user
    self.bytes = bytes.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }
  }

  /// 8-bit bytes that are no UTF-8, in a header field, a preamble and a part.
  private static let latin1: [UInt8] = {
    let text = multipart("text/plain; charset=iso-8859-1", "8bit", "caf#", "text/x-log", "caf#")
    return text.utf8.map { $0 == UInt8(ascii: "#") ? 0xE9 : $0 }
  }()

  private static func multipart(
    _ type: String, _ encoding: String, _ text: String, _ attachment: String, _ content: String
  ) -> String {
    """
    From: Bob <bob@example.com>
    To: ann@example.com
    Subject: mail with an attachment #1
    Date: Thu, 06 Aug 2026 15:45:49 +0200
    Message-ID: <2@example.com>
    MIME-Version: 1.0
    Content-Type: multipart/mixed; boundary="=_b"

    preamble #
    --=_b
    Content-Type: \(type)
    Content-Transfer-Encoding: \(encoding)

    \(text)
    --=_b
    Content-Type: \(attachment)
    Content-Transfer-Encoding: base64
    Content-Disposition: attachment

    \(content)
    --=_b--
    epilogue

    """
  }
}
