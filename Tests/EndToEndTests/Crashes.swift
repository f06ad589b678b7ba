import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// The daemon is killed at every step of a message's way, with a real Postfix on both sides.
///
/// Each message must arrive at each recipient, at nobody else, and once: but for the two windows of RFC 1047,
/// between our commit and our answer, and between the MTA's answer and our commit.
@Suite(.serialized) struct Crashes {
  enum Step: Sendable, CustomStringConvertible {
    /// Places of Sources/Spool/Failpoint.swift; the copies that each recipient gets.
    case place(String, copies: Int)
    case relay(KillingRelay.Point, copies: Int)
    /// As soon as the sender has its 250.
    case afterReply

    var copies: Int {
      switch self {
      case .place(_, let copies), .relay(_, let copies): copies
      case .afterReply: 1
      }
    }
    var description: String {
      switch self {
      case .place(let name, _): name
      case .relay(let point, _): "delivery: \(point)"
      case .afterReply: "after the reply"
      }
    }
  }

  private static let steps: [Step] = [
    .place("reception before begin", copies: 1), .place("reception after content", copies: 1),
    .place("reception after content,before commit", copies: 1),
    .place("reception after content,after commit", copies: 2),
    .place("reception before reply", copies: 2), .afterReply,
    .place("transcription claimed", copies: 1), .place("transcription begun", copies: 1),
    .place("transcription stored", copies: 1), .place("delivery claimed", copies: 1),
    .relay(.mail, copies: 1), .relay(.recipient, copies: 1), .relay(.content, copies: 1),
    .relay(.dot, copies: 2), .place("delivery accepted", copies: 2),
    .place("delivery stored", copies: 1),
  ]

  @Test func `killed at any step, the daemon loses nothing and doubles only in two windows`() throws
  {
    let postfix = try PrivatePostfix()
    let directory = try TemporaryDirectory()
    let recording = try VoicemailRecording.silence(seconds: 1)
    var users: Set<String> = []
    for (number, step) in Self.steps.enumerated() {
      var relay: KillingRelay?
      var settings = Self.settings(postfix)
      var launcher: [String] = []
      switch step {
      case .place(let name, _):
        launcher = ["/usr/bin/env", "VOICEMAIL_MILTER_KILL_AT=\(name)"]
      case .relay(let point, _):
        relay = try KillingRelay(to: postfix.reinjectPort, at: point)
        settings["delivery.target"] = relay?.target
      case .afterReply: break
      }
      let victim = try RunningMilter(settings, in: directory, by: launcher)
      let pair = ["ann\(number)", "bob\(number)"]
      users.formUnion(pair)
      var mail = AsteriskMail(recording)
      mail.messageID = "<step\(number)@pbx.example.com>"
      try SMTPSender.send(
        mail.bytes, to: pair.map { "<\($0)@example.com>" }, port: postfix.smtpPort)
      if case .afterReply = step { victim.process.signal(SIGKILL) }
      #expect(victim.process.waitForExit(seconds: 30) != nil, "\(step): it was not passed")

      let heir = try RunningMilter(Self.settings(postfix), in: directory)
      try Self.waitUntilEmpty(heir)
      for user in pair {
        let copies = postfix.waitForMail(of: user, count: step.copies, seconds: 30)
        #expect(copies.count == step.copies, "\(step): \(user)")
        try Self.check(copies, sent: mail, "\(step)")
      }
      heir.kill()
    }
    #expect(Set(postfix.users) == users)
  }

  // MARK: - The message first

  private struct FirstStep: CustomStringConvertible {
    var step: Step
    /// Copies of the message and of the reply.
    var originals = 1
    var replies = 1
    var description: String { "\(step)" }
  }

  /// The copies of `Step` are not looked at.
  private static let firstSteps: [FirstStep] = [
    FirstStep(step: .place("reception after content,before commit", copies: 0), replies: 0),
    // The MTA has not given the message away, so even a commit nobody heard of doubles nothing.
    FirstStep(step: .place("reception after content,after commit", copies: 0)),
    FirstStep(step: .place("reception before reply", copies: 0)),
    FirstStep(step: .place("transcription claimed", copies: 0)),
    FirstStep(step: .place("transcription stored", copies: 0)),
    FirstStep(step: .relay(.content, copies: 0)),
    FirstStep(step: .relay(.dot, copies: 0), replies: 2),
    FirstStep(step: .place("delivery accepted", copies: 0), replies: 2),
    FirstStep(step: .place("delivery stored", copies: 0)),
  ]

  @Test func `killed at any step, the message that goes first arrives once, its reply too`() throws
  {
    try killAtEach(Self.firstSteps, ["policy all.mode": "original-first"], waiting: false)
  }

