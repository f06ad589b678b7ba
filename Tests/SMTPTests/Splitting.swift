import TestSupport
import Testing

@testable import SMTP

/// More recipients than a listener takes at once.
@Suite struct Splitting {
  private let addresses = (1...5).map { "user\($0)@example.com" }

  @Test(arguments: [
    "452 4.5.3 Error: too many recipients", "452 too many recipients", "452 sorry",
    "552 Too many recipients", "550 5.5.3 Too many recipients", "451 too many recipients today",
  ])
  func `recipients beyond the limit are left over, and never all of them`(refusal: String) throws {
    let server = try FakeSMTPServer(
      script {
        $0.always["RCPT TO:<user4@"] = .say(refusal)
        $0.always["RCPT TO:<user5@"] = .say(refusal)
      })
    let client = try client(of: server)
    let result = try client.deliver(submission(to: addresses))
    #expect(
      result.recipients.map(\.outcome) == [.accepted, .accepted, .accepted, .leftOver, .leftOver])
    #expect(!result.isComplete)
    // Alone, the same words are about this recipient.
    let alone = try client.deliver(submission(to: ["user4@example.com"]))
    #expect(alone.reply == nil)
    #expect([.refusedForNow, .refused].contains(alone.recipients.first?.outcome))
  }

  @Test(arguments: [
    "452 4.2.2 Mailbox full", "452 4.3.1 Insufficient system storage", "450 4.2.1 Busy",
    "550 5.1.1 No such user",
  ])
  func `other refusals are the recipient's own`(refusal: String) throws {
    let server = try FakeSMTPServer(script { $0.always["RCPT TO:<user4@"] = .say(refusal) })
    let result = try client(of: server).deliver(submission(to: addresses))
    #expect(
      result.recipients[3].outcome == (refusal.hasPrefix("4") ? .refusedForNow : .refused))
  }

  @Test func `a limit that the listener names is kept (RFC 9422)`() throws {
    let server = try FakeSMTPServer(
      script { $0.extensions = ["PIPELINING", "LIMITS MAILMAX=7 RCPTMAX=2 RCPTDOMAINMAX=1"] })
    let client = try client(of: server)
    #expect(client.extensions.maximumMessages == 7)
    let result = try client.deliver(submission(to: addresses))
    #expect(
      result.recipients.map(\.outcome) == [.accepted, .accepted, .leftOver, .leftOver, .leftOver])
    #expect(server.messages.map(\.recipients.count) == [2])
  }

  @Test func `a limit that makes no sense is none`() throws {
    for limits in ["LIMITS", "LIMITS RCPTMAX", "LIMITS RCPTMAX=0", "LIMITS RCPTMAX=x"] {
      let server = try FakeSMTPServer(script { $0.extensions = [limits] })
      #expect(try client(of: server).deliver(submission(to: addresses)).isComplete)
    }
  }

  @Test(arguments: [true, false])
  func `a server that closes at one too many tells how many it takes`(pipelining: Bool) throws {
    let found = try failure(
      script {
        if !pipelining { $0.extensions = [] }
        $0.always["RCPT TO:<user4@"] = .sayAndDrop("421 4.5.3 too many recipients")
      }, submission(to: addresses))
    #expect(found?.kind == .transient)
    #expect(found?.recipientLimit(offered: 5) == 3)
    let first = try failure(
      script { $0.always["RCPT TO:<user1@"] = .sayAndDrop("421 too many recipients") },
      submission(to: addresses))
    #expect(first?.recipientLimit(offered: 101) == 100)
    #expect(first?.recipientLimit(offered: 100) == nil)
  }

  @Test func `a server that closes among recipients gets fewer of them, whatever its reason`()
    throws
  {
    for step in [FakeSMTPServer.Step.sayAndDrop("421 4.7.0 too many errors"), .drop] {
      let found = try failure(
        script { $0.always["RCPT TO:<user4@"] = step }, submission(to: addresses))
      #expect(found?.recipientLimit(offered: 5) == 2)
    }
  }

  @Test func `Postfix closes at the command after one refusal too many, which may be DATA`() throws
  {
    let found = try failure(
      script {
        $0.always["RCPT TO:<user5@"] = .say("452 4.5.3 Error: too many recipients")
        $0.always["DATA"] = .sayAndDrop("421 4.7.0 Error: too many errors")
      }, submission(to: addresses))
    #expect(found?.recipientLimit(offered: 5) == 2)
  }

  @Test(arguments: ["MAIL", "RCPT TO:<user1@", "DATA"])
  func `where no recipient was accepted, fewer would not help`(verb: String) throws {
    let found = try failure(
      script { $0.always[verb] = .sayAndDrop("421 4.3.2 Shutting down") },
      submission(to: addresses))
    #expect(found?.recipientLimit(offered: 5) == nil)
  }
}
