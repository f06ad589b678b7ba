/// Ordinary mail of the kinds that mail software gets wrong: nobody may feel that a filter is there.
struct NastyMail: Sendable {
  var name: String
  /// As it goes over the wire, without dot-stuffing; CRLF line ends but where the point is another.
  var bytes: [UInt8]
  var sender = "<bob@example.com>"
  /// Behind MAIL FROM.
  var parameters = ""

  /// Its fields, then a body; both with LF for CRLF, and U+0080...U+00FF for the bytes of that value.
  private init(_ kind: String, fields: [String], body: String?) {
    name = kind
    let text = fields.map { $0 + "\n" }.joined() + (body.map { "\n" + $0 } ?? "")
    bytes = Self.bytes(text)
  }

  /// A body below usual fields and those given.
  private init(_ name: String, _ extra: [String] = [], _ body: String? = "body\n") {
    self.init(name, fields: Self.usual + extra, body: body)
  }

  private static let usual = [
    "From: Bob <bob@example.com>", "To: ann@example.com", "Subject: ordinary",
    "Date: Thu, 06 Aug 2026 15:45:49 +0200", "Message-ID: <1@example.com>",
  ]

  private static func bytes(_ text: String) -> [UInt8] {
    text.unicodeScalars.flatMap { scalar -> [UInt8] in
      scalar == "\n"
        ? [0x0D, 0x0A] : scalar.value < 256 ? [UInt8(scalar.value)] : Array(String(scalar).utf8)
    }
  }

  private static func mixed(_ name: String, _ parts: String..., type: String = "multipart/mixed")
    -> NastyMail
  {
    let body = parts.map { "--b\n\($0)\n" }.joined() + "--b--\n"
    return NastyMail(name, ["MIME-Version: 1.0", "Content-Type: \(type); boundary=b"], body)
  }

  private static func times(_ count: Int, _ text: String) -> String {
    String(repeating: text, count: count)
  }

  private func sent(from sender: String, _ parameters: String) -> NastyMail {
    var copy = self
    (copy.sender, copy.parameters) = (sender, parameters)
    return copy
  }

  static let all: [NastyMail] = lines + headers + structures + contents + kinds

  // MARK: - Lines

  private static let lines: [NastyMail] = [
    NastyMail("line of 998", [], times(998, "x") + "\n"),
    NastyMail("line of 2000", [], times(2_000, "x") + "\nand another\n"),
    NastyMail(
      "line of 100000", [], times(100_000, "0") + "\n"),
    NastyMail("no blank line", [], nil),
    NastyMail("no body", [], ""),
    NastyMail("nothing at all", fields: [], body: nil),
    NastyMail("only a blank line", fields: [], body: ""),
    NastyMail("no header section", fields: [], body: "just text\n"),
    NastyMail("blank lines only", [], "\n\n\n\n"),
    NastyMail("white space at line ends", [], "a \nb\t\n \n\t\nc  \t \n"),
    NastyMail("dots", [], ".\n..\n...\n.a\n. \n.\t\nend.\n.\n"),
    NastyMail("no line end at the end", [], "last"),
    NastyMail("bare CR", [], "one\rtwo\r\rthree\r"),
    NastyMail("CR before CRLF", [], "one\r\ntwo\r\r\nthree\n"),
    NastyMail("NUL", [], "a\0b\n\0\n\0\0\0end\n"),
    NastyMail(
      "control characters", [],
      (1...31).filter { $0 != 10 && $0 != 13 }.map { String(Unicode.Scalar(UInt8($0))) + "\n" }
        .joined()),
    NastyMail(
      "every byte", [],
      (0...255).filter { $0 != 10 && $0 != 13 }.map { String(Unicode.Scalar(UInt8($0))) }.joined()
        + "\n"),
    bareLineFeeds,
    NastyMail("From at line starts", [], "From here\n>From there\n>>From\nFrom \n"),
  ]