  /// One recipient waits, so all is taken over: the other's original is delivered, and then waits for its reply.
  @Test func `killed at any step, a message divided by policy arrives once at each`() throws {
    try killAtEach(
      [
        FirstStep(step: .place("delivery claimed", copies: 0)),
        FirstStep(step: .place("delivery accepted", copies: 0), originals: 2),
        FirstStep(step: .place("delivery stored", copies: 0)),
      ],
      ["policy first.recipient": "^first", "policy first.mode": "original-first"], waiting: true)
  }

  private func killAtEach(
    _ steps: [FirstStep], _ policies: RunningMilter.Settings, waiting: Bool
  ) throws {
    let postfix = try PrivatePostfix()
    let directory = try TemporaryDirectory()
    let recording = try VoicemailRecording.silence(seconds: 1)
    for (number, step) in steps.enumerated() {
      var relay: KillingRelay?
      var settings = Self.settings(postfix).merging(policies) { $1 }
      var launcher: [String] = []
      switch step.step {
      case .place(let name, _): launcher = ["/usr/bin/env", "VOICEMAIL_MILTER_KILL_AT=\(name)"]
      case .relay(let point, _):
        relay = try KillingRelay(to: postfix.reinjectPort, at: point)
        settings["delivery.target"] = relay?.target
      case .afterReply: break
      }
      let victim = try RunningMilter(settings, in: directory, by: launcher)
      var mail = AsteriskMail(recording)
      mail.messageID = "<first\(number)@pbx.example.com>"
      let users = ["first\(number)"] + (waiting ? ["waits\(number)"] : [])
      try SMTPSender.send(
        mail.bytes, to: users.map { "<\($0)@example.com>" }, port: postfix.smtpPort)
      #expect(victim.process.waitForExit(seconds: 30) != nil, "\(step): it was not passed")

      settings["delivery.target"] = Self.settings(postfix)["delivery.target"]
      let heir = try RunningMilter(settings, in: directory)
      try Self.waitUntilEmpty(heir)
      let expected = step.originals + step.replies
      let arrived = postfix.waitForMail(of: users[0], count: expected, seconds: 30)
      let replies = arrived.filter { ReceivedMail($0)["In-Reply-To"] == mail.messageID }
      #expect(replies.count == step.replies, "\(step): replies")
      // The same reply twice is one to whoever looks at its Message-ID.
      #expect(Set(replies.compactMap { ReceivedMail($0)["Message-ID"] }).count <= 1, "\(step)")
      let originals = arrived.filter { ReceivedMail($0)["In-Reply-To"] == nil }
      #expect(originals.count == step.originals, "\(step): originals")
      for original in originals {
        #expect(ReceivedMail(original).recordings == [recording], "\(step)")
      }
      if waiting {
        let other = postfix.waitForMail(of: users[1], seconds: 30)
        #expect(other.count == 1, "\(step): who waits")
        try Self.check(other, sent: mail, "\(step)")
      }
      heir.kill()
    }
  }

  // MARK: - Under load

  /// `make crash-test ROUNDS=500`
  private static let rounds =
    ProcessInfo.processInfo.environment["CRASH_ROUNDS"].flatMap(Int.init) ?? 5
  private static let senders = 4

  @Test func `killed at random under load, it loses nothing`() throws {
    let postfix = try PrivatePostfix()
    let directory = try TemporaryDirectory()
    let load = CrashLoad(postfix.smtpPort, try VoicemailRecording.silence(seconds: 1))
    var random = SystemRandomNumberGenerator()
    load.start(threads: Self.senders)
    for _ in 0..<Self.rounds {
      let milter = try RunningMilter(Self.settings(postfix), in: directory)
      #expect(load.waitForMore(Int.random(in: 1...12, using: &random)))
      milter.kill()
    }
    load.stop()
    let milter = try RunningMilter(Self.settings(postfix), in: directory)
    try Self.waitUntilEmpty(milter)
    let accepted = load.accepted
    var windows = (reply: 0, dot: 0)
    for (user, mail) in accepted {
      let copies = postfix.waitForMail(of: user, seconds: 30)
      #expect(!copies.isEmpty, "\(user) has lost a message")
      let ids = try Self.check(copies, sent: mail, user)
      // A copy of Postfix's own, and ours; the same of ours twice. Never two of different spool ids.
      #expect(Set(ids.compactMap(\.self)).count <= 1, "\(user): \(ids)")
      windows.reply += ids.contains(nil) ? ids.count - 1 : 0
      windows.dot += ids.contains(nil) ? 0 : ids.count - 1
    }
    #expect(Set(postfix.users).isSubset(of: load.users))
    let limit = Self.rounds * (Self.senders + 4)
    #expect(windows.reply + windows.dot <= limit)
    print(
      "crashes: \(Self.rounds) kills, \(accepted.count) messages, doubled before the reply "
        + "\(windows.reply), after the dot \(windows.dot)")
  }

  /// A backup, for example. For a minute with `make crash-test`, else as long as the daemon itself waits.
  private static let lockSeconds =
    ProcessInfo.processInfo.environment["CRASH_ROUNDS"] == nil ? 2 : 60

