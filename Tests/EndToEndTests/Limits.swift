import Foundation
import TestSupport
import Testing

/// What a message or many of them may take; and who is believed.
@Suite(.serialized) struct Limits {
  /// A voicemail of about that many bytes; silence, as speech would take its time.
  private func voicemail(bytes: Int, _ id: String) throws -> AsteriskMail {
    // 16,000 bytes a second, 4/3 of them as base64.
    var mail = AsteriskMail(try VoicemailRecording.silence(seconds: max(bytes / 21_600, 1)))
    mail.messageID = "<\(id)@pbx.example.com>"
    return mail
  }

  private func passed(_ milter: RunningMilter, _ queueID: String, _ why: String) -> Bool {
    milter.waitForLog(containing: "debug: passes", "queue_id=\(queueID)", why)
  }

  /// Files without a name that the daemon has open.
  private func openFiles(_ milter: RunningMilter) -> Int {
    let folder = "/proc/\(milter.process.pid)/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.count { name in
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")
      return target.map { $0.hasPrefix(milter.stateDirectory) && $0.hasSuffix("(deleted)") }
        ?? false
    }
  }

  @Test func `a body over 4 MB waits in a file without a name, and arrives as it came`() throws {
    let session = try Session()
    let mail = try voicemail(bytes: 5_000_000, "large")
    let mta = try MTA(session.milter)
    try mta.sendEnvelope(to: ["<ann@example.com>"], queueID: "Q1")
    let body = try mta.sendHeaders(mail.bytes).body
    func send(_ range: Range<Int>) throws {
      for start in stride(from: range.lowerBound, to: range.upperBound, by: 65_535) {
        try mta.client.body(Array(body[start..<min(start + 65_535, range.upperBound)]))
      }
    }
    try send(0..<4_000_000)
    #expect(openFiles(session.milter) == 0)
    try send(4_000_000..<4_500_000)
    #expect(openFiles(session.milter) == 1)
    try send(4_500_000..<body.count)
    #expect(try mta.client.endOfMessage() == "d")
    #expect(eventually { openFiles(session.milter) == 0 })
    #expect(session.mta.waitForMessages(1, seconds: 60))
    let arrived = try #require(session.mta.messages.first).received
    #expect(arrived.recordings == [mail.recording])
    // A message that is given up takes its file along.
    try mta.sendEnvelope(to: ["<ann@example.com>"], queueID: "Q2")
    _ = try mta.sendHeaders(mail.bytes)
    try send(0..<4_500_000)
    #expect(openFiles(session.milter) == 1)
    try mta.client.abort()
    #expect(eventually { openFiles(session.milter) == 0 })
  }

  @Test
  func `memory for bodies is shared: who finds none left has a file, and all of it goes back`()
    throws
  {
    let session = try Session()
    let figures = ProcessFigures(session.milter.process.pid)
    let before = figures.resident
    let packet = [UInt8](repeating: UInt8(ascii: "A"), count: 65_535)
    // 12 MB for all of them: three of 3 MB, whose arrays hold 4, and a small one.
    func open(_ number: Int, packets: Int) throws -> MTA {
      let mta = try MTA(session.milter)
      try mta.sendEnvelope(to: ["<user\(number)@example.com>"], queueID: "Q\(number)")
      #expect(try mta.sendHeaders(OrdinaryMail.attachment(bytes: 64).bytes).reply == "c")
      for _ in 0..<packets { try mta.client.body(packet) }
      return mta
    }
    let large = try (0..<3).map { try open($0, packets: 46) }
    #expect(openFiles(session.milter) == 0)
    #expect(figures.resident >= before + 9)
    let fourth = try open(3, packets: 46)
    #expect(openFiles(session.milter) == 1)
    let small = try open(4, packets: 3)
    #expect(openFiles(session.milter) == 1)
    let held = figures.resident
    for mta in large + [fourth, small] { #expect(try mta.client.endOfMessage() == "a") }
    #expect(eventually { openFiles(session.milter) == 0 })
    #expect(eventually { figures.resident <= held - 5 }, "\(held) MB, then \(figures.resident) MB")
    // Room again.
    let last = try open(5, packets: 46)
    #expect(openFiles(session.milter) == 0)
    #expect(try last.client.endOfMessage() == "a")
  }

  /// Becomes the command behind it, for which the kernel answers open(2) with O_TMPFILE as a file system does
  /// that has no such files: EOPNOTSUPP. C: seccomp(2), seccomp_data.
  private static let withoutNamelessFiles = [
    "/usr/bin/python3", "-c",
    """
    import ctypes, os, struct, sys
    openat = {"x86_64": 257, "aarch64": 56}[os.uname().machine]
    def step(code, yes, no, value): return struct.pack("HBBI", code, yes, no, value)
    LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
    rules = [step(LOAD, 0, 0, 0), step(EQUAL, 0, 3, openat), step(LOAD, 0, 0, 32),
             step(ANY_BIT, 0, 1, 0o20000000), step(RETURN, 0, 0, 0x00050000 | 95),
             step(RETURN, 0, 0, 0x7fff0000)]
    code = ctypes.create_string_buffer(b"".join(rules))
    program = struct.pack("HxxxxxxP", len(rules), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0) == 0, ctypes.get_errno()
    os.execv(sys.argv[1], sys.argv[1:])
    """,
  ]

  @Test func `a file system without nameless files serves as well`() throws {
    let session = try Session(by: Self.withoutNamelessFiles)
    let mail = try voicemail(bytes: 4_500_000, "large")
    let mta = try MTA(session.milter)
    try mta.sendEnvelope(to: ["<ann@example.com>"], queueID: "Q1")
    let body = try mta.sendHeaders(mail.bytes).body
    for start in stride(from: 0, to: body.count, by: 65_535) {
      try mta.client.body(Array(body[start..<min(start + 65_535, body.count)]))
    }
    // Its name is gone already, but says how it was made.
    #expect(openFiles(session.milter) == 1)
    let folder = "/proc/\(session.milter.process.pid)/fd"
    let targets = try FileManager.default.contentsOfDirectory(atPath: folder).compactMap {
      try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
    }
    #expect(targets.contains { $0.hasPrefix("\(session.milter.stateDirectory)/body-") })
    let names = try FileManager.default.contentsOfDirectory(atPath: session.milter.stateDirectory)
    #expect(names.filter { $0.hasPrefix("body") } == [])
    #expect(try mta.client.endOfMessage() == "d")
    #expect(session.mta.waitForMessages(1, seconds: 60))
    #expect(session.mta.messages.first?.received.recordings == [mail.recording])
    #expect(openFiles(session.milter) == 0)
  }

  @Test func `a larger message than allowed passes, with one warning for many`() throws {
    let session = try Session(["milter.max_message_bytes": "64KB"])
    let large = try voicemail(bytes: 100_000, "large")
    for number in 1...3 {
      let mta = try MTA(session.milter)
      try mta.sendEnvelope(to: ["<ann@example.com>"], queueID: "Q\(number)")
      let body = try mta.sendHeaders(large.bytes).body
      #expect(try mta.client.body(Array(body.prefix(60_000))) == "c")
      #expect(try mta.client.body(Array(body[60_000...].prefix(60_000))) == "a")
      #expect(passed(session.milter, "Q\(number)", "more than 65536 bytes"))
    }
    #expect(session.milter.logLines("warning: message too large").count == 1)
    try session.deliver(try voicemail(bytes: 30_000, "small").bytes, queueID: "SMALL")
  }

  @Test func `more bodies at once than allowed pass, and places are given back`() throws {
    let session = try Session(["milter.max_concurrent_bodies": "2"])
    let mail = try voicemail(bytes: 20_000, "many").bytes
    var open: [(mta: MTA, body: [UInt8])] = []
    for number in 1...2 {
      let mta = try MTA(session.milter)
      try mta.sendEnvelope(to: ["<user\(number)@example.com>"], queueID: "Q\(number)")
      open.append((mta, try mta.sendHeaders(mail).body))
    }
    for number in 3...4 {
      #expect(
        try MTA(session.milter).send(mail, to: ["<ann@example.com>"], queueID: "Q\(number)") == "a")
      #expect(passed(session.milter, "Q\(number)", "2 are being read already"))
    }
    #expect(session.milter.logLines("warning: too many messages at once").count == 1)
    // Ordinary mail whose headers tell needs no place.
    #expect(
      try MTA(session.milter).send(
        OrdinaryMail.all[0].bytes, to: ["<ann@example.com>"], queueID: "Q5") == "a")
    #expect(session.milter.logLines("queue_id=Q5", "being read already").isEmpty)
    open.removeLast().mta.client.close()
    // libmilter sees the end of that connection in its own time.
    var reply: Character?
    #expect(
      eventually {
        if reply == "d" { return true }
        let again = try? MTA(session.milter)
        reply = try? again?.send(mail, to: ["<ann@example.com>"], queueID: "Q6")
        return reply == "d"
      })
    let first = open[0]
    try first.mta.client.body(first.body)
    #expect(try first.mta.client.endOfMessage() == "d")
  }

  @Test func `a header section without end passes, and is not kept`() throws {
    let session = try Session()
    let mta = try MTA(session.milter)
    try mta.sendEnvelope(to: ["<ann@example.com>"], queueID: "Q1")
    let line = String(repeating: "x", count: 60_000)
    for _ in 1...40 { try mta.client.header("X-Filler", line) }
    #expect(try mta.client.endOfHeaders() == "a")
    #expect(passed(session.milter, "Q1", "header section is too large"))
    #expect(
      try mta.send(try voicemail(bytes: 1, "next").bytes, to: ["<ann@example.com>"], queueID: "Q2")
        == "d")
  }

  @Test func `where logins count, a user is believed and a stranger passes before the headers`()
    throws
  {
    let session = try Session(["recognition.sources": "192.0.2.7, authenticated"])
    let mail = try voicemail(bytes: 1, "login").bytes
    let mta = try MTA(session.milter, address: "203.0.113.9")
    try mta.client.mail("<eve@example.com>")
    try mta.client.rcpt("<ann@example.com>")
    #expect(try mta.client.data() == "a")
    #expect(session.milter.waitForLog(containing: "203.0.113.9 is not a trusted source"))
    // The same connection, logged in: macros of MAIL.
    try mta.client.macros("M", ["{auth_type}": "PLAIN", "{auth_authen}": "pbx"])
    #expect(try mta.send(mail, to: ["<ann@example.com>"], queueID: "Q1") == "d")
    #expect(session.mta.waitForMessages(1, seconds: 60))
    #expect(session.mta.messages.first?.received["Received"]?.contains("with ESMTPA ") == true)
    // Logged out again, as far as the MTA tells.
    try mta.client.macros("M", ["{mail_addr}": "eve@example.com"])
    try mta.client.mail("<eve@example.com>")
    try mta.client.rcpt("<ann@example.com>")
    #expect(try mta.client.data() == "a")
  }
}
