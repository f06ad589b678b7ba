import Foundation
import TestSupport
import Testing

/// All kinds of mail of a phone system, and what looks like it: `inspect`, the milter, the SMTP front
/// and `enqueue` say the same of each.
struct Kinds {
  struct Kind: Sendable {
    var name: String
    var content: [UInt8]
    /// Part of the reason to pass; nil: a voicemail.
    var passes: String?
  }

  // MARK: - Mail of Asterisk

  /// A voicemail with more fields.
  private static func asterisk(_ fields: String..., passes: String? = nil) -> Kind {
    var mail = AsteriskMail(Array("RIFF".utf8))
    mail.extraHeaders = fields
    return Kind(name: "Asterisk's with \(fields)", content: mail.bytes, passes: passes)
  }

  /// A voicemail with one piece of it replaced.
  private static func changed(_ name: String, _ old: String, _ new: String, passes: String?)
    -> Kind
  {
    let text = String(decoding: AsteriskMail(Array("RIFF".utf8)).bytes, as: UTF8.self)
    return Kind(name: name, content: Array(text.replacing(old, with: new).utf8), passes: passes)
  }

  // MARK: - Mail of others

  /// Parts below a type of multipart.
  private static func multipart(
    _ name: String, _ type: String, fields: [String] = [], _ parts: [String], passes: String?
  ) -> Kind {
    let head = [
      "Message-ID: <4242@pbx.example.com>", "Date: Thu, 06 Aug 2026 15:45:49 +0200",
      "MIME-Version: 1.0", "Content-Type: \(type); boundary=b",
    ]
    let lines = fields + head + [""] + parts.flatMap { ["--b", $0] } + ["--b--", ""]
    let text = lines.joined(separator: "\n").replacing("\n", with: "\r\n")
    return Kind(name: name, content: Array(text.utf8), passes: passes)
  }

  private static let text = "Content-Type: text/plain\n\nx"
  private static let sound =
    "Content-Type: audio/x-wav; name=a.wav\nContent-Transfer-Encoding: base64\n\nUklGRg=="
  private static let freeSwitch = "Content-Description: Sound attachment.\n\(sound)"
  private static let nested =
    "Content-Type: message/rfc822\n\n"
    + String(decoding: AsteriskMail([]).bytes, as: UTF8.self).replacing("\r\n", with: "\n")

