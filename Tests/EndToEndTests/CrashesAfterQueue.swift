import Foundation
import Glibc
import TestSupport
import Testing

/// The daemon is killed while it is the content filter of a real Postfix, and the message goes first: `original-first`
/// for one of its recipients, `companion` for the other.
///
/// Postfix keeps the message until it has our answer, so one more window is there: between the listener's answer and
/// ours. It is that of RFC 1047, and the message may come twice; its reply may not.
@Suite(.serialized) struct CrashesAfterQueue {
  private struct Step: CustomStringConvertible {
    enum Place {
      case failpoint(String)
      case relay(KillingRelay.Point)
    }
    var place: Place
    /// Copies of the message and of the reply.
    var originals = 1
    var replies = 1
    var description: String { "\(place)" }
  }

  private static let steps: [Step] = [
    // The listener has not got the whole message.
    Step(place: .relay(.recipient)), Step(place: .relay(.content)),
    // The listener has it, Postfix does not know.
    Step(place: .relay(.dot), originals: 2),
    Step(place: .failpoint("reception after content,before commit"), originals: 2),
    Step(place: .failpoint("reception after content,after commit"), originals: 2),
    Step(place: .failpoint("reception before reply"), originals: 2),
    // All that is left are the replies.
    Step(place: .failpoint("transcription claimed")),
    Step(place: .failpoint("transcription stored")),
    Step(place: .failpoint("delivery stored")),
  ]

  @Test func `killed at any step, a message that goes first by the content filter is not lost`()
    throws
  {
    let postfix = try PrivatePostfix(example: "content-filter")
    let directory = try TemporaryDirectory()
    let recording = try VoicemailRecording.silence(seconds: 1)
    let settings = [
      "milter.listen": "", "content_filter.listen": "inet:\(postfix.filterPort)@127.0.0.1",
      "delivery.target": "smtp:127.0.0.1:\(postfix.reinjectPort)",
      "policy first.recipient": "^first", "policy first.mode": "original-first",
      "policy beside.recipient": "^beside", "policy beside.mode": "companion",
    ]
    for (number, step) in Self.steps.enumerated() {
      var relay: KillingRelay?
      var deadly = settings
      var launcher: [String] = []
      switch step.place {
      case .failpoint(let name): launcher = ["/usr/bin/env", "VOICEMAIL_MILTER_KILL_AT=\(name)"]
      case .relay(let point):
        relay = try KillingRelay(to: postfix.reinjectPort, at: point)
        deadly["delivery.target"] = relay?.target
      }
      let victim = try RunningMilter(deadly, in: directory, by: launcher)
      var mail = AsteriskMail(recording)
      mail.messageID = "<filtered\(number)@pbx.example.com>"
      let users = ["first\(number)", "beside\(number)"]
      let answer = try SMTPSender.send(
        mail.bytes, to: users.map { "<\($0)@example.com>" }, port: postfix.smtpPort)
      let queueID = try #require(SMTPSender.queueID(in: answer))
      #expect(victim.process.waitForExit(seconds: 30) != nil, "\(step): it was not passed")

      let heir = try RunningMilter(settings, in: directory)
      // Postfix has its answer, or knows that none comes and is told to ask again.
      #expect(postfix.waitForLog(containing: queueID, "status="), "\(step)")
      try postfix.control("flush")
      for user in users {
        let expected = step.originals + step.replies
        let arrived = postfix.waitForMail(of: user, count: expected, seconds: 30)
        let replies = arrived.filter { ReceivedMail($0)["In-Reply-To"] == mail.messageID }
        let originals = arrived.filter { ReceivedMail($0)["In-Reply-To"] == nil }
        #expect(replies.count == step.replies, "\(step): \(user), replies")
        #expect(originals.count == step.originals, "\(step): \(user), originals")
        for original in originals {
          #expect(
            ReceivedMail.withoutTrace(original) == mail.bytes.filter { $0 != 0x0D }, "\(step)")
        }
      }
      let status = try heir.waitForStatus { status in
        status.spool.messages.allSatisfy { $0.key == "delivered" || $0.value == 0 }
      }
      #expect(
        status.spool.messages.allSatisfy { $0.key == "delivered" || $0.value == 0 }, "\(status)")
      heir.kill()
    }
    let everybody = Self.steps.indices.flatMap { ["first\($0)", "beside\($0)"] }
    #expect(Set(postfix.users) == Set(everybody))
  }
}
