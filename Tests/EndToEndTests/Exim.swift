import Foundation
import TestSupport
import Testing

/// A message's whole way on a real Exim with the shipped lines.
@Suite(.serialized)
struct Exim {
  @Test func `a voicemail arrives once, with its transcript`() throws {
    let exim = try PrivateExim()
    let filter = try exim.contentFilter()
    let sent = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(
      sent.bytes, to: ["<ann@example.com>", "<bob@example.com>"], port: exim.smtpPort)
    for user in ["ann", "bob"] {
      let arrived = try #require(exim.waitForMail(of: user).first, "\(exim.log)")
      let (before, after) = (ReceivedMail(sent.bytes), ReceivedMail(arrived))
      #expect(after.recordings == [sent.recording])
      #expect(Array(after.fields.suffix(before.fields.count)) == before.fields)
      #expect(["ok", "low"].contains(after["X-Voicemail-Transcript"]))
      #expect(after.all("X-Voicemail-Milter").count == 1)
    }
    #expect(filter.waitForLog(containing: "info: delivered", "recipients=2"))
    #expect(filter.logLines("info: voicemail").count == 1)
    #expect(filter.field("new_queue_id", of: "info: delivered") != nil)
    for user in ["ann", "bob"] { #expect(exim.mail(of: user).count == 1) }
    #expect(try !filter.spoolHoldsContent)
  }

  @Test func `ordinary mail passes byte for byte, and never into the spool`() throws {
    let exim = try PrivateExim()
    let filter = try exim.contentFilter()
    for mail in OrdinaryMail.all {
      try SMTPSender.send(mail.bytes, to: ["<\(mail.user)@example.com>"], port: exim.smtpPort)
      let arrived = try #require(exim.waitForMail(of: mail.user).first, "\(exim.log)")
      // A mailbox has LF line ends.
      let sent = mail.bytes.filter { $0 != 0x0D }
      #expect(ReceivedMail.withoutTrace(arrived) == sent, "\(mail.user)")
    }
    #expect(filter.logLines("debug: passes").count == OrdinaryMail.all.count)
    #expect(try filter.status().spool.messages.values.reduce(0, +) == 0)
  }

  @Test func `mail of this host's sendmail command goes the same way`() throws {
    let exim = try PrivateExim()
    let filter = try exim.contentFilter()
    let mail = AsteriskMail(try VoicemailRecording.short())
    // -i: a line with a dot alone is content, as in Asterisk's mailcmd.
    try exim.sendmail(["-t", "-i"], input: mail.bytes.filter { $0 != 0x0D })
    let arrived = try #require(exim.waitForMail(of: "ann").first, "\(exim.log)")
    #expect(["ok", "low"].contains(ReceivedMail(arrived)["X-Voicemail-Transcript"]))
    #expect(filter.waitForLog(containing: "info: delivered"))
    #expect(exim.mail(of: "ann").count == 1)
  }

  @Test func `while the filter is down Exim keeps the mail and delivers it later`() throws {
    let exim = try PrivateExim()
    let ordinary = OrdinaryMail.all[0]
    let voicemail = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(
      ordinary.bytes, to: ["<\(ordinary.user)@example.com>"], port: exim.smtpPort)
    try SMTPSender.send(voicemail.bytes, port: exim.smtpPort)
    #expect(exim.waitForLog(containing: "T=voicemail_milter_smtp defer", "Connection refused"))
    let filter = try exim.contentFilter()
    #expect(!exim.waitForMail(of: ordinary.user).isEmpty)
    #expect(!exim.waitForMail(of: "ann").isEmpty)
    #expect(filter.waitForLog(containing: "info: delivered"))
    #expect(exim.mail(of: ordinary.user).count == 1)
    #expect(exim.mail(of: "ann").count == 1)
  }
}

extension PrivateExim {
  /// The filter where this Exim looks for it, delivering to the port that the filter's router leaves alone.
  func contentFilter(_ settings: RunningMilter.Settings = [:]) throws -> RunningMilter {
    let usual: RunningMilter.Settings = [
      "milter.listen": "", "content_filter.listen": "inet:\(filterPort)@127.0.0.1",
      "delivery.target": "smtp:127.0.0.1:\(reinjectPort)",
    ]
    return try RunningMilter(usual.merging(settings) { $1 })
  }
}