  private static let bareLineFeeds: NastyMail = {
    var mail = NastyMail("bare LF", [], "@one@two@@three\n")
    mail.bytes = mail.bytes.map { $0 == UInt8(ascii: "@") ? 0x0A : $0 }
    // Not the one of the address.
    mail.bytes.replace(Array("bob\nexample".utf8), with: Array("bob@example".utf8))
    mail.bytes.replace(Array("ann\nexample".utf8), with: Array("ann@example".utf8))
    mail.bytes.replace(Array("1\nexample".utf8), with: Array("1@example".utf8))
    return mail
  }()

  // MARK: - Header sections

  private static let headers: [NastyMail] = [
    NastyMail("field without colon", ["this is no field", "X-After: 1"]),
    NastyMail("first line without colon", fields: ["no field"] + usual, body: "body\n"),
    NastyMail(
      "mailbox line first", fields: ["From bob Thu Aug  6 15:45:49 2026"] + usual, body: "body\n"),
    NastyMail("fold first", fields: [" folded into nothing"] + usual, body: "body\n"),
    NastyMail(
      "folds",
      ["X-A: one\n two\n\tthree\n  \tfour", "X-B:\n five", "X-C: six\n \n seven", "X-D:\n\n eight"]),
    NastyMail("fold of 1000 lines", ["X-Long: " + times(1_000, "x\n ") + "end"]),
    NastyMail(
      "fields in pairs",
      usual + [
        "Content-Type: text/plain", "Content-Type: text/html; charset=x", "MIME-Version: 1.0",
        "MIME-Version: 2.0",
      ]),
    NastyMail("10000 fields", (0..<10_000).map { "X-\($0): \($0)" }),
    NastyMail("field of 998", ["X-Long: " + times(990, "x")]),
    // Postfix cuts a field at 60,000 bytes as soon as it has any milter.
    NastyMail("field of 50000", ["X-Long: " + times(50_000, "x")]),
    NastyMail(
      "odd names",
      [
        "x-lower: 1", "X-SPACE : 2", "X_y.z!#$: 3", "X-Empty:", "X-None:value", "X-Tab:\tvalue",
        "X-Many:    value   ", ": no name", times(300, "N") + ": long",
      ]),
    NastyMail("8-bit field", ["X-Raw: caf\u{E9} \u{FF}\u{FE}", "X-\u{E9}: name"]),
    NastyMail("NUL in a field", ["X-Nul: a\0b", "X-After: 1"]),
    NastyMail("CR in a field", ["X-Cr: a\rb", "X-After: 1"]),
    NastyMail(
      "encoded words",
      [
        "Subject: =?utf-8?B?4pyT?= =?iso-8859-1?Q?caf=E9?= =?utf-8?B?!!!?= =?x?Q?a?= =?utf-8?Q?=?= =?nonsense"
      ]),
    NastyMail("no date, from and id", fields: ["Subject: poor"], body: "body\n"),
    NastyMail(
      "trace fields",
      (1...15).map {
        "Received: from h\($0).example.com by h\($0 + 1).example.com; Thu, 06 Aug 2026 15:45:49 +0200"
      } + [
        "Delivered-To: else@example.com", "Return-Path: <else@example.com>",
        "X-Original-To: else@example.com",
      ]),
    NastyMail(
      "fields that MTAs know",
      [
        "Bcc: secret@example.com", "Content-Length: 3", "Resent-From: c@example.com",
        "Resent-Bcc: d@example.com", "Return-Receipt-To: bob@example.com",
        "Errors-To: e@example.com", "Lines: 5", "Status: RO",
      ]),
    NastyMail(
      "our own names, forged",
      ["X-Voicemail-Milter: v=1; id=0; h=forged", "X-Voicemail-Id: 7", "X-Voicemail-Duration: x"]),
    NastyMail("order mark first", fields: ["\u{EF}\u{BB}\u{BF}X-First: 1"] + usual, body: "body\n"),
    NastyMail(
      "internationalized",
      [
        "From: J\u{C3}\u{BC}rgen <j\u{C3}\u{BC}rgen@example.com>",
        "Subject: \u{C3}\u{A4}\u{C3}\u{B6}",
      ]
    ).sent(from: "<j\u{FC}rgen@example.com>", " SMTPUTF8 BODY=8BITMIME"),
  ]

