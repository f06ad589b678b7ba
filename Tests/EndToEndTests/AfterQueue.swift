import Foundation
import TestSupport
import Testing

/// The content filter behind a real Postfix's queue, with the shipped lines.
@Suite(.serialized)
struct AfterQueue {
  @Test func `a voicemail arrives once, with its transcript`() throws {
    let postfix = try PrivatePostfix(example: "content-filter")
    let filter = try postfix.contentFilter()
    let sent = AsteriskMail(try VoicemailRecording.short())
    let reply = try SMTPSender.send(
      sent.bytes, to: ["<ann@example.com>", "<bob@example.com>"], port: postfix.smtpPort)
    let queueID = try #require(SMTPSender.queueID(in: reply))
    try postfix.expectVoicemail(sent, for: ["ann", "bob"], by: filter)
    // Postfix's own log names the spool id; ours names Postfix's queue id.
    let id = try #require(filter.field("id", of: "info: voicemail", "queue_id=\(queueID)"))
    #expect(postfix.log.contains("250 2.0.0 Ok: voicemail kept as \(id)"))
  }

  @Test func `ordinary mail passes byte for byte, and never into the spool`() throws {
    let postfix = try PrivatePostfix(example: "content-filter")
    let filter = try postfix.contentFilter()
    for reply in try postfix.expectOrdinaryMail(past: filter) {
      let queueID = try #require(SMTPSender.queueID(in: reply))
      #expect(filter.waitForLog(containing: "debug: passes", "queue_id=\(queueID)"))
      // The listener's own log knows where it came from.
      #expect(postfix.log.contains("orig_queue_id=\(queueID)"))
    }
  }

  @Test func `mail of this host's sendmail command goes the same way`() throws {
    let postfix = try PrivatePostfix(example: "content-filter")
    let filter = try postfix.contentFilter()
    let mail = AsteriskMail(try VoicemailRecording.short())
    try postfix.sendmail(["-t"], input: mail.bytes.filter { $0 != 0x0D })
    let arrived = try #require(postfix.waitForMail(of: "ann", seconds: 60).first)
    #expect(["ok", "low"].contains(ReceivedMail(arrived)["X-Voicemail-Transcript"]))
    #expect(filter.waitForLog(containing: "info: delivered"))
    #expect(postfix.mail(of: "ann").count == 1)
  }

  @Test func `while the filter is down Postfix keeps the mail and delivers it later`() throws {
    let postfix = try PrivatePostfix(
      ["minimal_backoff_time=3s", "queue_run_delay=1s", "maximal_backoff_time=3s"],
      example: "content-filter")
    let ordinary = OrdinaryMail.all[0]
    let voicemail = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(
      ordinary.bytes, to: ["<\(ordinary.user)@example.com>"], port: postfix.smtpPort)
    try SMTPSender.send(voicemail.bytes, port: postfix.smtpPort)
    #expect(postfix.waitForLog(containing: "status=deferred", "Connection refused"))
    let filter = try postfix.contentFilter()
    let arrived = try #require(postfix.waitForMail(of: ordinary.user, seconds: 60).first)
    #expect(ReceivedMail.withoutTrace(arrived) == ordinary.bytes.filter { $0 != 0x0D })
    #expect(!postfix.waitForMail(of: "ann", seconds: 60).isEmpty)
    #expect(filter.waitForLog(containing: "info: delivered"))
    #expect(postfix.mail(of: ordinary.user).count == 1)
    #expect(postfix.mail(of: "ann").count == 1)
  }

  @Test func `while the listener is down ordinary mail waits in Postfix, voicemail in the spool`()
    throws
  {
    let postfix = try PrivatePostfix(
      ["minimal_backoff_time=3s", "queue_run_delay=1s", "maximal_backoff_time=3s"],
      example: "content-filter")
    // Nobody listens at that port of the filter's own host until the second daemon names the right one.
    let directory = try TemporaryDirectory()
    let first = try postfix.contentFilter(["delivery.target": "smtp:127.0.0.1:1"], in: directory)
    let ordinary = OrdinaryMail.all[0]
    let voicemail = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(
      ordinary.bytes, to: ["<\(ordinary.user)@example.com>"], port: postfix.smtpPort)
    try SMTPSender.send(voicemail.bytes, port: postfix.smtpPort)
    #expect(postfix.waitForLog(containing: "status=deferred", "said: 451 4.4.1"))
    #expect(first.waitForLog(containing: "info: voicemail"))
    #expect(try first.status().spool.messages.values.reduce(0, +) == 1)
    first.kill()
    let second = try postfix.contentFilter(in: directory)
    #expect(!postfix.waitForMail(of: ordinary.user, seconds: 60).isEmpty)
    #expect(!postfix.waitForMail(of: "ann", seconds: 60).isEmpty)
    #expect(second.waitForLog(containing: "info: delivered"))
    #expect(postfix.mail(of: ordinary.user).count == 1)
    #expect(postfix.mail(of: "ann").count == 1)
  }
}

extension AfterQueue {
  @Test
  func
    `a listener that has content_filter too is found out after one pass, and nothing goes round`()
    throws
  {
    let postfix = try PrivatePostfix(example: "content-filter", without: "content_filter=")
    let filter = try postfix.contentFilter()
    let ordinary = OrdinaryMail.all[0]
    try SMTPSender.send(
      ordinary.bytes, to: ["<\(ordinary.user)@example.com>"], port: postfix.smtpPort)
    #expect(
      postfix.waitForLog(
        containing: "status=deferred", "said: 451 4.4.6 Mail loop", "end of DATA command"))
    #expect(
      filter.waitForLog(
        containing: "error: the reinjection listener still runs this filter", "alarm=loop_seen"))
    // The voicemail is kept and handed back once; then it, too, waits in the queue.
    try SMTPSender.send(
      try AsteriskMail.silent().bytes, port: postfix.smtpPort)
    #expect(filter.waitForLog(containing: "info: delivered"))
    #expect(postfix.waitForLog(containing: "<ann@example.com>", "said: 451 4.4.6 Mail loop"))
    #expect(filter.logLines("info: voicemail").count == 1)
    // One pass of each through the filter.
    #expect(filter.logLines("debug: passes").count == 1)
    #expect(filter.logLines("handled here already").isEmpty)
    #expect(!postfix.log.contains("too many hops"))
    for user in [ordinary.user, "ann"] { #expect(postfix.mail(of: user).isEmpty) }
  }
}
