import Foundation
import TestSupport
import Testing

/// Policies' delivery modes, on a real Postfix with the shipped lines.
@Suite(.serialized)
struct Modes {
  private static func lf(_ bytes: [UInt8]) -> [UInt8] { bytes.filter { $0 != 0x0D } }

  /// The reply to a message, and that nothing of it may go wrong.
  private func expectReply(_ data: Data, to sent: AsteriskMail) {
    let reply = ReceivedMail(data)
    #expect(reply["In-Reply-To"] == sent.messageID)
    #expect(reply["References"] == sent.messageID)
    #expect(reply["Message-ID"]?.hasPrefix("<reply.") == true)
    #expect(reply["Subject"] == "Re: [PBX]: New message 3 in mailbox \(sent.mailbox)")
    #expect(reply["Auto-Submitted"] == "auto-generated")
    // pipe(8) writes the null sender so.
    #expect(reply["Return-Path"] == "<MAILER-DAEMON>")
    #expect(reply.all("X-Voicemail-Milter").count == 1)
    #expect(["ok", "low"].contains(reply["X-Voicemail-Transcript"]))
    #expect(reply.recordings.isEmpty, "the audio is in the message")
    #expect(reply.part("text/plain")?.text.contains("number") == true)
    #expect(reply.part("text/plain")?.text.contains("attached") == false)
    #expect(reply.part("text/html")?.text.contains("number") == true)
  }

  @Test(arguments: ["milter", "content-filter"])
  func `original first: the message as it came, then the transcript as a reply`(way: String) throws
  {
    let postfix = try PrivatePostfix(example: way)
    let settings = ["policy all.mode": "original-first"]
    let milter =
      try way == "milter" ? postfix.milter(settings) : postfix.contentFilter(settings)
    let sent = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(sent.bytes, port: postfix.smtpPort)
    let arrived = postfix.waitForMail(of: "ann", count: 2)
    try #require(arrived.count == 2)
    #expect(ReceivedMail.withoutTrace(arrived[0]) == Self.lf(sent.bytes), "not one byte differs")
    expectReply(arrived[1], to: sent)
    #expect(ReceivedMail(arrived[1])["From"] == sent.sender)
    #expect(milter.waitForLog(containing: "info: delivered", "form=reply"))
    #expect(try !milter.spoolHoldsContent)

    // What comes back by mistake is not taken over: neither the message nor its reply.
    for message in arrived {
      let again = ReceivedMail.withoutTrace(message).split(
        separator: 0x0A, omittingEmptySubsequences: false
      ).joined(separator: [0x0D, 0x0A])
      try SMTPSender.send(Array(again), to: ["<ann@example.com>"], port: postfix.smtpPort)
    }
    #expect(postfix.waitForMail(of: "ann", count: 4).count == 4)
    #expect(milter.logLines("info: voicemail").count == 1)
  }

