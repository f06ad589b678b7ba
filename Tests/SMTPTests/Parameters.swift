import TestSupport
import Testing

@testable import SMTP

@Suite struct Parameters {
  private func mail(
    _ parameters: [String], offered: [String], message: String = "a\r\n",
    sender: String = "a@b.test"
  ) throws -> (line: String?, remarks: [String]) {
    let server = try FakeSMTPServer(script { $0.extensions = offered })
    var item = submission(message, sender: sender)
    item.senderParameters = parameters
    let result = try client(of: server).deliver(item)
    return (
      server.messages.first.map { String($0.mail.dropFirst("MAIL FROM:".count)) }, result.remarks
    )
  }

  @Test func `what the listener offers is sent again, size recomputed, AUTH dropped`() throws {
    let all = ["SIZE=999", "BODY=8BITMIME", "RET=HDRS", "ENVID=QQ+2B1", "SMTPUTF8", "AUTH=<>"]
    let found = try mail(all, offered: ["SIZE", "8BITMIME", "DSN", "SMTPUTF8", "AUTH PLAIN"])
    #expect(found.line == "<a@b.test> SIZE=3 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ+2B1")
    #expect(found.remarks.isEmpty)
  }

  @Test func `what the listener does not offer stays behind with a remark`() throws {
    let all = ["SIZE=9", "BODY=8BITMIME", "RET=HDRS", "SMTPUTF8", "REQUIRETLS", "X=1"]
    let found = try mail(all, offered: [])
    #expect(found.line == "<a@b.test>")
    for keyword in ["RET", "SMTPUTF8", "REQUIRETLS", "X"] {
      #expect(found.remarks.contains { $0.hasPrefix("parameter \(keyword) left out") })
    }
  }

  @Test(arguments: [
    (["BODY=7BIT"], "\u{E9}\n", "<a@b.test> BODY=8BITMIME"),
    (["BODY=BINARYMIME"], "a\n", "<a@b.test>"),
    (["body=7bit"], "a\n", "<a@b.test> BODY=7BIT"),
    ([], "\u{E9}\n", "<a@b.test> BODY=8BITMIME"),
    ([], "a\n", "<a@b.test>"),
  ])
  func `BODY speaks of what is sent`(parameters: [String], message: String, line: String) throws {
    #expect(try mail(parameters, offered: ["8BITMIME"], message: message).line == line)
  }

  @Test func `an address beyond ASCII brings SMTPUTF8 with it`() throws {
    let found = try mail([], offered: ["SMTPUTF8"], sender: "j\u{F6}rg@b.test")
    #expect(found.line == "<j\u{F6}rg@b.test> SMTPUTF8")
  }

  @Test func `recipients keep NOTIFY and ORCPT where DSN is offered`() throws {
    let parameters = ["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;Orig+2B1@example.com"]
    for (offered, expected) in [(["DSN"], " \(parameters.joined(separator: " "))"), ([], "")] {
      let server = try FakeSMTPServer(script { $0.extensions = offered })
      var item = submission()
      item.recipients = [SubmissionRecipient("ann@example.com", parameters: parameters)]
      _ = try client(of: server).deliver(item)
      #expect(server.messages.first?.recipients == ["RCPT TO:<ann@example.com>\(expected)"])
    }
  }

  @Test func `a parameter that would break the line stays behind`() throws {
    let bad = [
      "ENVID=a\r\nRSET", "ENVID=a b", "ENVID=a\0", "", "RET=\(String(repeating: "x", count: 700))",
    ]
    let found = try mail(bad, offered: ["DSN"])
    #expect(found.line == "<a@b.test>")
    #expect(!found.remarks.isEmpty)
  }

  @Test(arguments: [
    "a@b>\r\nRCPT TO:<c@d", "a@b\n", "a@b\r", "a\0@b", "a b@c", "a@b> NOTIFY=NEVER", "<a@b",
    "\"a> b@c", "\"a\\\"> b@c", "a\u{7F}@b", String(repeating: "a", count: 1001),
  ])
  func `an address that would inject a command never reaches the wire`(address: String) throws {
    let server = try FakeSMTPServer()
    let client = try client(of: server)
    let found = try #require(throws: SMTPFailure.self) {
      _ = try client.deliver(submission(sender: address))
    }
    #expect(found.kind == .permanent)
    #expect(found.stage == .mail)
    #expect(server.commands == ["EHLO filter.test"])

    let result = try client.deliver(submission(to: [address, "ann@example.com"]))
    #expect(result.recipients.map(\.outcome) == [.refused, .accepted])
    #expect(server.messages.map(\.recipients) == [["RCPT TO:<ann@example.com>"]])

    let nobody = try client.deliver(submission(to: [address]))
    #expect(nobody.recipients.map(\.outcome) == [.refused])
    #expect(nobody.reply == nil)
  }

  @Test func `a message without recipients is refused before the wire`() throws {
    let found = try failure(script { _ in }, submission(to: []))
    #expect(found?.kind == .permanent)
  }
}
