import Foundation
import TestSupport
import Testing

/// A message's whole way on a real Postfix with the shipped lines.
@Suite(.serialized)
struct Way {
  @Test func `a voicemail arrives once, with its transcript, and else as it was sent`() throws {
    let postfix = try PrivatePostfix()
    let milter = try postfix.milter()
    let sent = AsteriskMail(try VoicemailRecording.short())
    let reply = try SMTPSender.send(sent.bytes, port: postfix.smtpPort)
    let arrived = try #require(postfix.waitForMail(of: "ann", seconds: 60).first)
    #expect(milter.waitForLog(containing: "info: delivered"))

    let (before, after) = (ReceivedMail(sent.bytes), ReceivedMail(arrived))
    #expect(after.recordings == [sent.recording])
    // Every field of the original, in its order, below what the way added.
    #expect(Array(after.fields.suffix(before.fields.count)) == before.fields)
    #expect(after.all("Message-ID") == [sent.messageID])
    #expect(after["X-Voicemail-Milter"]?.hasPrefix("v=1; id=") == true)
    #expect(["ok", "low"].contains(after["X-Voicemail-Transcript"]))
    #expect(after["X-Voicemail-Language"]?.hasPrefix("en") == true)
    #expect(after["X-Voicemail-Duration"] == "4")
    #expect(after["X-Voicemail-Engine"] == "pocketsphinx")
    #expect(after["X-Voicemail-Caller"] == "07700900123")

    let text = try #require(after.part("text/plain")).text
    let html = try #require(after.part("text/html")).text
    // Recognition gets these words right; a transcript is not asked to be perfect.
    for form in [text, html] {
      #expect(form.contains("number"))
      #expect(form.contains("check"))
      #expect(form.contains("JOHN SMITH"))
      #expect(form.contains("mailbox 1001"))
      #expect(form.contains("just left a 0:05 long message"))
    }
    #expect(text.hasPrefix("\""))

    let queueID = try #require(SMTPSender.queueID(in: reply))
    let id = try #require(milter.field("id", of: "info: voicemail", "queue_id=\(queueID)"))
    let newID = try #require(milter.field("new_queue_id", of: "info: delivered", "id=\(id)"))
    #expect(after["X-Voicemail-Id"] == id)
    #expect(after["Received"]?.contains("id \(newID)") == true)
    #expect(
      postfix.log.contains(
        "\(newID): client=unknown[127.0.0.1], orig_queue_id=\(queueID), orig_client="))
    #expect(milter.logLines("info: delivered").count == 1)

    let status = try milter.status()
    #expect(status.spool.messages.filter { $0.value > 0 } == ["delivered": 1])
    #expect(try !milter.spoolHoldsContent)
    #expect(postfix.mail(of: "ann").count == 1)
  }

  @Test func `ordinary mail passes byte for byte`() throws {
    let postfix = try PrivatePostfix()
    let milter = try postfix.milter()
    for reply in try postfix.expectOrdinaryMail(past: milter) {
      let queueID = try #require(SMTPSender.queueID(in: reply))
      #expect(milter.waitForLog(containing: "debug: passes", "queue_id=\(queueID)"))
    }
  }

  @Test func `each recipient of a voicemail gets it once, also from the null sender`() throws {
    let postfix = try PrivatePostfix()
    let milter = try postfix.milter()
    let mail = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(
      mail.bytes, to: ["<ann@example.com>", "<bob@example.com>"], from: "<>",
      port: postfix.smtpPort)
    for user in ["ann", "bob"] {
      let arrived = try #require(postfix.waitForMail(of: user, seconds: 60).first)
      let after = ReceivedMail(arrived)
      // pipe(8) writes the null sender so.
      #expect(after["Return-Path"] == "<MAILER-DAEMON>")
      #expect(after.recordings == [mail.recording])
      #expect(after["X-Voicemail-Transcript"] != nil)
    }
    #expect(milter.waitForLog(containing: "info: delivered", "recipients=2"))
    #expect(milter.logLines("info: voicemail").count == 1)
    for user in ["ann", "bob"] { #expect(postfix.mail(of: user).count == 1) }
  }

  @Test func `a voicemail from this host's sendmail command gets its transcript`() throws {
    let postfix = try PrivatePostfix()
    let milter = try postfix.milter()
    let mail = AsteriskMail(try VoicemailRecording.short())
    // Asterisk pipes LF line ends into `sendmail -t`.
    try postfix.sendmail(["-t"], input: mail.bytes.filter { $0 != 0x0D })
    let arrived = try #require(postfix.waitForMail(of: "ann", seconds: 60).first)
    let after = ReceivedMail(arrived)
    #expect(["ok", "low"].contains(after["X-Voicemail-Transcript"]))
    #expect(after.recordings == [mail.recording])
    #expect(after.all("Message-ID") == [mail.messageID])
    #expect(milter.waitForLog(containing: "info: delivered"))
    #expect(postfix.mail(of: "ann").count == 1)
  }

  @Test func `a message that comes back to this filter is not taken over again`() throws {
    let postfix = try PrivatePostfix()
    // The mistake: the target is the port that has this filter.
    let milter = try postfix.milter(["delivery.target": "smtp:127.0.0.1:\(postfix.smtpPort)"])
    let mail = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(mail.bytes, port: postfix.smtpPort)
    let arrived = try #require(postfix.waitForMail(of: "ann", seconds: 60).first)
    #expect(milter.waitForLog(containing: "info: delivered"))
    #expect(milter.waitForLog(containing: "debug: passes", "handled here already"))
    #expect(
      milter.waitForLog(containing: "error: the reinjection listener still runs this filter"))
    #expect(milter.logLines("info: voicemail").count == 1)
    let after = ReceivedMail(arrived)
    #expect(after.all("X-Voicemail-Milter").count == 1)
    #expect(after.recordings == [mail.recording])
    #expect(try milter.status().count("delivered") == 1)
    #expect(postfix.mail(of: "ann").count == 1)
  }
}
