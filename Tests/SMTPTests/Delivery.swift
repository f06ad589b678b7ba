import TestSupport
import Testing

@testable import SMTP

@Suite struct Delivery {
  @Test func `a message arrives with its envelope and the new queue id is known`() throws {
    let server = try FakeSMTPServer()
    let client = try client(of: server)
    let result = try client.deliver(
      submission(sender: "", to: ["ann@example.com", "\"b <b> c\"@example.com"]))
    client.quit()

    #expect(result.isComplete)
    #expect(result.queueID == "FAKE1")
    #expect(result.remarks.isEmpty)
    let message = try #require(server.messages.first)
    #expect(message.mail == "MAIL FROM:<> SIZE=24")
    #expect(
      message.recipients == [
        "RCPT TO:<ann@example.com>", "RCPT TO:<\"b <b> c\"@example.com>",
      ])
    #expect(message.text == "Subject: hello\r\n\r\nbody\r\n")
    #expect(server.commands.first == "EHLO filter.test")
    #expect(server.commands.last == "QUIT")
  }

  @Test func `several messages go over one connection`() throws {
    let server = try FakeSMTPServer()
    let client = try client(of: server)
    for number in 1...3 {
      #expect(client.isUsable)
      #expect(try client.deliver(submission()).queueID == "FAKE\(number)")
    }
    #expect(server.connectionCount == 1)
  }

  @Test func `a listener at a Unix socket is served alike`() throws {
    let directory = try TemporaryDirectory()
    let server = try FakeSMTPServer(unixPath: directory.file("listener.sock"))
    #expect(try client(of: server).deliver(submission()).isComplete)
  }

  @Test func `a server that knows only HELO gets the message without parameters`() throws {
    let server = try FakeSMTPServer(script { $0.extensions = nil })
    var message = submission("\u{E4}\r\n")
    message.senderParameters = ["BODY=8BITMIME", "SMTPUTF8", "RET=HDRS"]
    message.client = ForwardedClient(name: "pbx.example.com")
    let result = try client(of: server).deliver(message)
    #expect(result.isComplete)
    #expect(server.commands.prefix(2) == ["EHLO filter.test", "HELO filter.test"])
    #expect(server.messages.first?.mail == "MAIL FROM:<pbx@example.com>")
    #expect(result.remarks.count == 2)
  }

  @Test func `each recipient has its own result`() throws {
    let server = try FakeSMTPServer(
      script {
        $0.always["RCPT TO:<later@"] = .say("450 4.2.1 Mailbox busy")
        $0.always["RCPT TO:<never@"] = .say("550-5.1.1 No such user\n550 5.1.1 ask your admin")
      })
    let addresses = ["never@example.com", "ann@example.com", "later@example.com"]
    let result = try client(of: server).deliver(submission(to: addresses))
    #expect(result.recipients.map(\.address) == addresses)
    #expect(result.recipients.map(\.outcome) == [.refused, .accepted, .refusedForNow])
    #expect(result.recipients[0].reply.lines == ["5.1.1 No such user", "5.1.1 ask your admin"])
    #expect(result.queueID == "FAKE1")
    #expect(!result.isComplete)
    #expect(server.messages.map(\.recipients) == [["RCPT TO:<ann@example.com>"]])
  }

  @Test(arguments: [true, false])
  func `with no recipient accepted nothing is sent and the connection serves on`(
    pipelining: Bool
  ) throws {
    let server = try FakeSMTPServer(
      script {
        if !pipelining { $0.extensions = [] }
        $0.always["RCPT TO:<never@"] = .say("550 no")
      })
    let client = try client(of: server)
    let result = try client.deliver(submission(to: ["never@example.com"]))
    #expect(result.reply == nil)
    #expect(result.recipients.map(\.outcome) == [.refused])
    #expect(server.commands.last == "RSET")
    #expect(!server.commands.contains("DATA"))
    #expect(try client.deliver(submission()).isComplete)
  }

  @Test(arguments: [true, false])
  func `a thousand recipients are one transaction`(pipelining: Bool) throws {
    let server = try FakeSMTPServer(script { if !pipelining { $0.extensions = [] } })
    let addresses = (1...1000).map { "user\($0)@example.com" }
    let result = try client(of: server).deliver(submission(to: addresses))
    #expect(result.isComplete)
    #expect(server.messages.map(\.recipients.count) == [1000])
  }

  @Test func `replies that come byte by byte are read`() throws {
    let server = try FakeSMTPServer(
      script {
        $0.always["CONNECT"] = .drip("220-fake\n220 ready")
        $0.always["MAIL"] = .drip("250 2.1.0 Ok")
        $0.always["."] = .drip("250 2.0.0 Ok: queued as 4XyZ")
      })
    #expect(try client(of: server).deliver(submission()).queueID == "4XyZ")
  }

  @Test(arguments: [
    ("250 2.0.0 Ok: queued as 88A9DF8E1B2", "88A9DF8E1B2"),
    ("250 OK id=1tExxM-0001Ab-2C", "1tExxM-0001Ab-2C"),
    ("250 2.0.0 49A1b2c3 Message accepted for delivery", "49A1b2c3"),
    ("250 2.0.0 Ok: queued as", nil),
    ("250 fine", nil),
  ])
  func `the queue id is found in the replies of Postfix, Exim and Sendmail`(
    text: String, id: String?
  ) throws {
    let server = try FakeSMTPServer(script { $0.always["."] = .say(text) })
    #expect(try client(of: server).deliver(submission()).queueID == id)
  }
}