  static let all: [Kind] = [
    asterisk(),
    asterisk("Auto-Submitted: auto-generated"),
    asterisk("Sensitivity: Personal"),
    asterisk("X-Priority: 1", "X-Asterisk-VM-Message-Type: Message"),
    asterisk("Sensitivity: Private", passes: "marked as private"),
    asterisk("Sensitivity: Company-Confidential", passes: "company-confidential"),
    asterisk("DKIM-Signature: v=1; d=example.com; b=x", passes: "signed by example.com"),
    asterisk("X-Voicemail-Transcript: ok", passes: "has a transcript already"),
    asterisk("X-Voicemail-Transcription: hello", passes: "has a transcript already"),
    asterisk("Content-Class: voice+transcript", passes: "transcribed by another service"),
    asterisk("List-Id: <l.example.com>", passes: "mailing list"),
    asterisk("Precedence: bulk", passes: "mass mail"),
    asterisk("Auto-Submitted: auto-replied", passes: "an automatic reply"),
    asterisk("Content-Class: fax-ca", passes: "a fax"),
    asterisk("Message-Context: fax-message", passes: "a fax"),
    asterisk("Content-Class: MissedCall", passes: "a missed call"),
    asterisk("X-CallingTelephoneNumber: IPM.Note", passes: "message recall"),
    asterisk("X-Asterisk-VM-Message-Type: Greeting", passes: "a mailbox greeting"),
    changed(
      "a greeting", "[PBX]: New message 3 in", "New greeting 'unavail' on",
      passes: "a mailbox greeting"),
    changed("a pager's", "multipart/mixed", "text/plain", passes: "text/plain holds no recording"),
    changed(
      "without its recording", "audio/x-WAV; name=\"msg0002.WAV\"", "text/html",
      passes: "no recording attached"),
    changed("a lure", "msg0002.WAV", "msg0002.htm", passes: "no recording attached"),
    changed(
      "signed outside", "multipart/mixed", "multipart/signed", passes: "signed (multipart/signed)"),
    changed("encrypted outside", "multipart/mixed", "multipart/encrypted", passes: "encrypted"),
    changed("S/MIME outside", "multipart/mixed", "application/pkcs7-mime", passes: "S/MIME"),
    multipart(
      "FreeSWITCH's", "multipart/mixed", fields: ["X-Voicemail-Length: 17"], [text, freeSwitch],
      passes: nil),
    multipart("VPIM", "multipart/voice-message", [sound], passes: nil),
    multipart(
      "forwarded by a person", "multipart/mixed", fields: ["Subject: Fwd: Voicemail"],
      [text, freeSwitch], passes: "replied or forwarded"),
    multipart(
      "an answer with the recording", "multipart/mixed", fields: ["In-Reply-To: <1@x>"],
      [text, freeSwitch], passes: "replied or forwarded"),
    multipart(
      "signed further in", "multipart/mixed", fields: ["X-Voicemail-Length: 17"],
      [text, sound, "Content-Type: application/pgp-signature\n\nx"], passes: "signed or encrypted"),
    multipart(
      "rights-protected", "multipart/mixed", fields: ["X-Voicemail-Length: 17"],
      [text, sound, "Content-Type: application/octet-stream; name=message.rpmsg\n\nx"],
      passes: "signed or encrypted"),
    multipart(
      "within a message", "multipart/mixed", [text, nested],
      passes: "no sign of voicemail and no recording"),
    multipart(
      "within a bounce", "multipart/report; report-type=delivery-status",
      fields: ["Auto-Submitted: auto-replied"],
      [text, "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x", nested],
      passes: "a delivery report"),
    multipart(
      "a person's recording", "multipart/mixed", fields: ["Subject: voicemail"], [text, sound],
      passes: "no sign that a PBX sent it"),
    multipart(
      "a recorded call", "multipart/mixed",
      fields: ["Subject: [VMS] Message received for conversation"], [text, sound],
      passes: "no sign that a PBX sent it"),
    multipart(
      "a warning", "multipart/mixed", fields: ["Subject: [VMS] Warning! mailbox full"], [text],
      passes: "no sign of voicemail and no recording"),
  ]

  // MARK: - The three of them

  @Test func `inspect and the fronts agree on every kind`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("filter.sock")
    let session = try Session(["content_filter.listen": "unix:\(path)"])
    let (milter, mta) = (session.milter, try MTA(session.milter))
    let wire = try SMTPWire(path: path)
    try wire.reply()
    try wire.say("EHLO mta.test")
    var files: [String] = []
    for (number, kind) in Self.all.enumerated() {
      let file = directory.file("\(number).eml")
      try Data(Self.named("I\(number)", kind)).write(to: URL(fileURLWithPath: file))
      files.append(file)
    }
    let inspected = try RunningMilter.run(
      ["inspect", "--json", "--config", milter.configuration] + files)
    let reports = try inspected.lines.map { try JSON.object($0) }
    #expect(reports.count == Self.all.count, "\(inspected.errors)")

