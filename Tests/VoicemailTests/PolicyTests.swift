import Operations
import Testing
import Voicemail

@Suite struct PolicyTests {
  private static let voicemail = VoicemailFacts(
    rule: "asterisk", reason: "because", mailbox: "1001")

  private func rule(_ name: String, _ lines: KeyValuePairs<String, String>) throws -> PolicyRule {
    try PolicyRule(
      name: name, lines: lines.map { (key: $0.key, value: $0.value) },
      milliseconds: { Int64($0) }
    ) { text throws(InvalidRule) in try RegularExpression(text) }
  }

  @Test func `the first policy whose conditions all hold is the recipient's`() throws {
    let policies = Policies(rules: [
      try rule("ann", ["recipient": "^ann@", "rule": "kazoo, asterisk", "mode": "off"]),
      try rule("thousand", ["mailbox": "^1", "mode": "headers"]),
      try rule("rest", ["mode": "companion"]),
    ])
    func name(_ recipient: String, _ voicemail: VoicemailFacts = Self.voicemail) -> String {
      policies.choice(voicemail, sender: "pbx@example.com", recipient: recipient).policy.name
    }
    #expect(name("ann@example.com") == "ann")
    #expect(name("ANN@example.com") == "ann")
    #expect(name("joann@example.com") == "thousand")
    let other = VoicemailFacts(rule: "vpim", reason: "because")
    #expect(name("ann@example.com", other) == "rest", "a mailbox that is not known matches nothing")
    let choice = policies.choice(Self.voicemail, sender: "", recipient: "ann@example.com")
    #expect(choice.reason == "recipient, rule")
    #expect(choice.policy.mode == .off)
    #expect(policies.wantSignedMail && policies.wantPrivateMail)
  }

  @Test func `without a section that matches, the built-in policy holds messages`() throws {
    let none = Policies().choice(Self.voicemail, sender: "", recipient: "ann@example.com")
    #expect(none.policy == .builtIn)
    #expect(none.policy.mode == .hold)
    #expect(none.reason == "there is no [policy ...] section")
    let other = Policies(rules: [try rule("x", ["sender": "^fax@"])])
    let choice = other.choice(Self.voicemail, sender: "pbx@example.com", recipient: "a@example.com")
    #expect(choice.policy == .builtIn)
    #expect(choice.reason == "no [policy ...] section matches")
  }

  @Test func `recipients are sorted by policy, each stands in one group`() throws {
    let policies = Policies(rules: [
      try rule("ann", ["recipient": "^ann@", "mode": "off"]),
      try rule("rest", ["mode": "original-first"]),
    ])
    let envelope = Envelope(
      sender: "", recipients: ["bob", "ann", "eve"].map { Recipient(address: "\($0)@example.com") })
    let groups = policies.groups(Self.voicemail, envelope)
    #expect(groups.map(\.policy.name) == ["rest", "ann"])
    #expect(
      groups.map { $0.recipients.map(\.address) } == [
        ["bob@example.com", "eve@example.com"], ["ann@example.com"],
      ])
  }

  @Test func `each value is read`() throws {
    let policy = try rule(
      "all",
      [
        "mode": "hold", "subject": "rewrite", "content_in_subject": "no", "engines": "a, b",
        "language": "en-GB", "template": "/t", "vocabulary": "/v", "country": "GB",
        "threading": "caller", "count_calls": "yes", "deadline": "7", "late_transcript": "reply",
        "take_private": "yes", "dial_extensions": "yes", "channels": "agent-caller",
      ]
    ).policy
    var expected = Policy(name: "all")
    expected.subject = .rewrite
    expected.contentInSubject = false
    expected.engines = ["a", "b"]
    expected.language = "en-GB"
    expected.template = "/t"
    expected.vocabulary = "/v"
    expected.country = "GB"
    expected.threading = .caller
    expected.countCalls = true
    expected.deadlineMS = 7
    expected.lateReply = true
    expected.takesPrivate = true
    expected.dialsExtensions = true
    expected.channels = .agentCaller
    #expect(policy == expected)
    #expect(Policies(rules: []).wantPrivateMail == false)
    let wants = Policies(rules: [try rule("all", ["take_private": "yes"])])
    #expect(wants.wantPrivateMail && !wants.wantSignedMail)
  }

  @Test(arguments: [
    ("mode", "later", "must be one of hold, original-first, companion, headers, off"),
    ("subject", "new", "must be one of original, append, rewrite"),
    ("threading", "yes", "must be one of none, caller"),
    ("content_in_subject", "true", "must be yes or no"),
    ("engines", " , ", "names no engine"), ("rule", "", "names no rule"),
    ("language", "German", "must be a language tag such as de or en-GB"),
    ("language", "de_DE", "must be a language tag such as de or en-GB"),
    ("template", "mails", "must be an absolute path"),
    ("country", "Mars", "must be a country such as DE or +49"),
    ("deadline", "soon", "must be a time such as 30s, 5min, 2h or 5d, at most 3650d"),
    ("late_transcript", "yes", "must be drop or reply"),
  ])
  func `a wrong value is said with what is allowed`(key: String, value: String, sentence: String)
    throws
  {
    #expect(throws: InvalidRule(key, sentence)) { try rule("x", [key: value]) }
  }

  @Test func `what would have no effect is an error`() {
    #expect(throws: InvalidRule.self) { try rule("x", ["mode": "headers", "subject": "append"]) }
    #expect(throws: InvalidRule.self) {
      try rule("x", ["mode": "companion", "late_transcript": "reply"])
    }
  }
}
