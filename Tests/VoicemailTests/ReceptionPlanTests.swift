import Testing
import Voicemail

@Suite struct ReceptionPlanTests {
  private func plan(
    _ modes: Policy.Mode..., protection: String? = nil, privacy: String? = nil,
    takesPrivate: Bool = false, canPass: Bool = true
  ) -> ReceptionPlan {
    var voicemail = VoicemailFacts(rule: "asterisk", reason: "because")
    voicemail.protection = protection
    voicemail.privacy = privacy
    let groups = modes.enumerated().map { number, mode in
      var policy = Policy(name: "p\(number)")
      policy.mode = mode
      policy.takesPrivate = takesPrivate
      return (policy: policy, recipients: [Recipient(address: "r\(number)@example.com")])
    }
    return ReceptionPlan(groups, voicemail, canPass: canPass)
  }

  private func starts(_ plan: ReceptionPlan) -> [NewJob.Start] {
    switch plan {
    case .pass: []
    case .passAndReply(let parts), .take(let parts): parts.map(\.start)
    }
  }

  private func isTaken(_ plan: ReceptionPlan) -> Bool {
    if case .take = plan { true } else { false }
  }

  @Test func `a message that nobody waits for stays the MTA's`() {
    #expect(plan(.off) == .pass(reason: "policy p0 is off"))
    #expect(plan(.off, canPass: false) == .pass(reason: "policy p0 is off"))
    for mode in [Policy.Mode.originalFirst, .companion] {
      #expect(starts(plan(mode, .off)) == [.reply])
      #expect(!isTaken(plan(mode, .off)))
    }
  }

  @Test func `where somebody waits, each recipient is in one part`() {
    let plan = plan(.hold, .originalFirst, .off, .headers)
    #expect(isTaken(plan))
    #expect(
      starts(plan) == [
        .message, .original(replyFollows: true), .original(replyFollows: false), .message,
      ])
    guard case .take(let parts) = plan else { return }
    #expect(
      parts.flatMap { $0.recipients.map(\.address) } == (0...3).map { "r\($0)@example.com" })
  }

  @Test func `what cannot go on is taken over, its original first`() {
    let plan = plan(.originalFirst, canPass: false)
    #expect(isTaken(plan))
    #expect(starts(plan) == [.original(replyFollows: true)])
  }

  @Test func `mail that must not be changed is for companion and headers alone`() {
    #expect(plan(.hold, .originalFirst, protection: "signed") == .pass(reason: "signed"))
    #expect(starts(plan(.companion, protection: "signed")) == [.reply])
    #expect(starts(plan(.headers, protection: "signed")) == [.message])
    #expect(
      starts(plan(.headers, .hold, protection: "signed"))
        == [.message, .original(replyFollows: false)])
  }

  @Test func `private mail passes, unless the policy leaves its body alone or takes it`() {
    #expect(plan(.hold, .originalFirst, privacy: "private") == .pass(reason: "private"))
    #expect(starts(plan(.companion, privacy: "private")) == [.reply])
    #expect(starts(plan(.headers, privacy: "private")) == [.message])
    #expect(starts(plan(.hold, privacy: "private", takesPrivate: true)) == [.message])
    // Signed mail stays signed, whatever else is asked for.
    #expect(
      plan(.hold, protection: "signed", privacy: "private", takesPrivate: true)
        == .pass(reason: "signed"))
  }
}