    for ((number, kind), report) in zip(Self.all.enumerated(), reports) {
      let name = kind.name
      let reason = report["reason"] as? String ?? ""
      #expect(
        report["verdict"] as? String == (kind.passes == nil ? "voicemail" : "pass"),
        "\(name): \(reason)")
      if let passes = kind.passes { #expect(reason.contains(passes), "\(name): \(reason)") }

      let reply = try mta.send(
        Self.named("M\(number)", kind), to: ["<ann@example.com>"], queueID: "M\(number)")
      #expect(reply == (kind.passes == nil ? "d" : "a"), "\(name)")
      let answer = try Self.send(Self.named("S\(number)", kind), "S\(number)", wire)
      #expect(answer.contains("voicemail kept as") == (kind.passes == nil), "\(name): \(answer)")
      for queueID in ["M\(number)", "S\(number)"] {
        let event = kind.passes == nil ? "info: voicemail" : "debug: passes"
        #expect(milter.waitForLog(containing: event, "queue_id=\(queueID) "), "\(name)")
        let line =
          kind.passes == nil
          ? milter.field("rule", of: event, "queue_id=\(queueID) ")
          : milter.logLines(event, "queue_id=\(queueID) ").first
        let expected =
          kind.passes == nil
          ? report["rule"] as? String ?? "" : reason.replacing("\"", with: "\\\"")
        #expect(line?.contains(expected) == true, "\(name): \(line ?? "no line"), not \(expected)")
      }

      let event = kind.passes == nil ? "info: voicemail" : "debug: passes"
      let before = milter.logLines(event).count
      let enqueued = try RunningMilter.run(
        [
          "enqueue", "--config", milter.configuration, "--sender", "pbx@example.com", "--",
          "ann@example.com",
        ], input: Self.named("E\(number)", kind))
      #expect(enqueued.status == 0, "\(name): \(enqueued.errors)")
      #expect(eventually { milter.logLines(event).count == before + 1 }, "\(name): enqueue")
    }
  }

  @Test(arguments: [
    ("127.0.0.1", "10.0.0.0/8", false, false), ("10.1.2.3", "10.0.0.0/8", false, true),
    ("203.0.113.9", "203.0.113.9", false, true), ("2001:db8::7", "2001:db8::/32", false, true),
    ("203.0.113.9", "authenticated", false, false), ("203.0.113.9", "authenticated", true, true),
    ("203.0.113.9", "10.0.0.0/8", true, false),
  ])
  func `inspect and the milter agree on whom to trust`(
    _ client: String, _ sources: String, _ hasLoggedIn: Bool, _ isTrusted: Bool
  ) throws {
    let session = try Session(["recognition.sources": sources])
    let mail = try AsteriskMail.silent().bytes
    let flags = hasLoggedIn ? ["--authenticated"] : []
    let inspected = try RunningMilter.run(
      ["inspect", "--client", client, "--config", session.milter.configuration] + flags + ["-"],
      input: mail)
    #expect(inspected.text.hasPrefix(isTrusted ? "-: voicemail\n" : "-: pass\n"))

    let peer = try MilterClient(session.milter.milterAddress)
    try peer.negotiate()
    var reply = try peer.connect(name: "pbx.example.com", address: client)
    if reply == "c" {
      try peer.helo("pbx.example.com")
      if hasLoggedIn { try peer.macros("M", ["{auth_authen}": "pbx", "{auth_type}": "PLAIN"]) }
      try peer.mail("<pbx@example.com>")
      try peer.rcpt("<ann@example.com>")
      reply = try peer.data()
    }
    #expect(reply == (isTrusted ? "c" : "a"))
  }

  /// Each sending of it is a message of its own.
  private static func named(_ id: String, _ kind: Kind) -> [UInt8] {
    Array(String(decoding: kind.content, as: UTF8.self).replacing("4242@", with: "\(id)@").utf8)
  }

  private static func send(_ content: [UInt8], _ queueID: String, _ wire: SMTPWire) throws -> String
  {
    try wire.say("XFORWARD ADDR=127.0.0.1 IDENT=\(queueID)")
    try wire.say("MAIL FROM:<pbx@example.com>")
    try wire.say("RCPT TO:<ann@example.com>")
    try wire.say("DATA")
    try wire.write(String(decoding: content, as: UTF8.self).replacing("\r\n.", with: "\r\n.."))
    return try wire.say(".")
  }
}
