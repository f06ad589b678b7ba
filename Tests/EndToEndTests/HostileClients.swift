import Foundation
import TestSupport
import Testing

/// Many and bad clients at once at the SMTP front of the real program: others are served meanwhile, and
/// afterwards it is as it was before.
@Suite(.serialized) struct HostileClients {
  private let directory: TemporaryDirectory
  private let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.file("filter.sock")
  }

  private func start(_ script: FakeSMTPServer.Script = .init(), target: String? = nil) throws
    -> Session
  {
    var settings = ["milter.listen": "", "content_filter.listen": "unix:\(path)"]
    settings["delivery.target"] = target
    return try Session(settings, script: script)
  }

  private func connect() throws -> SMTPWire {
    let wire = try SMTPWire(path: path)
    #expect(try wire.reply().hasPrefix("220 "))
    return wire
  }

  /// A voicemail, kept; where a listener is, it goes all the way.
  private func settle(_ session: Session, _ id: String, isDelivered: Bool = true) throws {
    let wire = try connect()
    let mail = try AsteriskMail.silent(id)
    try begin(wire, queueID: id)
    try wire.write(String(decoding: mail.bytes, as: UTF8.self).replacing("\r\n.", with: "\r\n.."))
    let reply = try wire.say(".")
    #expect(reply.contains("voicemail kept as"))
    let job = reply.split(separator: " ").last.map(String.init) ?? ""
    try wire.say("QUIT")
    if isDelivered {
      #expect(session.milter.waitForLog(containing: "info: delivered", "id=\(job)"))
    }
  }

  private func begin(_ wire: SMTPWire, queueID: String) throws {
    try wire.say("EHLO mta.test")
    try wire.say("XFORWARD ADDR=127.0.0.1 IDENT=\(queueID)")
    for line in ["MAIL FROM:<pbx@example.com>", "RCPT TO:<ann@example.com>", "DATA"] {
      let reply = try wire.say(line)
      #expect(reply.hasPrefix("250") || reply.hasPrefix("354"), "\(reply)")
    }
  }

  private static let multipart = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n"

  @Test func `three hundred stalled clients delay nobody, and leave nothing behind`() throws {
    let session = try start()
    let figures = ProcessFigures(session.milter.process.pid)
    try settle(session, "BEFORE")
    let (openBefore, residentBefore) = (figures.descriptors, figures.resident)
    let stalled = try (0..<300).map { number in
      let wire = try connect()
      // Within a message no more than `max_concurrent_bodies`: one more voicemail would pass as it is.
      switch number % 10 {
      case 0...3: break
      case 4...6: try wire.write("EHL")
      case 7:
        try wire.say("EHLO mta.test")
        try wire.write("MAIL FROM:<a@b>\r\nRCPT TO")
      case 8:
        try begin(wire, queueID: "STALL")
        try wire.write(Self.multipart + String(repeating: "x", count: 60_000))
      default:
        try begin(wire, queueID: "STALL")
        try wire.write(Self.multipart + ".\r")
      }
      return wire
    }
    #expect(figures.descriptors >= openBefore + 300)
    let start = ContinuousClock.now
    try settle(session, "MEANWHILE")
    #expect(ContinuousClock.now - start < .seconds(20))
    let during = figures.resident
    for wire in stalled { wire.finish() }
    #expect(
      eventually { figures.descriptors <= openBefore + ProcessFigures.spareDescriptors },
      "\(figures.descriptors) of \(openBefore)")
    try settle(session, "AFTER")
    #expect(during - residentBefore <= 64, "\(residentBefore) MB, then \(during) MB")
    #expect(figures.resident - residentBefore <= 32, "\(residentBefore), \(figures.resident) MB")
    #expect(session.mta.messages.count == 3)
    #expect(session.milter.logLines("error:").isEmpty)
  }

  @Test func `nonsense, probes and wrong order leave nothing behind`() throws {
    let session = try start()
    let figures = ProcessFigures(session.milter.process.pid)
    try settle(session, "BEFORE")
    let (openBefore, residentBefore) = (figures.descriptors, figures.resident)
    let nonsense: [String] = [
      "", "\0\0\0\0", "\r", "\n\n\n", "\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0",
      "GET / HTTP/1.0\r\n\r\n",
      String(repeating: "x", count: 100_000), String(repeating: "\0", count: 100_000),
      String(repeating: "WHAT\r\n", count: 100), String(repeating: "NOOP\r\n", count: 1_000),
      "EHLO a\nMAIL FROM:<a>\r\n", "BDAT 99999999999 LAST\r\n", "BDAT -1\r\n", "DATA\r\n.\r\n",
      "RCPT TO:<a@b>\r\n",
      "EHLO a\r\nDATA\r\nMAIL FROM:<a@b>\r\nDATA\r\nMAIL FROM:<c@d>\r\n",
      "EHLO a\r\nMAIL FROM:<a@b> SIZE=99999999999999999999\r\n",
      "EHLO a\r\nMAIL FROM:<a@b> SIZE=-1\r\n",
      "EHLO a\r\nXFORWARD ADDR=+\r\nXFORWARD PORT=99999\r\nXFORWARD X=1\r\n",
      "EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhalf\r\n.\r",
    ]
    for _ in 0..<15 {
      for text in nonsense {
        let wire = try SMTPWire(path: path)
        // A peer that has been shown out does not hear the rest.
        try? wire.write(text)
        wire.finish()
      }
    }
    #expect(
      eventually { figures.descriptors <= openBefore + ProcessFigures.spareDescriptors },
      "\(figures.descriptors) of \(openBefore)")
    try settle(session, "AFTER")
    #expect(session.mta.messages.count == 2)
    #expect(figures.resident - residentBefore <= 32, "\(residentBefore), \(figures.resident) MB")
    #expect(session.milter.logLines("error:").isEmpty)
  }

  @Test func `nothing is smuggled through to a listener that is lenient`() throws {
    var script = FakeSMTPServer.Script()
    script.endsContentAtBareLineEnds = true
    let session = try start(script)
    let ends = [
      "\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\n.\r", "\r.\n", "\r\n\0.\r\n",
      "\r\n.\0\r\n",
      "\r\n.\r\r\n", "\n\n.\r\n", "\r\r\n.\n",
    ]
    for (number, end) in ends.enumerated() {
      let wire = try connect()
      try begin(wire, queueID: "S\(number)")
      // Both ways on: collected, and flowing through.
      let type = number % 2 == 0 ? "multipart/mixed; boundary=b" : "text/plain"
      let text =
        "Content-Type: \(type)\r\n\r\nbody\(end)MAIL FROM:<evil@x>\r\nRCPT TO:<y@z>\r\nDATA\r\nevil\r\n.\r\nQUIT\r\n"
      for byte in text.utf8 { try wire.write([byte]) }
      #expect(try wire.rest().split(separator: "\n").map { $0.prefix(3) } == ["250", "221"])
    }
    #expect(session.mta.messages.count == ends.count)
    #expect(session.mta.messages.allSatisfy { $0.mail.hasPrefix("MAIL FROM:<pbx@example.com>") })
    #expect(session.mta.messages.allSatisfy { $0.text.contains("evil@x") })
  }

  @Test func `two hundred clients at once, fifty with 4 MB, stay within 64 MB`() throws {
    // Nobody listens there: content is collected, and in the end the MTA keeps it.
    let session = try start(target: "smtp:127.0.0.1:1")
    let figures = ProcessFigures(session.milter.process.pid)
    try settle(session, "BEFORE", isDelivered: false)
    let (openBefore, residentBefore) = (figures.descriptors, figures.resident)
    let peak = Peak { figures.resident }
    let content = OrdinaryMail.attachment(bytes: 4 << 20).bytes
    let wires = try (0..<200).map { _ in try connect() }
    for wire in wires[..<50] {
      try begin(wire, queueID: "LARGE")
      try wire.write(content)
    }
    #expect(eventually { figures.descriptors >= openBefore + 240 }, "a file each")
    for wire in wires[..<50] { try wire.write(".\r\n") }
    for wire in wires[..<50] { #expect(try wire.reply().hasPrefix("451 4.4.1")) }
    for wire in wires { wire.finish() }
    #expect(
      eventually { figures.descriptors <= openBefore + ProcessFigures.spareDescriptors },
      "\(figures.descriptors) of \(openBefore)")
    let highest = peak.end()
    try settle(session, "AFTER", isDelivered: false)
    #expect(highest - residentBefore <= 64, "\(residentBefore) MB, then \(highest) MB")
    #expect(figures.resident - residentBefore <= 32, "\(residentBefore), \(figures.resident) MB")
  }

  @Test func `beyond the limits of reception a voicemail passes as it came, and a line says why`()
    throws
  {
    let session = try Session([
      "milter.listen": "", "content_filter.listen": "unix:\(path)",
      "milter.max_concurrent_bodies": "1", "milter.max_message_bytes": "64KB",
    ])
    let mail = try AsteriskMail.silent().bytes
    let text = String(decoding: mail, as: UTF8.self).replacing("\r\n.", with: "\r\n..")
    let open = try connect()
    try begin(open, queueID: "OPEN")
    let second = try connect()
    try begin(second, queueID: "SECOND")
    try second.write(text)
    #expect(try second.say(".").hasPrefix("250"))
    #expect(session.mta.messages.map(\.content) == [mail])
    #expect(session.milter.waitForLog(containing: "warning: too many messages at once"))
    // The place is given back.
    try open.say("\r\n.")
    try settle(session, "AFTER")
    let large = AsteriskMail(try VoicemailRecording.silence(seconds: 5)).bytes
    try begin(second, queueID: "LARGE")
    try second.write(String(decoding: large, as: UTF8.self).replacing("\r\n.", with: "\r\n.."))
    #expect(try second.say(".").hasPrefix("250"))
    #expect(session.mta.messages.last?.content == large, "other bytes")
    #expect(session.milter.waitForLog(containing: "warning: message too large", "65536"))
    #expect(session.milter.logLines("info: voicemail").count == 1)
  }

  @Test(arguments: [nil, "2m"] as [String?])
  func `a large message that is no voicemail goes on as it came, also when the disk is full`(
    _ size: String?
  ) throws {
    let state = directory.file("state")
    let mount =
      "mkdir -m 700 \(state); mount -t tmpfs -o size=\(size ?? "") none \(state); exec \"$@\""
    let session = try Session(
      [
        "milter.listen": "", "content_filter.listen": "unix:\(path)",
        "daemon.state_directory": state,
      ], by: size == nil ? [] : ["/usr/bin/unshare", "--mount", "sh", "-c", mount, "sh"])
    let content = OrdinaryMail.attachment(bytes: 5 << 20).bytes
    let wire = try connect()
    try begin(wire, queueID: "LARGE")
    try wire.write(content)
    #expect(try wire.say(".").hasPrefix("250"))
    #expect(session.mta.messages.first?.content == content, "other bytes")
    let warnings = session.milter.logLines("warning: message passes unread", "No space left")
    #expect(warnings.count == (size == nil ? 0 : 1))
  }
}
