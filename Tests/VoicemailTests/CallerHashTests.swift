import Testing
import Voicemail

@Suite struct CallerHashTests {
  private func hash(
    _ number: String?, mailbox: String? = "1001", to recipients: [String] = ["ann@example.com"],
    e164: String? = nil
  ) -> [UInt8]? {
    var caller = Caller(number: number)
    caller.e164 = e164
    return loopGuard.callerHash(
      VoicemailFacts(rule: "asterisk", reason: "", caller: caller, mailbox: mailbox),
      Envelope(sender: "", recipients: recipients.map { Recipient(address: $0) }))
  }

  @Test func `one caller at one mailbox has one hash, however the number is written`() {
    #expect(hash("07700 900123") == hash("(07700) 900-123"))
    #expect(hash("07700 900123", to: ["bob@example.com"]) == hash("07700900123"))
    #expect(hash("07700900123", e164: "+447700900123") == hash("+447700900123"))
    #expect(hash("07700900123") != hash("07700900124"))
    #expect(hash("07700900123") != hash("07700900123", mailbox: "1002"))
    #expect(
      hash("1", mailbox: nil, to: ["a@x.example", "B@x.example"])
        == hash("1", mailbox: nil, to: ["b@x.example", "A@x.example"]))
    #expect(hash("1", mailbox: nil) != hash("1", mailbox: nil, to: ["bob@example.com"]))
  }

  @Test func `a caller who is not known has none`() {
    for number in [nil, "", "anonymous", "Unknown"] { #expect(hash(number) == nil) }
  }

  @Test func `the conversation's root is an identifier that tells no number`() throws {
    let thread = loopGuard.callerThread(try #require(hash("07700900123")), host: "mail.example.com")
    #expect(thread.wholeMatch(of: /<vm\.[0-9a-f]{24}@mail\.example\.com>/) != nil)
    #expect(!thread.contains("900123"))
  }
}
