import TestSupport
import Testing
import Voicemail

@testable import Mail

@Suite struct Replying {
  private static let origin = ReplyHead.Origin(
    id: "job1", host: "mail.example.com", address: "voicemail@mail.example.com",
    unixSeconds: 1_786_023_949, utcOffsetSeconds: 7_200)

  private func head(_ fields: String..., thread: String? = nil) -> [String: String] {
    let text = fields.joined(separator: "\r\n") + "\r\n\r\nbody\r\n"
    let head = ReplyWriter.head(to: Array(text.utf8)).fields(Self.origin, thread: thread)
    return Dictionary(uniqueKeysWithValues: head.map { ($0.name, $0.value) })
  }

  private static let usual = [
    "From: Asterisk PBX <asterisk@pbx.example.com>", "To: \"Ann\" <ann@example.com>",
    "Subject: New message", "Message-ID: <1@pbx>",
  ]

  @Test func `a reply stands below its message`() {
    let head = head(Self.usual[0], Self.usual[1], Self.usual[2], Self.usual[3])
    #expect(head["From"] == "Asterisk PBX <asterisk@pbx.example.com>")
    #expect(head["To"] == "\"Ann\" <ann@example.com>")
    #expect(head["Subject"] == "Re: New message")
    #expect(head["Message-ID"] == "<reply.job1@mail.example.com>")
    #expect(head["In-Reply-To"] == "<1@pbx>")
    #expect(head["References"] == "<1@pbx>")
    #expect(head["Auto-Submitted"] == "auto-generated")
    #expect(head["Date"]?.hasSuffix("+0200") == true)
  }

  @Test func `an older thread goes on, and a given one begins it`() {
    #expect(
      head(Self.usual[3], "References: <a@x>", " <b@x>", thread: "<t@x>")["References"]
        == "<a@x> <b@x> <1@pbx>")
    #expect(head(Self.usual[3], "In-Reply-To: <a@x>")["References"] == "<a@x> <1@pbx>")
    #expect(head(Self.usual[3], thread: "<t@x>")["References"] == "<t@x> <1@pbx>")
    let many = (0..<40).map { "<\($0)@x>" }
    let references = head(Self.usual[3], "References: " + many.joined(separator: " "))["References"]
    #expect(references?.split(separator: " ").count == 11)
    #expect(references?.hasPrefix("<0@x> <31@x> ") == true)
    #expect(references?.hasSuffix(" <39@x> <1@pbx>") == true)
  }

  @Test(arguments: [
    "From: a@x.example, b@x.example", "From: undisclosed", "From: Ann <ann@x.example> extra@y",
    "From: \"a b\"@x.example", "X-From: none", "From: J\u{f6}rg <j@x.example>",
  ])
  func `a sender that is not one plain address is replaced by our own`(field: String) {
    #expect(head(field, Self.usual[3])["From"] == "Voicemail <voicemail@mail.example.com>")
  }

  @Test func `in a signed domain's name only its own hosts may write`() {
    #expect(
      head(Self.usual[0], "DKIM-Signature: v=1; d=pbx.example.com; b=x")["From"]
        == "Voicemail <voicemail@mail.example.com>")
  }

  @Test func `what is absent or odd in the message makes no odd reply`() {
    let bare = head("X-Nothing: here")
    #expect(bare["To"] == "undisclosed-recipients:;")
    #expect(bare["Subject"] == "Re: ")
    #expect(bare["In-Reply-To"] == nil)
    #expect(bare["References"] == nil)
    let odd = head(
      "Subject: Nachricht f\u{fc}r \u{1F600}", "Message-ID: <a b> <c\u{fc}@x>", "To: <>\u{fc}")
    #expect(odd["Subject"]?.hasPrefix("Re: =?utf-8?B?") == true)
    #expect(odd["In-Reply-To"] == nil)
    #expect(odd["To"] == "undisclosed-recipients:;")
    #expect(head("Subject: RE: again")["Subject"] == "RE: again")
    let long = String(repeating: "a", count: 1_000)
    #expect(head("To: \(long)@x.example")["To"] == "undisclosed-recipients:;")
    #expect(head("From: \(long)@x.example")["From"]?.contains("voicemail@") == true)
    for value in odd.values { #expect(value.utf8.allSatisfy { (0x20...0x7E).contains($0) }) }
  }

  @Test func `the whole message has the two texts and reads as written`() throws {
    let original = Array(Self.usual.joined(separator: "\r\n").utf8) + Array("\r\n\r\nx".utf8)
    let head = ReplyWriter.head(to: original).fields(Self.origin)
    let enhancement = Enhancement(
      headers: [HeaderField("X-Voicemail-Transcript", "ok")], text: "\"Gr\u{fc}\u{df}e\"\n",
      html: "<div>Gr\u{fc}\u{df}e</div>", language: "de")
    let reply = try MessageSplicer().reply(head: head, with: enhancement)
    let read = ReceivedMail(reply)
    #expect(read["X-Voicemail-Transcript"] == "ok")
    #expect(read["In-Reply-To"] == "<1@pbx>")
    #expect(read.parts.map(\.contentType) == ["text/plain", "text/html"])
    #expect(read.part("text/plain")?.text.hasPrefix("\"Gr\u{fc}\u{df}e\"") == true)
    #expect(read.part("text/html")?.text.contains("<div>Gr\u{fc}\u{df}e</div>") == true)
    #expect(!reply.contains { $0 > 0x7E })
  }
}
