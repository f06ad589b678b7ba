import Foundation
import TestSupport
import Testing

/// MTAs that do unusual things at the milter's socket of the real program.
@Suite(.serialized) struct Peers {
  @Test func `messages of one session keep their recipients apart`() throws {
    let session = try Session()
    let mta = try MTA(session.milter)
    var mail = try AsteriskMail.silent()
    for (number, user) in ["ann", "bob"].enumerated() {
      mail.mailbox = "200\(number)"
      let recipients = number == 0 ? ["<ann@example.com>", "<eve@example.com>"] : ["<\(user)@x.y>"]
      #expect(
        try mta.send(
          mail.bytes, from: "<pbx\(number)@example.com>", to: recipients, queueID: "Q\(number)")
          == "d")
    }
    #expect(session.mta.waitForMessages(2, seconds: 60))
    let byMailbox = Dictionary(
      uniqueKeysWithValues: session.mta.messages.map { message in
        (message.received["Subject"] ?? "", message)
      })
    let first = try #require(byMailbox["[PBX]: New message 3 in mailbox 2000"])
    let second = try #require(byMailbox["[PBX]: New message 3 in mailbox 2001"])
    #expect(first.recipients == ["RCPT TO:<ann@example.com>", "RCPT TO:<eve@example.com>"])
    #expect(second.recipients == ["RCPT TO:<bob@x.y>"])
    #expect(first.mail.hasPrefix("MAIL FROM:<pbx0@example.com>"))
    #expect(second.mail.hasPrefix("MAIL FROM:<pbx1@example.com>"))
    #expect(first.xforward.joined().contains("IDENT=Q0"))
    #expect(second.xforward.joined().contains("IDENT=Q1"))
  }

  @Test func `an aborted message leaves nothing behind for the next one`() throws {
    let session = try Session()
    let mta = try MTA(session.milter)
    let mail = try AsteriskMail.silent().bytes
    try mta.sendEnvelope(to: ["<eve@example.com>"], queueID: "Q1")
    let body = try mta.sendHeaders(mail).body
    try mta.client.body(Array(body.prefix(500)))
    try mta.client.abort()
    #expect(try mta.send(mail, to: ["<ann@example.com>"], queueID: "Q2") == "d")
    #expect(session.mta.waitForMessages(1, seconds: 60))
    #expect(session.mta.messages.first?.recipients == ["RCPT TO:<ann@example.com>"])
    #expect(session.milter.waitForLog(containing: "info: delivered"))
    #expect(session.mta.messages.count == 1)
    #expect(session.milter.logLines("queue_id=Q1").isEmpty)
  }

  @Test func `a connection that drops within a body leaves nothing in the spool`() throws {
    let session = try Session()
    let mail = try AsteriskMail.silent().bytes
    do {
      let mta = try MTA(session.milter)
      try mta.sendEnvelope(to: ["<ann@example.com>"], queueID: "Q1")
      let body = try mta.sendHeaders(mail).body
      try mta.client.body(Array(body.dropLast(40)))
      mta.client.close()
    }
    // A whole message after it shows that the daemon is past the first one.
    try session.deliver(mail, queueID: "Q2")
    #expect(session.mta.waitForMessages(1, seconds: 60))
    #expect(session.milter.waitForLog(containing: "info: delivered"))
    #expect(try session.milter.status().spool.messages.values.reduce(0, +) == 1)
    #expect(session.milter.logLines("queue_id=Q1").isEmpty)
  }

  @Test func `bytes that are no milter protocol do no harm`() throws {
    let session = try Session()
    let nonsense: [[UInt8]] = [
      Array("GET / HTTP/1.0\r\n\r\n".utf8), [0, 0, 0, 0], [255, 255, 255, 255, 79],
      [0, 0, 0, 1, 69], [0, 0, 0, 5, 77, 60, 62],
    ]
    for bytes in nonsense {
      let client = try MilterClient(session.milter.milterAddress)
      try client.sendRaw(bytes)
      client.close()
    }
    try session.deliver(try AsteriskMail.silent().bytes)
    #expect(session.mta.waitForMessages(1, seconds: 60))
  }

  @Test func `a client that is not trusted passes at once, whatever it sends`() throws {
    let session = try Session()
    let client = try MilterClient(session.milter.milterAddress)
    try client.negotiate()
    #expect(try client.connect(name: "pbx.example.com", address: "203.0.113.9") == "a")
    #expect(session.milter.waitForLog(containing: "203.0.113.9 is not a trusted source"))
  }

  @Test func `several voicemails at once all arrive, each once`() throws {
    let session = try Session(["daemon.workers": "2"])
    let short = try VoicemailRecording.silence(seconds: 1)
    for number in 0..<8 {
      var mail = AsteriskMail(short)
      mail.messageID = "<Asterisk-\(number)-1804289383-1001-4242@pbx.example.com>"
      #expect(
        try MTA(session.milter).send(
          mail.bytes, to: ["<ann@example.com>"], queueID: "Q\(number)") == "d")
    }
    #expect(session.mta.waitForMessages(8, seconds: 60))
    #expect(
      try session.milter.waitForStatus { $0.count("delivered") == 8 }.count("delivered") == 8)
    #expect(Set(session.mta.messages.compactMap { $0.received["Message-ID"] }).count == 8)
    #expect(session.mta.messages.count == 8)
  }
}
