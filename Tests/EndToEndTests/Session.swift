import Foundation
import TestSupport
import Testing

/// A milter, an MTA's listener that follows a script, and this test as the MTA between them.
final class Session: Sendable {
  let milter: RunningMilter
  let mta: FakeSMTPServer

  init(
    _ settings: RunningMilter.Settings = [:], script: FakeSMTPServer.Script = .init(),
    by launcher: [String] = []
  ) throws {
    mta = try FakeSMTPServer(script)
    milter = try RunningMilter(
      ["delivery.target": mta.target].merging(settings) { $1 }, by: launcher)
  }

  /// Hands a voicemail over as the MTA does; it must be taken.
  @discardableResult
  func deliver(
    _ content: [UInt8], to recipients: [String] = ["<ann@example.com>"], queueID: String = "QQ1"
  ) throws -> String {
    let reply = try MTA(milter).send(content, to: recipients, queueID: queueID)
    guard reply == "d" else { throw MilterClient.Failure("reply \(reply ?? "-") to a voicemail") }
    guard milter.waitForLog(containing: "info: voicemail", "queue_id=\(queueID)"),
      let id = milter.field("id", of: "info: voicemail", "queue_id=\(queueID)")
    else { throw MilterClient.Failure("no line about \(queueID): \(milter.log)") }
    return id
  }
}

/// An MTA's milter connection, with what Postfix says at each step.
struct MTA {
  let client: MilterClient

  init(_ milter: RunningMilter, address: String = "127.0.0.1") throws {
    try self.init(MilterClient(milter.milterAddress), address: address)
  }

  init(
    _ client: MilterClient, address: String = "127.0.0.1",
    actions: UInt32 = MilterClient.allActions
  ) throws {
    self.client = client
    try client.negotiate(actions: actions)
    try client.macros("C", ["j": "mta.example.com", "{daemon_name}": "smtpd"])
    try client.connect(name: "pbx.example.com", address: address)
    try client.helo("pbx.example.com")
  }

  /// One message of the session; the reply to its end.
  @discardableResult
  func send(
    _ content: [UInt8], from sender: String = "<asterisk@pbx.example.com>",
    to recipients: [String], queueID: String
  ) throws -> Character? {
    let reply = try sendEnvelope(from: sender, to: recipients, queueID: queueID)
    return reply == "c" ? try sendContent(content) : reply
  }

  /// MAIL to DATA; the reply to it, which speaks for MAIL, too: that has none of its own.
  @discardableResult
  func sendEnvelope(
    from sender: String = "<asterisk@pbx.example.com>", to recipients: [String], queueID: String
  ) throws -> Character? {
    try client.mail(sender)
    for recipient in recipients { try client.rcpt(recipient) }
    let reply = try client.data()
    // Postfix has the queue id from here on, and repeats it.
    try client.macros("L", ["i": queueID])
    try client.macros("N", ["i": queueID])
    try client.macros("E", ["i": queueID])
    return reply
  }

  /// The reply to the end of the message, or the one that made further steps needless.
  @discardableResult
  func sendContent(_ content: [UInt8]) throws -> Character? {
    let (reply, body) = try sendHeaders(content)
    guard reply == "c" else { return reply }
    for start in stride(from: 0, to: body.count, by: 65_535) {
      try client.body(Array(body[start..<min(start + 65_535, body.count)]))
    }
    return try client.endOfMessage()
  }

  /// The header section; the reply to its end, and the body that is to follow.
  func sendHeaders(_ content: [UInt8]) throws -> (reply: Character?, body: [UInt8]) {
    let blank = Array("\r\n\r\n".utf8)
    var end = 0
    while end + 4 <= content.count, Array(content[end..<end + 4]) != blank { end += 1 }
    var fields: [String] = []
    for line in String(decoding: content[..<end], as: UTF8.self).split(separator: "\r\n") {
      // Folds travel as bare line feeds.
      if let last = fields.indices.last, line.first == " " || line.first == "\t" {
        fields[last] += "\n\(line)"
      } else {
        fields.append(String(line))
      }
    }
    for field in fields {
      let colon = try #require(field.firstIndex(of: ":"))
      try client.header(String(field[..<colon]), String(field[field.index(after: colon)...]))
    }
    return (try client.endOfHeaders(), Array(content[(end + 4)...]))
  }
}

extension FakeSMTPServer.Message {
  /// What stands below our own fields: trace line, marker and X-Voicemail-*.
  var belowOurFields: [UInt8] {
    let own = ["received:", "x-voicemail-"]
    var lines = content.split(separator: 0x0A, omittingEmptySubsequences: false)[...]
    while let line = lines.first {
      let start = String(decoding: line.prefix(12), as: UTF8.self).lowercased()
      guard own.contains(where: start.hasPrefix) else { break }
      repeat {
        lines.removeFirst()
      } while lines.first?.first == UInt8(ascii: " ") || lines.first?.first == UInt8(ascii: "\t")
    }
    return Array(lines.joined(separator: [0x0A]))
  }

  var received: ReceivedMail { ReceivedMail(content) }
}