  @Test func `while another program locks the spool under load, mail passes and arrives once`()
    throws
  {
    let postfix = try PrivatePostfix()
    let milter = try RunningMilter(Self.settings(postfix))
    let load = CrashLoad(postfix.smtpPort, try VoicemailRecording.silence(seconds: 1))
    load.start(threads: Self.senders)
    #expect(load.waitForMore(4))
    let lock = try SpoolLocker(milter.stateDirectory)
    let end = ContinuousClock.now + .seconds(Self.lockSeconds)
    while ContinuousClock.now < end { try #require(load.waitForMore(1)) }
    let passed = milter.logLines("error: voicemail passes", "database is locked").count
    #expect(passed > 0)
    lock.end()
    let before = milter.logLines("info: voicemail").count
    #expect(eventually { milter.logLines("info: voicemail").count > before })
    load.stop()
    try Self.waitUntilEmpty(milter)
    #expect(milter.process.isRunning)
    var unchanged = 0
    for (user, mail) in load.accepted {
      let copies = postfix.waitForMail(of: user, seconds: 30)
      #expect(copies.count == 1, "\(user)")
      unchanged += try Self.check(copies, sent: mail, user).filter { $0 == nil }.count
    }
    // Not of each there is a line.
    #expect(unchanged >= passed)
    print(
      "a lock of \(Self.lockSeconds) s: \(load.accepted.count) messages, \(unchanged) unchanged")
  }

  // MARK: - What must hold

  private static func settings(_ postfix: PrivatePostfix) -> RunningMilter.Settings {
    [
      "milter.listen": "unix:\(postfix.milterSocket)",
      "delivery.target": "smtp:127.0.0.1:\(postfix.reinjectPort)",
    ]
  }

  /// As long as messages go out: after hundreds of kills many wait.
  private static func waitUntilEmpty(_ milter: RunningMilter) throws {
    func open(_ status: RunningMilter.Status) -> Int {
      status.spool.messages.filter { $0.key != "delivered" }.values.reduce(0, +)
    }
    var left = Int.max
    while true {
      let status = try milter.waitForStatus { open($0) < left }
      guard open(status) > 0, open(status) < left else {
        #expect(open(status) == 0, "nothing has gone out for a minute: \(status)")
        return
      }
      left = open(status)
    }
  }

  /// Each copy is what was sent, or that with our own above it; the spool ids, nil of those that passed.
  @discardableResult
  private static func check(_ copies: [Data], sent: AsteriskMail, _ what: String) throws
    -> [String?]
  {
    copies.map { copy in
      let arrived = ReceivedMail(copy)
      #expect(arrived.recordings == [sent.recording], "\(what)")
      #expect(arrived.all("Message-ID") == [sent.messageID], "\(what)")
      guard let id = arrived["X-Voicemail-Id"] else {
        #expect(ReceivedMail.withoutTrace(copy) == sent.bytes.filter { $0 != 0x0D }, "\(what)")
        return nil
      }
      return id
    }
  }
}

extension PrivatePostfix {
  /// Whoever has a mailbox.
  var users: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: directory.file("mail"))) ?? []
  }
}

/// Senders of voicemails, one after the other, each to a user of its own.
private final class CrashLoad: Sendable {
  private struct State {
    var isStopped = false
    var running = 0
    var users: Set<String> = []
    var accepted: [String: AsteriskMail] = [:]
  }
  private let state = Mutex(State())
  private let port: UInt16
  private let recording: [UInt8]

  init(_ port: UInt16, _ recording: [UInt8]) { (self.port, self.recording) = (port, recording) }

  var accepted: [String: AsteriskMail] { state.withLock { $0.accepted } }
  /// Of those not accepted too: their fate is their sender's.
  var users: Set<String> { state.withLock { $0.users } }

  func start(threads: Int) {
    state.withLock { $0.running = threads }
    for thread in 1...threads {
      Thread.detachNewThread { [self] in
        var number = 0
        while !state.withLock({ $0.isStopped }) {
          number += 1
          send(to: "user\(thread)-\(number)")
        }
        state.withLock { $0.running -= 1 }
      }
    }
  }

  private func send(to user: String) {
    var mail = AsteriskMail(recording)
    mail.messageID = "<\(user)@pbx.example.com>"
    state.withLock { _ = $0.users.insert(user) }
    guard (try? SMTPSender.send(mail.bytes, to: ["<\(user)@example.com>"], port: port)) != nil
    else { return }
    state.withLock { $0.accepted[user] = mail }
  }

  func waitForMore(_ count: Int) -> Bool {
    let goal = accepted.count + count
    return eventually { accepted.count >= goal }
  }

  func stop() {
    state.withLock { $0.isStopped = true }
    _ = eventually { state.withLock { $0.running } == 0 }
  }
}