  // MARK: - Structures

  private static let structures: [NastyMail] = [
    nested(50),
    NastyMail(
      "boundary never closed", multipart, "--b\n\none\n--b\nContent-Type: text/html\n\n<p>two"),
    NastyMail("boundary never opened", multipart, "nothing\n"),
    NastyMail(
      "lines like boundaries", multipart,
      "--b\n\n-- b\n--bb\n --b\n--b-\n--B\n--b  \n\ntwo\n--b--x\n--b--\nepilogue\n--b\nlate\n--b--\n"
    ),
    NastyMail(
      "boundary of 300",
      ["MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=\"\(times(300, "b"))\""],
      "--\(times(300, "b"))\n\nx\n--\(times(300, "b"))--\n"),
    NastyMail(
      "boundary empty", ["MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=\"\""],
      "--\n\nx\n----\n"),
    NastyMail(
      "boundary missing", ["MIME-Version: 1.0", "Content-Type: multipart/mixed"],
      "--b\n\nx\n--b--\n"),
    NastyMail(
      "boundary with odd characters",
      ["MIME-Version: 1.0", "Content-Type: multipart/mixed;\n boundary=\"=_(a)'+,./:=? b\""],
      "--=_(a)'+,./:=? b\n\nx\n--=_(a)'+,./:=? b--\n"),
    NastyMail(
      "type is nonsense",
      [
        "MIME-Version: 1.0", "Content-Type: ; =\"; charset", "Content-Transfer-Encoding: 9bit",
        "Content-Disposition: ;;;",
      ]),
    mixed(
      "two types on a part", "Content-Type: text/plain\nContent-Type: audio/x-wav; name=a.wav\n\nx"),
    mixed("part without a header section", "no blank line here", ""),
    mixed(
      "preamble is a message",
      "Content-Type: message/rfc822\n\nFrom: x@example.com\nMessage-ID: <Asterisk-1-2-1001-3@pbx>\n\nnested\n"
    ),
    mixed(
      "rfc822 in rfc822",
      "Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nSubject: deep\n\nx\n"
    ),
    mixed(
      "rfc822 in base64",
      "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeAoKeAo="),
    NastyMail(
      "partial",
      ["MIME-Version: 1.0", "Content-Type: message/partial; id=\"x\"; number=2; total=3"],
      "middle\n"),
    NastyMail(
      "external body",
      [
        "MIME-Version: 1.0",
        "Content-Type: message/external-body; access-type=URL; URL=\"http://x\"",
      ], "Content-Type: audio/x-wav\n\n"),
    mixed("digest", "\nSubject: one\n\n1", "\nSubject: two\n\n2", type: "multipart/digest"),
    mixed(
      "alternative", "Content-Type: text/plain\n\nx", "Content-Type: text/html\n\n<b>x</b>",
      "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nEND:VCALENDAR",
      type: "multipart/alternative"),
  ]

  private static let multipart = ["MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b"]

  private static func nested(_ depth: Int) -> NastyMail {
    var body = "x\n"
    for level in (1..<depth).reversed() {
      body =
        "--b\(level - 1)\nContent-Type: multipart/mixed; boundary=b\(level)\n\n\(body)--b\(level - 1)--\n"
    }
    return NastyMail(
      "nested \(depth) deep", ["MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b0"],
      body)
  }

  // MARK: - Contents

