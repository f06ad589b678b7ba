import Foundation
import TestSupport
import Testing

/// Beside a real OpenDKIM, in the shipped order. Signatures are made and checked by another's library (dkimpy).
@Suite(.serialized)
struct Signing {
  @Test func `a voicemail goes out signed with its transcript, once`() throws {
    let postfix = try PrivatePostfix(example: "opendkim")
    let signer = try PrivateOpenDKIM(for: postfix)
    let milter = try postfix.milter()
    let mail = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(mail.bytes, port: postfix.smtpPort)
    let after = try postfix.expectVoicemail(mail, for: ["ann"], by: milter)[0]
    #expect(after.all("DKIM-Signature").count == 1)
    #expect(after["DKIM-Signature"]?.contains("d=example.com;") == true)
    let arrived = try #require(postfix.mail(of: "ann").first)
    #expect(try DKIM.verdict(of: arrived, record: signer.record) == "valid")
    // A signature without the transcript would not notice this.
    let text = String(decoding: arrived, as: UTF8.self)
    let changed = text.replacing("JOHN SMITH", with: "JOHN SMYTH")
    #expect(try DKIM.verdict(of: changed.utf8, record: signer.record) != "valid")
  }

  @Test func `mail of this host's sendmail command is signed, voicemail with its transcript`()
    throws
  {
    let postfix = try PrivatePostfix(example: "opendkim")
    let signer = try PrivateOpenDKIM(for: postfix)
    let milter = try postfix.milter()
    let mail = AsteriskMail(try VoicemailRecording.short())
    try postfix.sendmail(["-t"], input: mail.bytes.filter { $0 != 0x0D })
    let after = try postfix.expectVoicemail(mail, for: ["ann"], by: milter)[0]
    #expect(after.all("DKIM-Signature").count == 1)
    let voicemail = try #require(postfix.mail(of: "ann").first)
    #expect(try DKIM.verdict(of: voicemail, record: signer.record) == "valid")
    let ordinary = OrdinaryMail.all[0]
    try postfix.sendmail(
      ["-i", "\(ordinary.user)@example.com"], input: ordinary.bytes.filter { $0 != 0x0D })
    let messages = postfix.waitForMail(of: ordinary.user)
    #expect(try DKIM.verdict(of: try #require(messages.first), record: signer.record) == "valid")
  }

  @Test func `in the wrong order a signed voicemail goes out signed, but without a transcript`()
    throws
  {
    let postfix = try PrivatePostfix(
      ["smtpd_milters=unix:opendkim/opendkim.sock, unix:voicemail-milter/milter.sock"],
      example: "opendkim")
    let signer = try PrivateOpenDKIM(for: postfix)
    let milter = try postfix.milter()
    let mail = try AsteriskMail.silent()
    try SMTPSender.send(mail.bytes, port: postfix.smtpPort)
    let messages = postfix.waitForMail(of: "ann")
    let arrived = try #require(messages.first, "\(postfix.log)")
    #expect(try DKIM.verdict(of: arrived, record: signer.record) == "valid")
    #expect(ReceivedMail(arrived)["X-Voicemail-Transcript"] == nil)
    #expect(milter.waitForLog(containing: "debug: passes", "signed by example.com"))
  }

  @Test func `ordinary mail is signed at the front door, and else byte for byte`() throws {
    let postfix = try PrivatePostfix(example: "opendkim")
    let signer = try PrivateOpenDKIM(for: postfix)
    let milter = try postfix.milter()
    try postfix.expectOrdinaryMail(past: milter, added: ["dkim-signature"])
    for mail in OrdinaryMail.all {
      let arrived = try #require(postfix.mail(of: mail.user).first)
      #expect(ReceivedMail(arrived).all("DKIM-Signature").count == 1)
      #expect(
        try DKIM.verdict(of: arrived, record: signer.record) == "valid", "\(mail.user)")
    }
  }

  @Test func `another's signed voicemail passes with its signature whole, and verified`() throws {
    let directory = try TemporaryDirectory()
    let record = try DKIMKey.make(at: directory.file("key"))
    let postfix = try PrivatePostfix(example: "opendkim")
    let verifier = try PrivateOpenDKIM(
      for: postfix, records: ["s._domainkey.hosted-pbx.test": record])
    let milter = try postfix.milter()
    var mail = try AsteriskMail.silent()
    mail.sender = "Asterisk PBX <asterisk@hosted-pbx.test>"
    let signed = try DKIM.signed(
      mail.bytes, key: directory.file("key"), domain: "hosted-pbx.test", selector: "s")
    try SMTPSender.send(signed, port: postfix.smtpPort)
    let messages = postfix.waitForMail(of: "ann")
    let arrived = try #require(messages.first, "\(postfix.log)")
    let below = ReceivedMail.withoutTrace(arrived, and: ["authentication-results"])
    #expect(below == signed.filter { $0 != 0x0D })
    #expect(try DKIM.verdict(of: arrived, record: record) == "valid")
    #expect(ReceivedMail(arrived)["Authentication-Results"]?.contains("dkim=pass") == true)
    #expect(milter.waitForLog(containing: "debug: passes", "signed by hosted-pbx.test"))
    withExtendedLifetime(verifier) {}
  }
}
