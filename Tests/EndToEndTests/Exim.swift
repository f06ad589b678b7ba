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
    try exim.expectVoicemail(sent, for: ["ann", "bob"], by: filter)
    #expect(filter.field("new_queue_id", of: "info: delivered") != nil)
  }

  @Test func `ordinary mail passes byte for byte, and never into the spool`() throws {
    let exim = try PrivateExim()
    let filter = try exim.contentFilter()
    try exim.expectOrdinaryMail(past: filter)
    #expect(filter.logLines("debug: passes").count == OrdinaryMail.all.count)
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
