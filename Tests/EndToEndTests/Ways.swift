import Foundation
import TestSupport
import Testing

/// What every way through a real MTA must do.
extension PrivateMTA {
  /// The settings of a content filter where this MTA looks for it, without a milter.
  func contentFilter(
    _ settings: RunningMilter.Settings = [:], in directory: TemporaryDirectory? = nil
  ) throws -> RunningMilter {
    try milter(
      ["milter.listen": "", "content_filter.listen": "inet:\(filterPort)@127.0.0.1"]
        .merging(settings) { $1 }, in: directory)
  }

  /// The daemon that this MTA's pipe transport hands its mail to.
  func pipeFilter(in directory: TemporaryDirectory? = nil) throws -> RunningMilter {
    let milter = try milter(["milter.listen": ""], in: directory, asNobody: true)
    try installProgram(of: milter)
    return milter
  }

  /// A daemon that delivers to this MTA's reinjection listener.
  func milter(
    _ settings: RunningMilter.Settings, in directory: TemporaryDirectory? = nil,
    asNobody: Bool = false
  ) throws -> RunningMilter {
    let usual = ["delivery.target": "smtp:127.0.0.1:\(reinjectPort)"]
    return try RunningMilter(usual.merging(settings) { $1 }, in: directory, asNobody: asNobody)
  }

  /// A voicemail arrives at each user once, enhanced and else as it was sent. The messages that arrived.
  @discardableResult
  func expectVoicemail(_ sent: AsteriskMail, for users: [String], by filter: RunningMilter) throws
    -> [ReceivedMail]
  {
    let before = ReceivedMail(sent.bytes)
    let messages = try users.map { user in
      let after = ReceivedMail(try #require(waitForMail(of: user).first, "\(log)"))
      #expect(after.recordings == [sent.recording])
      // Every field of the original, in its order, below what the way added.
      #expect(Array(after.fields.suffix(before.fields.count)) == before.fields)
      #expect(["ok", "low"].contains(after["X-Voicemail-Transcript"]))
      #expect(after.all("X-Voicemail-Milter").count == 1)
      return after
    }
    #expect(filter.waitForLog(containing: "info: delivered", "recipients=\(users.count)"))
    #expect(filter.logLines("info: voicemail").count == 1)
    for user in users { #expect(mail(of: user).count == 1) }
    #expect(try !filter.spoolHoldsContent)
    return messages
  }

  /// Sends ordinary mail, which arrives byte for byte below trace fields and `added` ones, and never sees the
  /// spool. The MTA's replies.
  @discardableResult
  func expectOrdinaryMail(past filter: RunningMilter, added: Set<String> = []) throws -> [String] {
    let replies = try OrdinaryMail.all.map { mail in
      let reply = try SMTPSender.send(
        mail.bytes, to: ["<\(mail.user)@example.com>"], port: smtpPort)
      let messages = waitForMail(of: mail.user)
      let message = try #require(messages.first, "\(log)")
      // A mailbox has LF line ends.
      let below = ReceivedMail.withoutTrace(message, and: added)
      #expect(below == mail.bytes.filter { $0 != 0x0D }, "\(mail.user)")
      return reply
    }
    #expect(filter.waitForLog(containing: "debug: passes"))
    #expect(try filter.status().spool.messages.values.reduce(0, +) == 0)
    return replies
  }
}

extension PrivatePostfix {
  /// The filter where this Postfix looks for it.
  func milter(_ settings: RunningMilter.Settings = [:]) throws -> RunningMilter {
    try milter(["milter.listen": "unix:\(milterSocket)"].merging(settings) { $1 }, in: nil)
  }
}
