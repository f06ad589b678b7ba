import Testing

/// The entries of Scripts/fuzz on a few inputs and random damage to them: in each test run, and so that
/// they keep pace with what they call.
struct Seeds {
  private static let dialogue = """
    \u{4}EHLO a
    XFORWARD ADDR=192.0.2.1 NAME=x HELO=a+2Bb IDENT=Q PROTO=ESMTP SOURCE=REMOTE
    MAIL FROM:<a@b> SIZE=9 BODY=8BITMIME RET=HDRS SMTPUTF8
    RCPT TO:<c@d> NOTIFY=NEVER
    RCPT TO:<no@d>
    DATA
    Subject: x

    ..dot
    .
    RSET
    MAIL FROM:<>
    QUIT

    """

  private static let voicemail = """
    From: PBX <pbx@example.com>
    Message-ID: <Asterisk-3-18-1001-42@pbx>
    X-Asterisk-CallerID: 07700900123
    Content-Type: multipart/mixed; boundary="b"

    --b
    Content-Type: text/plain; charset=utf-8
    Content-Transfer-Encoding: quoted-printable

    just left =C3=A9
    --b
    Content-Type: audio/x-wav; name="msg0002.WAV"
    Content-Transfer-Encoding: base64

    UklGRgAAAABXQVZF
    --b--

    """

  private static let pieces = [
    "\r\n", "\n", "\r", ".", "\r\n.\r\n", "\n.\n", "\0", ":", "--b", " ", "\"", "<", ">", "=",
    "Content-Type: message/rfc822\r\n\r\n", "DATA\r\n", "MAIL FROM:<a@b>\r\n", "\u{FF}",
  ].map { Array($0.utf8) }

  @Test(
    arguments: [
      ("SMTP server", dialogue, fuzzSMTPServer), ("recognition", voicemail, fuzzRecognition),
      ("enhancing", voicemail, fuzzEnhancing),
    ] as [(String, String, @Sendable ([UInt8]) throws -> Void)])
  func `damaged input breaks no promise`(
    _ name: String, _ seed: String, _ entry: @Sendable ([UInt8]) throws -> Void
  ) throws {
    let seed = Array(seed.replacing("\n", with: "\r\n").utf8)
    try entry(seed)
    try entry([])
    var random = SystemRandomNumberGenerator()
    for _ in 0..<300 {
      var input = seed
      for _ in 0...Int.random(in: 0...3, using: &random) {
        let place = Int.random(in: 0...input.count, using: &random)
        let end = Int.random(in: place...min(place + 20, input.count), using: &random)
        input.replaceSubrange(place..<end, with: Self.pieces.randomElement(using: &random) ?? [])
      }
      #expect(throws: Never.self, "\(String(decoding: input, as: UTF8.self).debugDescription)") {
        try entry(input)
      }
    }
  }

  @Test func `damaged frames break no promise`() throws {
    // Pieces of 4 bytes: "{}" as text, a ping, "a" in two fragments, a close with its reason.
    let seed: [UInt8] = [
      3, 0x81, 2, 0x7B, 0x7D, 0x89, 1, 7, 0x01, 1, 0x61, 0x80, 126, 0, 1, 0x62, 0x88, 4, 3, 0xE8,
      0x6F, 0x6B,
    ]
    try fuzzWebSocket(seed)
    try fuzzWebSocket([])
    try fuzzWebSocket([9] + Array("HTTP/1.1 503 x\r\nRetry-After: 9\r\n\r\n".utf8))
    var random = SystemRandomNumberGenerator()
    for _ in 0..<3_000 {
      var input = seed
      for _ in 0...Int.random(in: 0...3, using: &random) {
        input[Int.random(in: 0..<input.count, using: &random)] =
          [0, 0x7F, 0x80, 0xFF, .random(in: 0...255, using: &random)]
          .randomElement(using: &random) ?? 0
      }
      input.removeLast(.random(in: 0...2, using: &random))
      #expect(throws: Never.self, "\(input)") { try fuzzWebSocket(input) }
    }
  }

  @Test func `damaged recordings break no promise`() throws {
    // A WAV of 200 samples of 16 bit, called a.wav.
    let header: [UInt8] = [
      0, 0x52, 0x49, 0x46, 0x46, 0xB4, 1, 0, 0, 0x57, 0x41, 0x56, 0x45, 0x66, 0x6D, 0x74, 0x20, 16,
      0, 0, 0, 1, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x80, 0x3E, 0, 0, 2, 0, 16, 0, 0x64, 0x61, 0x74, 0x61,
      0x90, 1, 0, 0,
    ]
    let seed = header + (0..<400).map { UInt8(truncatingIfNeeded: $0 * 7) }
    try fuzzDecoding(seed)
    try fuzzDecoding([])
    var random = SystemRandomNumberGenerator()
    for _ in 0..<300 {
      var input = seed
      for _ in 0...Int.random(in: 0...4, using: &random) {
        let place = Int.random(in: 0..<min(60, input.count), using: &random)
        input[place] =
          [0, 1, 0x7F, 0xFF, .random(in: 0...255, using: &random)]
          .randomElement(using: &random) ?? 0
      }
      if Bool.random(using: &random) {
        input.removeLast(.random(in: 0..<input.count - 60, using: &random))
      }
      #expect(throws: Never.self, "\(input)") { try fuzzDecoding(input) }
    }
  }
}
