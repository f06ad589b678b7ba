import Foundation
import TestSupport
import Testing

/// Many and bad peers at once at the real program: others are served meanwhile, and afterwards it is
/// as it was before.
@Suite(.serialized) struct HostilePeers: Sendable {
  private let session: Session

  init() throws { session = try Session() }

  private var figures: ProcessFigures { ProcessFigures(session.milter.process.pid) }

  private func voicemail(_ id: String, seconds: Int = 1) throws -> AsteriskMail {
    var mail = AsteriskMail(try VoicemailRecording.silence(seconds: seconds))
    mail.messageID = "<\(id)@pbx.example.com>"
    return mail
  }

  /// A voicemail all the way, after which the daemon is idle.
  private func settle(_ id: String) throws {
    let job = try session.deliver(try voicemail(id).bytes, queueID: id)
    #expect(session.milter.waitForLog(containing: "info: delivered", "id=\(job)"))
  }

  /// A peer on its way, and the piece of a packet at which it is going to stop.
  private func peer(_ number: Int) throws -> (client: MilterClient, piece: [UInt8]) {
    let client = try MilterClient(session.milter.milterAddress)
    switch number % 5 {
    case 0: return (client, [0, 0])
    case 1: return (client, [0, 0, 0, 13, UInt8(ascii: "O"), 0, 0])
    case 2:
      try client.negotiate()
      return (client, [0, 0, 0, 99, UInt8(ascii: "C"), 1, 2, 3])
    case 3:
      try MTA(client).sendEnvelope(to: ["<ann@example.com>"], queueID: "STALL")
      return (client, [0, 0, 1, 0, UInt8(ascii: "L"), 65])
    default:
      let mta = try MTA(client)
      try mta.sendEnvelope(to: ["<ann@example.com>"], queueID: "STALL")
      _ = try mta.sendHeaders(try voicemail("stall").bytes)
      try client.body([UInt8](repeating: 65, count: 60_000))
      return (client, [0, 0, 255, 0, UInt8(ascii: "B"), 65, 65])
    }
  }

  @Test func `two hundred half packets delay nobody, and leave nothing behind`() throws {
    try settle("BEFORE")
    let (openBefore, residentBefore) = (figures.descriptors, figures.resident)
    let stalled = try (0..<200).map { try peer($0) }
    // Each blocks one of libmilter's threads from here on, for up to `idleSeconds`. In such a burst its count of free
    // threads lags, and a connection may have to wait for as many further events as there are half packets. `PoolWatch`
    // brings them.
    for (client, piece) in stalled { try client.sendRaw(piece) }
    #expect(eventually { figures.descriptors >= openBefore + 200 })
    let start = ContinuousClock.now
    try settle("MEANWHILE")
    #expect(ContinuousClock.now - start < .seconds(30))
    let during = figures.resident
    for (client, _) in stalled { client.close() }
    #expect(
      eventually { figures.descriptors <= openBefore + ProcessFigures.spareDescriptors },
      "\(figures.descriptors) of \(openBefore)")
    try settle("AFTER")
    let after = figures.resident
    #expect(during - residentBefore <= 64, "\(residentBefore) MB, then \(during) MB")
    #expect(after - residentBefore <= 16, "\(residentBefore) MB, at last \(after) MB")
    #expect(session.mta.messages.count == 3)
    #expect(session.milter.logLines("error:").isEmpty)
  }

  @Test func `nonsense, probes and single bytes leave nothing behind`() throws {
    try settle("BEFORE")
    let (openBefore, residentBefore) = (figures.descriptors, figures.resident)
    let nonsense: [[UInt8]] = [
      [], [0], [0, 0, 0, 0], [255, 255, 255, 255, 79], [127, 255, 255, 255, 66], [0, 0, 0, 1, 63],
      [0, 0, 0, 2, 77, 60], [0, 0, 0, 1, 66], [0, 0, 0, 1, 68], [0, 0, 0, 2, 79, 6],
      Array("GET / HTTP/1.0\r\n\r\n".utf8), [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC],
    ]
    for round in 0..<25 {
      for bytes in nonsense {
        let client = try MilterClient(session.milter.milterAddress)
        // Also within a session, and a message.
        if round % 3 > 0 { try client.negotiate() }
        if round % 3 > 1 { try client.mail("<a@example.com>") }
        try client.sendRaw(bytes)
        client.close()
      }
    }
    let slow = try MilterClient(session.milter.milterAddress)
    slow.sendsSingleBytes = true
    let mail = try voicemail("slow").bytes
    #expect(try MTA(slow).send(mail, to: ["<ann@example.com>"], queueID: "SLOW") == "d")
    slow.close()
    #expect(
      eventually { figures.descriptors <= openBefore + ProcessFigures.spareDescriptors },
      "\(figures.descriptors) of \(openBefore)")
    try settle("AFTER")
    #expect(session.mta.waitForMessages(3, seconds: 60))
    #expect(session.mta.messages.count == 3)
    #expect(figures.resident - residentBefore <= 16, "\(residentBefore), \(figures.resident) MB")
    #expect(session.milter.logLines("error:").isEmpty)
  }

  @Test func `two hundred sessions at once, fifty with 25 MB, stay within 64 MB`() throws {
    try settle("BEFORE")
    let (openBefore, residentBefore) = (figures.descriptors, figures.resident)
    let peak = Peak { figures.resident }
    // Nothing in its headers says that it is no voicemail, so its body is read to the end.
    let content = OrdinaryMail.attachment(bytes: 25 << 20).bytes
    let bodyStart = try #require(content.firstRange(of: Array("\r\n\r\n".utf8))).upperBound
    let head = Array(content[..<bodyStart])
    // Packets made once: there are 20,000 to send.
    let packets = stride(from: bodyStart, to: content.count, by: 65_535).map { start in
      let chunk = content[start..<min(start + 65_535, content.count)]
      return MilterClient.number(UInt32(chunk.count + 1)) + [UInt8(ascii: "B")] + chunk
    }
    // All are open, and the large ones whole, before the first one ends.
    let sessions = try (0..<200).map { number in
      let mta = try MTA(session.milter)
      try mta.sendEnvelope(to: ["<user\(number)@example.com>"], queueID: "Q\(number)")
      return mta
    }
    let small = try voicemail("small").bytes
    for (number, mta) in sessions.enumerated() where number < 50 {
      #expect(try mta.sendHeaders(head).reply == "c")
      for packet in packets {
        try mta.client.sendRaw(packet)
        _ = try mta.client.receive()
      }
    }
    #expect(figures.descriptors >= openBefore + 240, "a file each")
    for mta in sessions[..<50] { try mta.client.send("E") }
    for (number, mta) in sessions.enumerated() where number >= 50 {
      let isVoicemail = number == 150
      let reply = try mta.sendContent(isVoicemail ? small : OrdinaryMail.all[2].bytes)
      #expect(reply == (isVoicemail ? "d" : "a"), "\(number)")
    }
    for mta in sessions[..<50] {
      #expect(try mta.client.receive(within: 60)?.command == "a")
      mta.client.close()
    }
    for mta in sessions[50...] { mta.client.close() }
    let highest = peak.end()
    #expect(
      eventually { figures.descriptors <= openBefore + ProcessFigures.spareDescriptors },
      "\(figures.descriptors) of \(openBefore)")
    try settle("AFTER")
    #expect(highest - residentBefore <= 64, "\(residentBefore) MB, then \(highest) MB")
    #expect(
      figures.resident - residentBefore <= 32,
      "\(residentBefore) MB, at last \(figures.resident) MB")
  }
}
