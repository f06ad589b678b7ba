import Foundation
import TestSupport
import Testing

/// `enqueue` as the pipe transport of real MTAs, with the shipped lines.
@Suite(.serialized)
struct Pipes {
  @Test func `Postfix pipes: a voicemail arrives once, ordinary mail byte for byte`() throws {
    let postfix = try PrivatePostfix(example: "pipe")
    let filter = try postfix.pipeFilter()
    try passThrough(postfix, filter)
  }

  @Test func `Exim pipes: a voicemail arrives once, ordinary mail byte for byte`() throws {
    let exim = try PrivateExim(example: "exim-pipe")
    let filter = try exim.pipeFilter()
    try passThrough(exim, filter)
  }

  @Test func `while the daemon is down Postfix keeps the mail`() throws {
    // Tried again within the same second qmgr meets the lock of pipe(8), and leaves the message until it starts anew.
    let postfix = try PrivatePostfix(
      ["minimal_backoff_time=3s", "queue_run_delay=1s", "maximal_backoff_time=3s"], example: "pipe")
    try keepUntilLater(postfix)
  }

  @Test func `while the daemon is down Exim keeps the mail`() throws {
    let exim = try PrivateExim(example: "exim-pipe")
    try keepUntilLater(exim)
  }

  /// A voicemail of a PBX for two users, one of this host's, and ordinary mail.
  private func passThrough(_ mta: some PrivateMTA, _ filter: RunningMilter) throws {
    try mta.expectOrdinaryMail(past: filter)
    let mail = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(
      mail.bytes, to: ["<ann@example.com>", "<bob@example.com>"], port: mta.smtpPort)
    try mta.expectVoicemail(mail, for: ["ann", "bob"], by: filter)

    // What a shell or a careless split would take apart.
    let ordinary = OrdinaryMail.all[0]
    let odd = #""$(exit 9) `exit 9`; 'a' -x"@example.com"#
    try SMTPSender.send(
      ordinary.bytes, to: ["<dave@example.com>"], from: "<\(odd)>", port: mta.smtpPort)
    let messages = mta.waitForMail(of: "dave")
    let message = try #require(messages.first, "\(mta.log)")
    #expect(ReceivedMail.withoutTrace(message) == ordinary.bytes.filter { $0 != 0x0D })
    #expect(ReceivedMail(message)["Return-Path"] == "<\(odd)>")

    var local = mail
    local.recipient = "carol@example.com"
    local.messageID = "<Asterisk-1-2-1001-3@pbx.example.com>"
    try mta.sendmail(
      ["-f", "<>", "-i", "-t"], input: local.bytes.filter { $0 != 0x0D })
    let arrived = try #require(mta.waitForMail(of: "carol").first, "\(mta.log)")
    let after = ReceivedMail(arrived)
    #expect(["<>", "<MAILER-DAEMON>"].contains(after["Return-Path"]))
    #expect(["ok", "low"].contains(after["X-Voicemail-Transcript"]))
    #expect(after.recordings == [mail.recording])
    #expect(filter.logLines("warning:").isEmpty && filter.logLines("error:").isEmpty)
  }

  /// First the program is missing, then the daemon.
  private func keepUntilLater(_ mta: some PrivateMTA) throws {
    let ordinary = OrdinaryMail.all[0]
    try SMTPSender.send(ordinary.bytes, to: ["<\(ordinary.user)@example.com>"], port: mta.smtpPort)
    #expect(mta.waitForLog(containing: "voicemail-milter: not found"))
    let directory = try TemporaryDirectory()
    try mta.pipeFilter(in: directory).kill()
    #expect(mta.waitForLog(containing: "voicemail-milter: ", "submit.sock"))
    let filter = try mta.pipeFilter(in: directory)
    let mails = mta.waitForMail(of: ordinary.user)
    let arrived = try #require(mails.first, "\(mta.log)")
    #expect(ReceivedMail.withoutTrace(arrived) == ordinary.bytes.filter { $0 != 0x0D })
    #expect(filter.logLines("debug: passes").count == 1)
    #expect(mta.mail(of: ordinary.user).count == 1)
  }
}
