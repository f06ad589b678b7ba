import Mail
import Operations
import Testing
import Voicemail

/// What `inspect --learn` would propose for a phone system, were its own rule not there.
@Suite struct LearntAgain {
  private static let client = ClientFacts(address: "127.0.0.1")

  private func facts(_ number: String) throws -> (mail: PBXMail, message: MessageFacts) {
    let mail = try #require(PBXMails.all.first { $0.testDescription.hasPrefix("\(number) ") })
    return (mail, try GMimeReader().read(mail.bytes()))
  }

  private func rule(of messages: [(mail: PBXMail, message: MessageFacts)]) throws -> ProfileRule {
    func rule(_ lines: [RuleProposal.Line]) throws -> ProfileRule {
      try ProfileRule(name: "learnt", lines: lines.map { ($0.key, $0.value) }) {
        text throws(InvalidRule) in try RegularExpression(text)
      }
    }
    var proposal = RuleProposal(messages.map(\.message))
    proposal.keep { line in
      guard !line.key.hasPrefix("find "), let one = try? rule([line]) else { return true }
      return messages.allSatisfy { one.match($0.message, $0.mail.envelope, Self.client) != nil }
    }
    #expect(proposal.isUsable)
    return try rule(proposal.lines)
  }

  @Test(arguments: ["1", "11", "15", "17", "18", "21", "26", "27"])
  func `one message gives a rule that finds it, and its caller`(_ number: String) throws {
    let sample = try facts(number)
    let match = try rule(of: [sample]).match(sample.message, sample.mail.envelope, Self.client)
    guard case .voicemail(let wanted) = sample.mail.outcome else { return }
    let found = try #require(match, "\(sample.mail)")
    #expect(found.caller.number == wanted.number, "\(sample.mail)")
    #expect(found.caller.name == wanted.name, "\(sample.mail)")
  }

  @Test func `a caller who withholds the number is found too`() throws {
    let learnt = try rule(of: [facts("1"), facts("1b")])
    let withheld = try facts("4")
    let match = learnt.match(withheld.message, withheld.mail.envelope, Self.client)
    #expect(match?.caller == Caller())
    #expect(match?.mailbox == "1001")
  }
}
