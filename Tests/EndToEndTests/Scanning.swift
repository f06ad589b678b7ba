import Foundation
import TestSupport
import Testing

/// Beside a real rspamd that scans and signs, in the shipped order.
@Suite(.serialized)
struct Scanning {
  /// rspamd refuses whatever holds this.
  private static let gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

  @Test func `a voicemail is scanned and signed once, with its transcript`() throws {
    let postfix = try PrivatePostfix(example: "rspamd")
    let rspamd = try PrivateRspamd(for: postfix)
    let milter = try postfix.milter()
    let mail = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(mail.bytes, port: postfix.smtpPort)
    let after = try postfix.expectVoicemail(mail, for: ["ann"], by: milter)[0]
    #expect(after.all("DKIM-Signature").count == 1)
    let arrived = try #require(postfix.mail(of: "ann").first)
    #expect(try DKIM.verdict(of: arrived, record: rspamd.record) == "valid")
    let id = mail.messageID.dropFirst().dropLast()
    let scans = rspamd.log.split(separator: "\n").filter {
      $0.contains("rspamd_task_write_log") && $0.contains(id)
    }
    #expect(scans.count == 1, "\(rspamd.log)")
  }

  @Test func `ordinary mail is signed, else byte for byte, and spam refused at the front door`()
    throws
  {
    let postfix = try PrivatePostfix(example: "rspamd")
    let rspamd = try PrivateRspamd(for: postfix)
    let milter = try postfix.milter()
    try postfix.expectOrdinaryMail(past: milter, added: ["dkim-signature"])
    for mail in OrdinaryMail.all {
      let arrived = try #require(postfix.mail(of: mail.user).first)
      #expect(ReceivedMail(arrived).all("DKIM-Signature").count == 1)
      #expect(try DKIM.verdict(of: arrived, record: rspamd.record) == "valid", "\(mail.user)")
    }
    let spam = Array("From: bob@example.com\r\nSubject: spam\r\n\r\n\(Self.gtube)\r\n".utf8)
    let refusal = #expect(throws: SMTPSender.Failure.self) {
      try SMTPSender.send(spam, port: postfix.smtpPort)
    }
    #expect(refusal?.description.contains("554 5.7.1") == true)
  }

  @Test func `a voicemail that rspamd refuses at the listener is held, not lost`() throws {
    let postfix = try PrivatePostfix(example: "rspamd")
    let rspamd = try PrivateRspamd(for: postfix)
    let milter = try postfix.milter()
    var mail = try AsteriskMail.silent()
    mail.callerName = Self.gtube
    try SMTPSender.send(mail.bytes, port: postfix.smtpPort)
    #expect(milter.waitForLog(containing: "error: ", "held"))
    #expect(try milter.status().count("held") == 1)
    #expect(postfix.mail(of: "ann").isEmpty)
    withExtendedLifetime(rspamd) {}
  }
}
