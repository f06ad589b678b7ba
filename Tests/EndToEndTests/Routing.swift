import Foundation
import TestSupport
import Testing

/// The milter marks, Postfix routes, the content filter takes: with the lines of postfix-examples/header-route.
@Suite(.serialized)
struct Routing {
  private static let mark = "X-Voicemail-Route: transcribe"
  private static let settings: RunningMilter.Settings = ["milter.on_voicemail": "mark"]

  private func filter(_ postfix: PrivatePostfix) throws -> RunningMilter {
    try postfix.milter(
      Self.settings.merging(["content_filter.listen": "inet:\(postfix.filterPort)@127.0.0.1"]) {
        $1
      })
  }

  @Test func `a voicemail arrives once at each address behind an alias, without the mark`() throws {
    let postfix = try PrivatePostfix(
      [
        "virtual_alias_maps=inline:{sales@example.com=ann@example.com}",
        "always_bcc=bob@example.com",
      ], example: "header-route")
    let filter = try filter(postfix)
    let mail = AsteriskMail(try VoicemailRecording.short())
    let reply = try SMTPSender.send(
      mail.bytes, to: ["<sales@example.com>"], port: postfix.smtpPort)
    for message in try postfix.expectVoicemail(mail, for: ["ann", "bob"], by: filter) {
      #expect(message["X-Voicemail-Route"] == nil)
    }
    // One queue id from the milter to the content filter: the message was never out of the queue.
    let queueID = try #require(SMTPSender.queueID(in: reply))
    #expect(!filter.logLines("info: marked voicemail", "queue_id=\(queueID)").isEmpty)
    #expect(!filter.logLines("info: voicemail ", "queue_id=\(queueID)", "rule=").isEmpty)
    #expect(postfix.log.contains("250 2.0.0 Ok: voicemail kept as "))
    #expect(!postfix.log.contains("milter-discard"))
  }

  @Test func `mail of this host's sendmail command goes the same way`() throws {
    let postfix = try PrivatePostfix(example: "header-route")
    let filter = try filter(postfix)
    let mail = AsteriskMail(try VoicemailRecording.short())
    try postfix.sendmail(["-t"], input: mail.bytes.filter { $0 != 0x0D })
    try postfix.expectVoicemail(mail, for: ["ann"], by: filter)
  }

  @Test func `ordinary mail passes byte for byte and is not routed, nor is a stranger's mark`()
    throws
  {
    let postfix = try PrivatePostfix(example: "header-route")
    let filter = try filter(postfix)
    try postfix.expectOrdinaryMail(past: filter)
    try expectSpoofedMail(postfix)
    #expect(filter.logLines("info: ", "marked").isEmpty)
    #expect(!postfix.log.contains("orig_queue_id"))
  }

  @Test func `a stranger's mark that gets to the content filter does no harm`() throws {
    // The mistake: the table is asked about every header field.
    let postfix = try PrivatePostfix(
      ["header_checks=$milter_header_checks"], example: "header-route")
    let filter = try filter(postfix)
    try expectSpoofedMail(postfix)
    #expect(postfix.log.contains("orig_queue_id"))
    #expect(try filter.status().spool.messages.values.reduce(0, +) == 0)
  }

  /// Ordinary mail with the mark arrives byte for byte.
  private func expectSpoofedMail(_ postfix: PrivatePostfix) throws {
    let bytes = Array("\(Self.mark)\r\n".utf8) + OrdinaryMail.all[1].bytes
    try SMTPSender.send(bytes, to: ["<carol@example.com>"], port: postfix.smtpPort)
    let messages = postfix.waitForMail(of: "carol")
    let arrived = try #require(messages.first, "\(postfix.log)")
    #expect(ReceivedMail.withoutTrace(arrived) == bytes.filter { $0 != 0x0D })
  }

  @Test func `a stranger's mark on a voicemail does not go out`() throws {
    let session = try Session()
    var mail = try AsteriskMail.silent()
    mail.extraHeaders = [Self.mark]
    try session.deliver(mail.bytes)
    #expect(session.mta.waitForMessages(1, seconds: 60))
    let message = try #require(session.mta.messages.first)
    #expect(message.received["X-Voicemail-Transcript"] == "none")
    #expect(message.received["X-Voicemail-Route"] == nil)
  }

  @Test func `an MTA that lets nobody add a field gets its voicemail back as it is`() throws {
    let milter = try RunningMilter(Self.settings)
    #expect(milter.waitForLog(containing: "warning: voicemail is marked", "none listens here"))
    let mail = try AsteriskMail.silent()
    func send(actions: UInt32, _ queueID: String) throws -> [Character?] {
      let client = try MilterClient(milter.milterAddress)
      let mta = try MTA(client, actions: actions)
      let reply = try mta.send(mail.bytes, to: ["<ann@example.com>"], queueID: queueID)
      return [reply, reply == "i" ? try client.receive()?.command : nil]
    }
    #expect(try send(actions: MilterClient.allActions, "YES") == ["i", "a"])
    #expect(milter.waitForLog(containing: "info: marked voicemail", "queue_id=YES"))
    // SMFIF_SETSYMLIST alone.
    #expect(try send(actions: 0x100, "NO") == ["a", nil])
    #expect(
      milter.waitForLog(containing: "warning: voicemail passes unmarked", "queue_id=NO"))
    #expect(try milter.status().spool.messages.values.reduce(0, +) == 0)
  }
}
