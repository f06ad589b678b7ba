import Testing
import Voicemail

@testable import Spool

@Suite struct Accepting {
  @Test(arguments: [0, 1, 262_144, 262_145, 3_000_000])
  func `content comes back byte for byte`(size: Int) throws {
    let spool = try TestSpool()
    let content = noise(size)
    try spool.store.accept(.sample(content: content))
    let leased = try #require(try spool.store.leaseForTranscription(holder: "w", nowMS: 2_000))
    #expect(leased.content == content)
    // The last one is shorter than the others, if need be empty.
    let chunks = size / JobStore.chunkBytes + 1
    #expect(try spool.number("SELECT count(*) FROM content") == Int64(chunks))
  }

  @Test func `NULs, bare line ends and bytes above 127 are content like any other`() throws {
    let spool = try TestSpool()
    let content: [UInt8] = [0, 0, 13, 10, 10, 13, 0xff, 0x80, 0xc3, 0x28, 0]
    try spool.store.accept(.sample(content: content))
    #expect(try spool.store.leaseForTranscription(holder: "w", nowMS: 2_000)?.content == content)
  }

  @Test func `envelope, client and facts come back as they were`() throws {
    let spool = try TestSpool()
    var job = NewJob.sample("job1", receivedMS: 1_700_000_000_000)
    job.envelope = Envelope(
      sender: "päul\"o'hara\"@example.com",
      senderParameters: ["BODY=8BITMIME", "SMTPUTF8", "ENVID=a+3Db", "SIZE=99"],
      recipients: [
        Recipient(
          address: "zoë@example.com",
          parameters: ["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;a@example.com"]),
        Recipient(address: "ann@example.com"), Recipient(address: "ann@example.com"),
      ])
    job.client = ClientFacts(
      name: "pbx.example.com", address: "2001:db8::1", port: 65_535, helo: "[x]\u{1}\\\"",
      protocolName: "ESMTPSA", queueID: "4Bcd\u{0}EF")
    job.messageID = "<a\u{0}b'; DROP TABLE message@example.com>"
    job.voicemail = VoicemailFacts(
      rule: "asterisk", reason: "X-Asterisk-*", caller: Caller(number: "+44 20", name: "Ann \"A\""),
      mailbox: "100", audioParts: [1, 3])
    try spool.store.accept(job)
    try spool.reopen()

    let leased = try #require(
      try spool.store.leaseForTranscription(holder: "w", nowMS: job.receivedMS))
    #expect(leased.envelope == job.envelope)
    #expect(leased.client == job.client)
    #expect(leased.messageID == job.messageID)
    #expect(leased.voicemail == job.voicemail)
    #expect(leased.receivedMS == job.receivedMS)
    #expect(leased.attempt == 1)
    #expect(leased.form == .enhanced)
    #expect(leased.content == job.content)
    #expect(leased.policy == .builtIn)
    #expect(leased.allowedMS == job.allowedMS)
  }

  @Test func `a policy comes back whole, also one that an older program has written`() throws {
    let spool = try TestSpool()
    var job = NewJob.sample()
    job.policy = Policy(name: "all")
    job.policy.mode = .headers
    job.policy.contentInSubject = false
    job.policy.engines = ["a", "b"]
    job.policy.language = "de"
    job.policy.template = "/t"
    job.policy.vocabulary = "/v"
    job.policy.country = "DE"
    job.policy.threading = .caller
    job.policy.countCalls = true
    job.policy.deadlineMS = 7
    job.policy.subject = .append
    job.policy.lateReply = true
    try spool.store.accept(job)
    #expect(try spool.store.details(job.id)?.policy == job.policy)
    try spool.run("UPDATE message SET policy = '{\"name\":\"old\"}'")
    #expect(
      try spool.store.leaseForTranscription(holder: "w", nowMS: job.receivedMS)?.policy
        == Policy(name: "old"))
  }

  @Test func `the null sender stays empty, and no client facts stay none`() throws {
    let spool = try TestSpool()
    var job = NewJob.sample()
    job.envelope.sender = ""
    job.client = ClientFacts()
    try spool.store.accept(job)
    let leased = try #require(try spool.store.leaseForTranscription(holder: "w", nowMS: 2_000))
    #expect(leased.envelope.sender.isEmpty)
    #expect(leased.client == ClientFacts())
    #expect(leased.messageID == nil)
  }

  @Test func `a thousand recipients keep their order`() throws {
    let spool = try TestSpool()
    let recipients = (0..<1_000).map { "r\(($0 * 7_919) % 1_000)@example.com" }
    try spool.store.accept(.sample(recipients: recipients))
    let leased = try #require(try spool.store.leaseForTranscription(holder: "w", nowMS: 2_000))
    #expect(leased.envelope.recipients.map(\.address) == recipients)
  }

  @Test func `an id is taken once, and the first message stays`() throws {
    let spool = try TestSpool()
    try spool.store.accept(.sample("same", content: Array("first".utf8)))
    let error = #expect(throws: SpoolError.self) {
      try spool.store.accept(.sample("same", content: Array("second".utf8)))
    }
    #expect(error?.isOneLine == true)
    #expect(error?.sentence.contains("UNIQUE") == true)
    let leased = try spool.store.leaseForTranscription(holder: "w", nowMS: 2_000)
    #expect(leased?.content == Array("first".utf8))
    #expect(try spool.number("SELECT count(*) FROM event WHERE what LIKE 'received%'") == 1)
  }
}
