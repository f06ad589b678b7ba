import Foundation
import TestSupport
import Testing

/// Asterisk beside Postfix: mail through its sendmail command, with the lines of postfix-examples/asterisk.
@Suite(.serialized)
struct SameHost {
  /// What the shipped voicemail.conf calls sendmail with.
  private static var options: [String] {
    get throws {
      let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../postfix-examples/asterisk/voicemail.conf")
      let text = try String(contentsOf: file, encoding: .utf8)
      let command = "\nmailcmd = /usr/sbin/sendmail "
      let start = try #require(text.range(of: command)).upperBound
      return text[start...].prefix { $0 != "\n" }.split(separator: " ").map(String.init)
    }
  }

  private static func lines(_ bytes: [UInt8]) -> [UInt8] { bytes.filter { $0 != 0x0D } }

  @Test func `a voicemail arrives once, with its transcript`() throws {
    let postfix = try PrivatePostfix(example: "asterisk")
    let milter = try postfix.milter()
    let mail = AsteriskMail(try VoicemailRecording.short())
    try postfix.sendmail(Self.options, input: Self.lines(mail.bytes))
    let arrived = try postfix.expectVoicemail(mail, for: ["ann"], by: milter)
    // It came from this host's own queue, and says so.
    let queueID = try #require(milter.field("queue_id", of: "info: voicemail"))
    #expect(postfix.log.contains("\(queueID): uid=0 from=<root>"))
    #expect(arrived[0].all("Received").contains { $0.contains("(localhost [127.0.0.1])") })
  }

  @Test func `ordinary mail of this host passes byte for byte`() throws {
    let postfix = try PrivatePostfix(example: "asterisk")
    let milter = try postfix.milter()
    for mail in OrdinaryMail.all {
      try postfix.sendmail(["-i", "\(mail.user)@example.com"], input: Self.lines(mail.bytes))
      let messages = postfix.waitForMail(of: mail.user)
      let arrived = try #require(messages.first, "\(postfix.log)")
      #expect(ReceivedMail.withoutTrace(arrived) == Self.lines(mail.bytes), "\(mail.user)")
    }
    #expect(milter.logLines("debug: passes").count == OrdinaryMail.all.count)
    #expect(try milter.status().spool.messages.values.reduce(0, +) == 0)
  }

  @Test func `the sendmail command's mail is trusted as 127.0.0.1, and only so`() throws {
    let postfix = try PrivatePostfix(example: "asterisk")
    let milter = try postfix.milter(["recognition.sources": "192.0.2.1"])
    let mail = try AsteriskMail.silent()
    try postfix.sendmail(Self.options, input: Self.lines(mail.bytes))
    let messages = postfix.waitForMail(of: "ann")
    #expect(ReceivedMail(try #require(messages.first))["X-Voicemail-Transcript"] == nil)
    #expect(milter.waitForLog(containing: "client 127.0.0.1 is not a trusted source"))
  }

  @Test func `while the filter is down the mail goes out as it is, and none stays behind`() throws {
    let postfix = try PrivatePostfix(example: "asterisk")
    let mail = try AsteriskMail.silent()
    try postfix.sendmail(Self.options, input: Self.lines(mail.bytes))
    let messages = postfix.waitForMail(of: "ann")
    let arrived = ReceivedMail(try #require(messages.first))
    #expect(arrived.recordings == [mail.recording])
    #expect(postfix.log.contains("connect to Milter service unix:voicemail-milter/milter.sock"))
  }
}
