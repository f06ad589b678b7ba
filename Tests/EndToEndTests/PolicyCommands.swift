import Foundation
import TestSupport
import Testing

/// What the commands say of policies.
@Suite struct PolicyCommands {
  private let directory: TemporaryDirectory
  private let mail: AsteriskMail

  init() throws {
    directory = try TemporaryDirectory()
    mail = try AsteriskMail.silent()
    try RunningMilter.write(
      [
        "policy a.recipient": "^ann@", "policy a.mode": "original-first",
        "policy b.recipient": "^bob@", "policy b.mode": "headers",
        "policy c.rule": "vpim, asterisk", "policy c.mode": "off",
      ], to: directory.file("c.conf"), in: directory)
    try Data(mail.bytes).write(to: directory.url.appendingPathComponent("v.eml"))
  }

  private func run(_ arguments: String...) throws -> RunningMilter.Ended {
    try RunningMilter.run(
      arguments + [directory.file("v.eml"), "--config", directory.file("c.conf")])
  }

  @Test func `inspect says which policy each recipient has, and why`() throws {
    let text = try run("inspect", "--rcpt", "ann@example.com", "--rcpt", "eve@example.com").text
    #expect(text.contains("a for ann@example.com, mode original-first: recipient"))
    #expect(text.contains("c for eve@example.com, mode off: rule"))
    let json = try JSON.object(
      try run("inspect", "--json", "--rcpt", "bob@example.com").text)
    let policy = try #require((json["policies"] as? [[String: Any]])?.first)
    #expect(
      policy.compactMapValues { $0 as? String } == [
        "recipient": "bob@example.com", "policy": "b", "mode": "headers", "reason": "recipient",
      ])
    #expect(policy["objection"] is NSNull)
  }

  @Test func `preview says which policy it shows, and why`() throws {
    let first = try run("preview", "--text", "call me", "--rcpt", "ann@example.com")
    #expect(first.errors.contains("policy a for ann@example.com, mode original-first: recipient"))
    let named = try run("preview", "--text", "call me", "--policy", "b")
    #expect(named.errors.contains("policy b, mode headers: named by --policy"))
  }

  @Test func `private mail is for the policies that take it`() throws {
    var sent = mail
    sent.extraHeaders = ["Sensitivity: Private"]
    try Data(sent.bytes).write(to: directory.url.appendingPathComponent("v.eml"))
    let inspected = try run("inspect", "--rcpt", "bob@example.com", "--rcpt", "eve@example.com")
    #expect(inspected.text.contains("private\n  policy      b for bob@"))
    #expect(inspected.text.contains("mode headers: recipient\n  policy"))
    let replied = try run("inspect", "--rcpt", "ann@example.com").text
    #expect(
      replied.contains("mode original-first: recipient\n              it passes: marked as private")
    )
    let held = try run("preview", "--policy", "default")
    #expect(held.status == 3 && held.output == sent.bytes)
    #expect(held.errors.contains("marked as private"))

    try RunningMilter.write(
      ["policy all.take_private": "yes"], to: directory.file("c.conf"), in: directory)
    let taken = try run("preview", "--text", "call me")
    #expect(taken.status == 0)
    #expect(ReceivedMail(taken.output)["X-Voicemail-Transcript"] == "none")
  }

  @Test func `preview shows the recipient's mail, or that of a policy named`() throws {
    let reply = ReceivedMail(
      try run("preview", "--text", "call me", "--rcpt", "ann@example.com").output)
    #expect(reply["In-Reply-To"] == mail.messageID)
    #expect(reply.recordings.isEmpty)
    let headers = try run("preview", "--policy", "b").output
    #expect(headers.suffix(mail.bytes.count) == mail.bytes[...])
    #expect(ReceivedMail(headers)["X-Voicemail-Transcript"] != nil)
    let hold = ReceivedMail(try run("preview", "--policy", "default").output)
    #expect(hold.recordings == [mail.recording])
    #expect(hold["X-Voicemail-Transcript"] != nil)

    let off = try run("preview")
    #expect(off.status == 3)
    #expect(off.output == mail.bytes)
    #expect(off.errors.contains("policy c is off"))
    let unknown = try run("preview", "--policy", "x")
    #expect(unknown.status == 1)
    #expect(unknown.errors.contains("no such policy as x; known are a, b, c, default"))
  }
}
