import Foundation
import TestSupport
import Testing

/// What ties one caller's messages together, where a policy wants it.
@Suite struct Callers {
  private static func mail(_ number: Int, from caller: String? = "07700900123") throws
    -> AsteriskMail
  {
    var mail = try AsteriskMail.silent("call\(number)")
    mail.callerNumber = caller
    return mail
  }

  @Test func `one conversation, and the count of today's messages`() throws {
    let session = try Session(["policy all.threading": "caller", "policy all.count_calls": "yes"])
    for (number, caller) in ["07700900123", "07700900123", "07700900999", nil].enumerated() {
      try session.deliver(try Self.mail(number, from: caller).bytes, queueID: "Q\(number)")
      #expect(session.mta.waitForMessages(number + 1))
    }
    let arrived = session.mta.messages.map(\.received)
    let threads = arrived.map { $0["References"] }
    #expect(threads[0]?.hasPrefix("<vm.") == true)
    #expect(threads[0]?.hasSuffix("@filter.test>") == true)
    #expect(threads[1] == threads[0])
    #expect(threads[2] != threads[0] && threads[2] != nil)
    #expect(threads[3] == nil)
    let counted = arrived.map { $0.part("text/plain")?.text.contains("from this number") }
    // At midnight the second is the first of its day.
    #expect([[false, true, false, false], [false, false, false, false]].contains(counted))
  }

  @Test func `neither, unless a policy says so`() throws {
    let session = try Session()
    for number in 0...1 {
      try session.deliver(try Self.mail(number).bytes, queueID: "Q\(number)")
    }
    #expect(session.mta.waitForMessages(2))
    for arrived in session.mta.messages.map(\.received) {
      #expect(arrived["References"] == nil)
      #expect(arrived.part("text/plain")?.text.contains("from this number") == false)
    }
  }
}