  private static let contents: [NastyMail] = [
    NastyMail("8-bit without MIME", [], "caf\u{E9} \u{80}\u{FF}\n"),
    NastyMail(
      "8-bit announced",
      [
        "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
      ], "\u{C3}\u{A9}\n"
    ).sent(from: "<bob@example.com>", " BODY=8BITMIME"),
    NastyMail(
      "8-bit called 7bit",
      [
        "MIME-Version: 1.0", "Content-Type: text/plain; charset=us-ascii",
        "Content-Transfer-Encoding: 7bit",
      ], "\u{E9}\n"
    ).sent(from: "<bob@example.com>", " BODY=7BIT"),
    NastyMail(
      "UTF-16 raw", ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-16"],
      "\u{FF}\u{FE}h\0i\0!\0\n"),
    NastyMail(
      "charset nobody knows",
      ["MIME-Version: 1.0", "Content-Type: text/plain; charset=\"x-\u{E9}\""], "\u{E9}\n"),
    mixed(
      "base64 broken",
      "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nJVB#ER==i0\n!!!\nA",
      "Content-Type: image/png\nContent-Transfer-Encoding: BASE64 \n\n=\n"),
    mixed(
      "quoted-printable broken",
      "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\na=\nb=ZZ=4\n=\nc= \n=0D=0A."
    ),
    mixed(
      "binary",
      "Content-Type: application/octet-stream\nContent-Transfer-Encoding: binary\n\n\u{89}PNG\0\u{1A}\u{FF}"
    ),
    NastyMail("uuencode", [], "begin 644 msg0001.wav\n#0V%T\n`\nend\n"),
    NastyMail("yEnc", [], "=ybegin line=128 size=4 name=a.wav\n*+,-=}\n=yend size=4\n"),
    mixed(
      "winmail.dat",
      "Content-Type: application/ms-tnef; name=\"winmail.dat\"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=\"winmail.dat\"\n\neJ8+IgAAAQ=="
    ),
    NastyMail(
      "like spam", [],
      "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\nX5O!P%@AP\n"),
    NastyMail(
      "flowed", ["MIME-Version: 1.0", "Content-Type: text/plain; format=flowed; delsp=yes"],
      "long \nline \n> quoted \n>> deeper\n-- \nsig\n"),
    mixed(
      "a song", "\nListen",
      "Content-Type: audio/mpeg; name=song.mp3\nContent-Transfer-Encoding: base64\n\nSUQzBAA="),
    mixed(
      "recording without a body", "Content-Type: audio/x-wav; name=a.wav\n",
      "Content-Type: audio/x-wav; name=b.wav\nContent-Transfer-Encoding: base64\n\n"),
    mixed(
      "file names",
      "Content-Type: application/pdf; name*0*=utf-8''%E2%82; name*1=x\nContent-Disposition: attachment; filename=\"a\\\"b\u{E9}.pdf\"; filename*=utf-8'en'%C3%A9.pdf\n\nx",
      "Content-Disposition: attachment; filename=../../etc/passwd\n\nx"),
  ]

  // MARK: - Kinds

  private static let kinds: [NastyMail] = [
    mixed(
      "signed", "Content-Type: text/plain\n\nsigned text \n \n",
      "Content-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----",
      type: "multipart/signed; micalg=pgp-sha256; protocol=\"application/pgp-signature\""),
    mixed(
      "encrypted", "Content-Type: application/pgp-encrypted\n\nVersion: 1",
      "Content-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----",
      type: "multipart/encrypted; protocol=\"application/pgp-encrypted\""),
    NastyMail(
      "S/MIME",
      [
        "MIME-Version: 1.0",
        "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
        "Content-Transfer-Encoding: base64",
      ], "MIAGCSqGSIb3DQEHA6CAMIACAQA=\n"),
    mixed(
      "delivery report", "\nYour mail",
      "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.0.0",
      "Content-Type: text/rfc822-headers\n\nMessage-ID: <Asterisk-1-2-1001-3@pbx>",
      type: "multipart/report; report-type=delivery-status"
    ).sent(from: "<>", ""),
    NastyMail(
      "a list",
      [
        "List-Id: <l.example.com>", "Precedence: bulk",
        "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=x; h=from; bh=x; b=x",
      ]),
  ]
}
