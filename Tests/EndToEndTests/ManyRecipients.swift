import Foundation
import TestSupport
import Testing

/// A message for more recipients than the listener takes at once: no one twice, no one missed.
@Suite(.serialized) struct ManyRecipients {
  private let addresses = (1...1_000).map { "user\($0)@example.com" }
  private var paths: [String] { addresses.map { "<\($0)>" } }

  private func script(_ step: FakeSMTPServer.Step, _ limit: Int = 100) -> FakeSMTPServer.Script {
    var script = FakeSMTPServer.Script()
    script.recipientLimit = (limit, step)
    return script
  }

  private func recipients(_ mta: FakeSMTPServer) -> [String] {
    mta.messages.flatMap(\.recipients).map {
      String($0.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" })
    }
  }

  @Test(arguments: [
    FakeSMTPServer.Step.say("452 4.5.3 Error: too many recipients"),
    .sayAndDrop("421 4.5.3 Error: too many recipients"),
  ])
  func `a thousand recipients go in ten transactions`(refusal: FakeSMTPServer.Step) throws {
    let session = try Session(script: script(refusal))
    let id = try session.deliver(try ResultTable.mail().bytes, to: paths)
    #expect(session.milter.waitForLog(containing: "info: delivered", "id=\(id)", "recipients=1000"))
    #expect(session.mta.messages.map(\.recipients.count) == Array(repeating: 100, count: 10))
    #expect(recipients(session.mta) == addresses)
    #expect(session.milter.logLines("warning: deferred").isEmpty)
    let details = try JSON.object(session.milter.command("show", id, "--json").text)
    let ids = (1...10).map { "FAKE\($0)" }.joined(separator: ", ")
    #expect(details["new_queue_id"] as? String == ids)
  }

  @Test func `a restart in the middle sends to those who do not have it`() throws {
    var script = script(.say("452 4.5.3 Error: too many recipients"))
    script.once = Array(repeating: ("DATA", .say("354 go")), count: 4) + [("DATA", .hang)]
    let mta = try FakeSMTPServer(script)
    let directory = try TemporaryDirectory()
    let settings = ["delivery.target": mta.target]
    do {
      let milter = try RunningMilter(settings, in: directory)
      #expect(
        try MTA(milter).send(try ResultTable.mail().bytes, to: paths, queueID: "QQ1") == "d")
      #expect(eventually { mta.commands.count { $0 == "DATA" } == 5 })
      milter.kill()
    }
    #expect(mta.messages.count == 4)
    let milter = try RunningMilter(settings, in: directory)
    #expect(milter.waitForLog(containing: "info: delivered", "recipients=600"))
    #expect(recipients(mta) == addresses)
  }

  @Test func `a real Postfix takes them at its limit of recipients`() throws {
    let postfix = try PrivatePostfix([
      "smtpd_recipient_limit=20", "smtpd_recipient_overshoot_limit=5",
      "smtpd_error_sleep_time=0",
    ])
    // The main listener: the shipped one for reinjection has no limit to speak of.
    let milter = try RunningMilter(["delivery.target": "smtp:127.0.0.1:\(postfix.smtpPort)"])
    let users = (1...45).map { "user\($0)" }
    #expect(
      try MTA(milter).send(
        try ResultTable.mail().bytes, to: users.map { "<\($0)@example.com>" }, queueID: "QQ1")
        == "d")
    try #require(milter.waitForLog(containing: "info: delivered", "recipients=45", seconds: 30))
    for user in users {
      try #require(postfix.waitForMail(of: user).count == 1)
    }
    #expect(milter.logLines("warning: deferred").isEmpty)
  }

  @Test func `a server that closes for the refused ones still gets the others`() throws {
    var script = FakeSMTPServer.Script()
    for number in [2, 4, 6, 8] {
      script.always["RCPT TO:<user\(number)@"] = .say("550 5.1.1 no such user")
    }
    script.always["RCPT TO:<user9@"] = .sayAndDrop("421 4.7.0 too many errors")
    let session = try Session(script: script)
    try session.deliver(try ResultTable.mail().bytes, to: Array(paths.prefix(9)))
    #expect(session.milter.waitForLog(containing: "deferred", "too many errors"))
    // user9 alone is left: to be tried again, while the others have it.
    #expect(
      Set(recipients(session.mta)) == Set([1, 3, 5, 7].map { "user\($0)@example.com" }))
    #expect(recipients(session.mta).count == 4)
  }
}
