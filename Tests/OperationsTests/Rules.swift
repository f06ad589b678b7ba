import Testing
import Voicemail

@testable import Operations

@Suite struct Rules {
  private static let envelope = Envelope(
    sender: "pbx@example.com", recipients: [Recipient(address: "ann+4711@example.com")])
  private static let client = ClientFacts(address: "192.0.2.7")

  private func rules(_ text: String) throws -> [ProfileRule] {
    let file = try SettingsFile(path: "vm.conf", bytes: Array(text.utf8))
    return try RuleSection.read(file).map(\.rule)
  }

  private func message(_ headers: [(String, String)], text: String? = nil) -> MessageFacts {
    MessageFacts(
      headers: headers.map { HeaderField($0.0, $0.1) }, contentType: "multipart/mixed",
      parts: [PartFacts(index: 0, contentType: "audio/wav", filename: "message 1.WAV")], text: text)
  }

  @Test func `the built-in rules can be read`() throws {
    #expect(try rules(BuiltInRules.text).map(\.name) == BuiltInRules.all.map(\.name))
    #expect(BuiltInRules.all.count == BuiltInRules.text.split(separator: "[rule ").count - 1)
    #expect(BuiltInRules.all.first?.name == "asterisk")
  }

  @Test func `all conditions must hold, and groups are the facts`() throws {
    let rule = try #require(
      try rules(
        """
        [rule door]
        client = 192.0.2.0/24
        recipient = \\+(?<mailbox>\\d+)@
        header Subject = ^Message from (?<name>.*?) at (?<number>[+\\d ]+)
        part name = ^message \\d+\\.wav$
        find text = ^Length (?<duration>[\\d:]+)
        find header X-Priority = ^(?<urgent>1)
        """
      ).first)
    let sample = message(
      [("Subject", "message FROM Anna Meyer at +44 7700 900123"), ("X-Priority", "1")],
      text: "Hello\nLength 1:05\n")
    let match = try #require(rule.match(sample, Self.envelope, Self.client))
    #expect(match.caller == Caller(number: "+44 7700 900123", name: "Anna Meyer"))
    #expect(match.mailbox == "4711")
    #expect(match.statedSeconds == 65)
    #expect(match.isUrgent)
    #expect(match.evidence == "client, recipient, header Subject, part name")

    #expect(rule.match(sample, Self.envelope, ClientFacts(address: "198.51.100.1")) == nil)
    #expect(rule.match(message([("Subject", "Hello")]), Self.envelope, Self.client) == nil)
    let nobody = Envelope(sender: "", recipients: [Recipient(address: "ann@example.com")])
    #expect(rule.match(sample, nobody, Self.client) == nil)
    let trial = rule.trial(sample, nobody, Self.client)
    #expect(
      trial.steps.filter { !$0.holds }.map(\.key) == ["recipient"],
      "the line that decided is told")
  }

  @Test func `match = any needs one of the message's own conditions, and each of the envelope's`()
    throws
  {
    let rule = try #require(
      try rules("[rule x]\nmatch = any\nsender = ^pbx@\nheader A = .\nheader B = .\n").first)
    #expect(rule.match(message([("B", "1")]), Self.envelope, Self.client)?.evidence != nil)
    #expect(rule.match(message([("C", "1")]), Self.envelope, Self.client) == nil)
    let other = Envelope(sender: "fax@example.com", recipients: [])
    #expect(rule.match(message([("A", "1")]), other, Self.client) == nil)
  }

  @Test func `what is no rule is said with file, line and key`() {
    func complaints(_ text: String) -> [String] {
      do {
        _ = try rules(text)
        return []
      } catch let error as SettingsError {
        return error.lines
      } catch {
        return ["\(error)"]
      }
    }
    #expect(
      complaints("[rule a]\nmatch = any\n") == [
        "vm.conf:1: [rule a]: has no condition, so every recording would be a voicemail"
      ])
    #expect(
      complaints("[rule a]\nheader Subject = x\nmatch = some\n") == [
        "vm.conf:3: [rule a] match: must be all or any"
      ])
    #expect(
      complaints("[rule a b]\nheader Subject = x\n").first?.hasPrefix(
        "vm.conf:1: [rule a b]: a rule's name")
        == true)
    #expect(
      complaints("[rule a]\n# one\nheader Subject = (x\n").first?.hasPrefix(
        "vm.conf:3: [rule a] header Subject: ") == true)
    #expect(
      complaints("[rule a]\nheader Subject = (?<caller>.*)\n") == [
        "vm.conf:2: [rule a] header Subject: no such fact as caller; known are number, name, mailbox, "
          + "duration, time, urgent, private, transcript"
      ])
    #expect(
      complaints("[rule a]\nclient = mars\n").first?.hasPrefix("vm.conf:2: [rule a] client: source")
        == true)
    #expect(complaints("[rule a]\nbody = x\n").first?.contains("no such key; known are") == true)
    #expect(
      complaints("[rule a]\nmatch = x\n[rule b]\nheader A = (\n").count == 2,
      "each wrong rule is told")
  }

  /// Each would take longer than the age of the universe without a limit.
  @Test(arguments: ["^(a+)+$", "^(a|aa)+$", "^(.*)*b$", "(?:(?:a?){40}){40}$x"])
  func `no expression hangs`(_ text: String) throws {
    let expression = try RegularExpression(text)
    let start = ContinuousClock.now
    #expect(expression.captures(in: String(repeating: "a", count: 10_000) + "!") == nil)
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  @Test func `an expression sees NUL and odd characters as text`() throws {
    let expression = try RegularExpression("(?<name>b.*)$")
    #expect(expression.captures(in: "a\u{0}b\u{e9}\u{1F600}") != nil)
    #expect(expression.captures(in: "\u{FFFD}") == nil)
  }
}