  @Test func `recipients of one message are treated each by their policy`() throws {
    let postfix = try PrivatePostfix()
    let milter = try postfix.milter([
      "policy bob.recipient": "^bob@", "policy bob.mode": "original-first",
      "policy eve.recipient": "^eve@", "policy eve.mode": "off",
      "policy hal.recipient": "^hal@", "policy hal.mode": "headers",
    ])
    let sent = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(
      sent.bytes, to: ["ann", "bob", "eve", "hal"].map { "<\($0)@example.com>" },
      port: postfix.smtpPort)
    let own: Set = ["x-voicemail-milter"]
    let eve = try #require(postfix.waitForMail(of: "eve").first)
    #expect(ReceivedMail.withoutTrace(eve, and: own) == Self.lf(sent.bytes))
    let bob = postfix.waitForMail(of: "bob", count: 2)
    try #require(bob.count == 2)
    #expect(ReceivedMail.withoutTrace(bob[0], and: own) == Self.lf(sent.bytes))
    expectReply(bob[1], to: sent)

    let ann = ReceivedMail(try #require(postfix.waitForMail(of: "ann").first))
    #expect(ann.part("text/plain")?.text.hasPrefix("\"") == true)
    #expect(ann.recordings == [sent.recording])
    let hal = try #require(postfix.waitForMail(of: "hal").first)
    #expect(["ok", "low"].contains(ReceivedMail(hal)["X-Voicemail-Transcript"]))
    let status = Set(ReceivedMail(hal).fields.map { $0.name.lowercased() }).filter {
      $0.hasPrefix("x-voicemail-")
    }
    #expect(ReceivedMail.withoutTrace(hal, and: status) == Self.lf(sent.bytes))

    #expect(try milter.waitForStatus { $0.count("delivered") == 4 }.count("delivered") == 4)
    #expect(postfix.mail(of: "ann").count + postfix.mail(of: "eve").count == 2)
    #expect(postfix.mail(of: "bob").count + postfix.mail(of: "hal").count == 3)
    #expect(try !milter.spoolHoldsContent)
  }

  @Test func `off: the MTA keeps the message, and nothing is spooled`() throws {
    let postfix = try PrivatePostfix()
    let milter = try postfix.milter(["policy all.mode": "off"])
    let sent = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(sent.bytes, port: postfix.smtpPort)
    let arrived = try #require(postfix.waitForMail(of: "ann").first)
    #expect(ReceivedMail.withoutTrace(arrived) == Self.lf(sent.bytes))
    #expect(milter.waitForLog(containing: "debug: passes", "policy all is off"))
    #expect(milter.logLines("info: voicemail").isEmpty)
  }

  @Test(arguments: ["companion", "headers", "hold"])
  func `signed mail is changed by no mode`(mode: String) throws {
    let postfix = try PrivatePostfix()
    let milter = try postfix.milter([
      "policy all.mode": mode, "alarms.alert_from": "vm@example.com",
    ])
    var sent = AsteriskMail(try VoicemailRecording.short())
    sent.extraHeaders = ["DKIM-Signature: v=1; a=rsa-sha256; d=pbx.example.com; b=none"]
    try SMTPSender.send(sent.bytes, port: postfix.smtpPort)
    let arrived = postfix.waitForMail(of: "ann", count: mode == "companion" ? 2 : 1)
    let first = try #require(arrived.first)
    let added = Set(ReceivedMail(first).fields.map { $0.name.lowercased() }).filter {
      $0.hasPrefix("x-voicemail-")
    }
    #expect(ReceivedMail.withoutTrace(first, and: added) == Self.lf(sent.bytes))
    #expect(added.isEmpty == (mode != "headers"))
    if mode == "companion" {
      try #require(arrived.count == 2)
      expectReply(arrived[1], to: sent)
      // Nobody else may write in the signer's name.
      #expect(ReceivedMail(arrived[1])["From"] == "Voicemail <vm@example.com>")
    } else if mode == "hold" {
      #expect(milter.waitForLog(containing: "debug: passes", "signed by pbx.example.com"))
    }
  }

  @Test func `what is late follows as a reply, where the policy says so`() throws {
    let session = try Session([
      "policy all.deadline": "500ms", "policy all.late_transcript": "reply",
    ])
    let mail = AsteriskMail(try VoicemailRecording.long())
    let id = try session.deliver(mail.bytes)
    #expect(session.mta.waitForMessages(2, seconds: 60))
    let arrived = session.mta.messages
    try #require(arrived.count == 2)
    #expect(arrived[0].received.recordings == [mail.recording])
    #expect(arrived[0].received["X-Voicemail-Transcript"] == nil)
    #expect(arrived[1].received["In-Reply-To"] == mail.messageID)
    #expect(["ok", "low"].contains(arrived[1].received["X-Voicemail-Transcript"]))
    #expect(session.milter.waitForLog(containing: "info: delivered", "form=reply"))
    let story = try session.milter.command("show", id).text
    #expect(story.contains("the transcript follows as a reply"))
    #expect(story.contains("policy all, mode hold"))
  }

  @Test func `a recipient who is put off delays nobody else's transcript`() throws {
    var script = FakeSMTPServer.Script()
    script.always["RCPT TO:<bob@example.com>"] = .say("450 4.2.2 Mailbox full")
    let session = try Session(
      ["policy all.deadline": "500ms", "policy all.late_transcript": "reply"], script: script)
    let mail = AsteriskMail(try VoicemailRecording.long())
    let id = try session.deliver(mail.bytes, to: ["<ann@example.com>", "<bob@example.com>"])
    #expect(session.mta.waitForMessages(2, seconds: 60))
    let arrived = session.mta.messages
    try #require(arrived.count == 2)
    #expect(arrived.map(\.recipients) == Array(repeating: ["RCPT TO:<ann@example.com>"], count: 2))
    #expect(arrived[0].received.recordings == [mail.recording])
    #expect(arrived[1].received["In-Reply-To"] == mail.messageID)
    #expect(try session.milter.command("show", id).text.contains("is the reply to them"))
    #expect(try session.milter.status().count("deferred") == 1)
  }

  @Test func `a reply that the MTA refuses is given up, and no alarm holds anything`() throws {
    var script = FakeSMTPServer.Script()
    script.always["."] = .say("550 5.7.1 no replies here")
    let session = try Session(["policy all.mode": "original-first"], script: script)
    let mail = AsteriskMail(try VoicemailRecording.short())
    #expect(
      try MTA(session.milter).send(mail.bytes, to: ["<ann@example.com>"], queueID: "Q") == "a")
    #expect(session.milter.waitForLog(containing: "warning: no reply is sent", "no replies here"))
    #expect(try session.milter.status().count("delivered") == 1)
    #expect(try !session.milter.spoolHoldsContent)
  }
}
