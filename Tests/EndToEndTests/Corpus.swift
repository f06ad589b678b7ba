import Foundation
import TestSupport
import Testing

/// What arrives is to the byte what the same MTA delivers without this filter, and `inspect` says of
/// each message what the filter did with it.
@Suite(.serialized) struct Corpus {
  @Test func `nobody feels the milter in Postfix`() throws {
    let control = try PrivatePostfix(["smtpd_milters=", "non_smtpd_milters="])
    let without = try Self.send(to: control.smtpPort) { control.waitForMail(of: $0).first }
    let postfix = try PrivatePostfix()
    let milter = try postfix.milter()
    let with = try Self.send(to: postfix.smtpPort) { postfix.waitForMail(of: $0).first }
    Self.expectEqual(with, without)
    try Self.expectInspectAgrees(milter, with)
  }

  @Test func `nobody feels the content filter of Postfix`() throws {
    let control = try PrivatePostfix(["content_filter="], example: "content-filter")
    let without = try Self.send(to: control.smtpPort) { control.waitForMail(of: $0).first }
    let postfix = try PrivatePostfix(example: "content-filter")
    let filter = try postfix.contentFilter()
    let with = try Self.send(to: postfix.smtpPort) { postfix.waitForMail(of: $0).first }
    Self.expectEqual(with, without)
    try Self.expectInspectAgrees(filter, with)
  }

  @Test func `nobody feels the content filter of Exim`() throws {
    let exim = try PrivateExim()
    // This port's mail does not go to the filter.
    let without = try Self.send(to: exim.reinjectPort) { exim.waitForMail(of: $0).first }
    let filter = try exim.contentFilter()
    let with = try Self.send(to: exim.smtpPort) { exim.waitForMail(of: $0, count: 2).last }
    Self.expectEqual(with, without)
    try Self.expectInspectAgrees(filter, with)
  }

  // MARK: - Sending

  private struct Outcome {
    /// To the final dot.
    var reply: String
    var arrived: [UInt8]?
  }

  /// All of the corpus in one session, as far as the MTA goes along; then what has arrived.
  private static func send(
    to port: UInt16, _ arrived: (String) -> Data?
  ) throws -> [Outcome] {
    var outcomes: [Outcome] = []
    var wire: SMTPWire?
    for (number, mail) in NastyMail.all.enumerated() {
      let connection = try wire ?? connect(port)
      let reply = try send(mail, to: user(number), connection)
      wire = reply.hasPrefix("250") ? connection : nil
      outcomes.append(Outcome(reply: reply))
    }
    for number in outcomes.indices where outcomes[number].reply.hasPrefix("250") {
      outcomes[number].arrived = arrived(user(number)).map { normal($0, NastyMail.all[number]) }
    }
    return outcomes
  }

  private static func user(_ number: Int) -> String { "nasty\(number)" }

  private static func connect(_ port: UInt16) throws -> SMTPWire {
    let wire = try SMTPWire(port: port)
    try wire.reply()
    try wire.say("EHLO pbx.example.com")
    return wire
  }

  private static func send(_ mail: NastyMail, to user: String, _ wire: SMTPWire) throws -> String {
    for line in [
      "MAIL FROM:\(mail.sender)\(mail.parameters)", "RCPT TO:<\(user)@example.com>", "DATA",
    ] {
      let reply = try wire.say(line)
      guard reply.hasPrefix("250") || reply.hasPrefix("354") else { return reply }
    }
    try wire.write(stuffed(mail.bytes))
    return try wire.say(".")
  }

  private static func stuffed(_ content: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    for byte in content {
      if byte == 0x2E, result.isEmpty || result.last == 0x0A { result.append(byte) }
      result.append(byte)
    }
    return result.isEmpty || result.suffix(2) == [0x0D, 0x0A] ? result : result + [0x0D, 0x0A]
  }

  // MARK: - Comparing

  /// Without what tells of the way, and without a date and an id that the MTA has added.
  private static func normal(_ message: Data, _ mail: NastyMail) -> [UInt8] {
    var isHeader = true
    let own = ["date: ", "message-id: ", "resent-date: ", "resent-message-id: "]
    let lines = ReceivedMail.withoutTrace(message)
      .split(separator: 0x0A, omittingEmptySubsequences: false)
    let known = Set(mail.bytes.split { $0 == 0x0A || $0 == 0x0D })
    return Array(
      lines.filter { line in
        if line.isEmpty { isHeader = false }
        guard isHeader, !known.contains(line) else { return true }
        let start = String(decoding: line.prefix(20), as: UTF8.self).lowercased()
        return !own.contains(where: start.hasPrefix)
      }.joined(separator: [0x0A]))
  }

  private static func expectEqual(_ with: [Outcome], _ without: [Outcome]) {
    for (number, mail) in NastyMail.all.enumerated() {
      let name = mail.name
      #expect(with[number].reply.prefix(3) == without[number].reply.prefix(3), "\(name)")
      let (a, b) = (with[number].arrived, without[number].arrived)
      let isSame = a == b
      #expect(a != nil && isSame, "\(name): \(difference(a ?? [], b ?? []))")
    }
  }

  private static func difference(_ with: [UInt8], _ without: [UInt8]) -> String {
    let place = zip(with, without).prefix { $0 == $1 }.count
    func piece(_ bytes: [UInt8]) -> String {
      String(decoding: bytes.dropFirst(max(place - 30, 0)).prefix(80), as: UTF8.self)
        .debugDescription
    }
    return
      "\(with.count) and \(without.count) bytes, other from \(place): with \(piece(with)), without \(piece(without))"
  }

  // MARK: - inspect

  private static func expectInspectAgrees(_ filter: RunningMilter, _ outcomes: [Outcome]) throws {
    let accepted = outcomes.indices.filter { outcomes[$0].reply.hasPrefix("250") }
    let directory = try TemporaryDirectory()
    let files = try accepted.map { number in
      let file = directory.url.appendingPathComponent("\(number).eml")
      try Data(NastyMail.all[number].bytes).write(to: file)
      return file.path
    }
    let ended = try RunningMilter.run(
      ["inspect", "--json", "--config", filter.configuration] + files)
    let reports = try ended.lines.map { try JSON.object($0) }
    #expect(reports.count == accepted.count, "\(ended.errors)")
    #expect(filter.logLines("info: voicemail").isEmpty)
    var reasons: [String: Int] = [:]
    for (number, report) in zip(accepted, reports) {
      let name = NastyMail.all[number].name
      #expect(report["verdict"] as? String == "pass", "\(name)")
      let reason = (report["reason"] as? String)?.replacing("\"", with: "\\\"") ?? ""
      if let queueID = SMTPSender.queueID(in: outcomes[number].reply) {
        let lines = filter.logLines("debug: passes", "queue_id=\(queueID)")
        #expect(
          lines.count == 1 && lines[0].hasSuffix("why=\"\(reason)\""),
          "\(name): \(reason): \(lines)")
      }
      reasons[reason, default: 0] += 1
    }
    // Exim tells no queue id; what the log says of all must be what `inspect` says of all.
    for (reason, count) in reasons {
      #expect(filter.logLines("debug: passes", "why=\"\(reason)\"").count == count, "\(reason)")
    }
  }
}
