import Foundation
import TestSupport
import Testing

/// `test-message`: what an administrator sends to see the whole way.
@Suite(.serialized)
struct TestMessages {
  @Test func `a spoken voicemail goes through Postfix, and each step is told`() throws {
    let postfix = try PrivatePostfix()
    let milter = try postfix.milter()
    let ended = try milter.command(
      "test-message", "--to", "ann@example.com", "--via", "smtp:127.0.0.1:\(postfix.smtpPort)")
    #expect(ended.status == 0, "\(ended.errors)\(milter.log)")
    for step in ["sent: smtp:127.0.0.1:", "in the spool as ", "delivered, transcript "] {
      #expect(ended.lines.contains { $0.contains(step) }, "\(step): \(ended.text)")
    }
    #expect(ended.lines.allSatisfy { $0.wholeMatch(of: /\d+\.\d s +\S.*/) != nil }, "\(ended.text)")
    let arrived = try #require(postfix.waitForMail(of: "ann").first)
    let mail = ReceivedMail(arrived)
    #expect(["ok", "low"].contains(mail["X-Voicemail-Transcript"]))
    #expect(mail.recordings.count == 1)
    #expect(postfix.mail(of: "ann").count == 1)
  }

  @Test func `what cannot be sent or followed is told, with what to do`() throws {
    let milter = try RunningMilter()
    let nobody = try milter.command(
      "test-message", "--to", "ann@example.com", "--via", "unix:/nonexistent/mta.sock")
    #expect(nobody.status == 1)
    #expect(
      nobody.errors
        == "voicemail-milter: not sent: unix:/nonexistent/mta.sock at connect: No such file or directory\n"
    )
    // An MTA that knows nothing of this filter.
    let stranger = try FakeSMTPServer()
    let lost = try milter.command(
      "test-message", "--to", "ann@example.com", "--via", "smtp:127.0.0.1:\(stranger.port)",
      "--timeout", "300ms")
    #expect(lost.status == 1)
    #expect(lost.text.contains("it is not in the spool"))
    #expect(lost.errors.contains("voicemail-milter check --live"))
    #expect(stranger.messages.count == 1)
    milter.kill()
    let down = try milter.command("test-message", "--to", "ann@example.com")
    #expect(down.status == 69)
    #expect(down.errors == "voicemail-milter: the daemon is not running\n")
    for words in [["--to", "a b@example.com"], ["--to", "ann@x", "--via", "port 25"], []] {
      #expect(try RunningMilter.run(["test-message"] + words).status == 2)
    }
  }
}
