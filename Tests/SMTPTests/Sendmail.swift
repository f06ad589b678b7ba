import Foundation
import TestSupport
import Testing

@testable import SMTP

/// The command is a shell script of the test's own; real ones follow below.
@Suite struct Sendmail {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// A program that writes its arguments, each ended by a NUL, and its input into files.
  private func command(_ body: String = "") throws -> SendmailCommand {
    let path = directory.file("sendmail")
    try ChildProcess.install(
      script: """
        for word in "$@"; do printf '%s\\0' "$word"; done >'\(directory.file("arguments"))'
        \(body.isEmpty ? "cat >'\(directory.file("input"))'" : body)
        """, at: path)
    return SendmailCommand(path: path)
  }

  private func arguments() throws -> [String] {
    let data = try Data(contentsOf: URL(fileURLWithPath: directory.file("arguments")))
    return data.split(separator: 0, omittingEmptySubsequences: false).dropLast()
      .map { String(decoding: $0, as: UTF8.self) }
  }

  private func input() throws -> String {
    let data = try Data(contentsOf: URL(fileURLWithPath: directory.file("input")))
    return String(decoding: data, as: UTF8.self)
  }

  private func failure(_ command: SendmailCommand, limit: Duration = .seconds(20)) throws
    -> SMTPFailure
  {
    try #require(throws: SMTPFailure.self) {
      _ = try command.deliver(submission(), limit: limit)
    }
  }

  @Test func `exit status 0 is an acceptance for everyone; lines end as on Unix`() throws {
    let result = try command().deliver(
      submission("A: b\r\n\r\none\ntwo\rthree\r\n.\r\nfour", to: ["a@b.c", "d@e.f"]),
      limit: .seconds(20))
    #expect(result.isComplete)
    #expect(result.queueID == nil)
    #expect(result.remarks.isEmpty)
    #expect(
      try arguments() == ["-i", "-f", "pbx@example.com", "--", "<a@b.c>", "<d@e.f>"])
    #expect(try input() == "A: b\n\none\ntwo\nthree\n.\nfour")
  }

  @Test func `addresses are arguments and nothing else, whatever they look like`() throws {
    let strange = [
      "-oQ/tmp@example.com", "$(reboot)@example.com", "\"a b, c\"@example.com", "a;b@example.com",
      "'@example.com", "ann",
    ]
    let command = try command()
    let result = try command.deliver(
      submission(sender: "-bd@example.com", to: strange), limit: .seconds(20))
    #expect(result.isComplete)
    #expect(
      try arguments() == ["-i", "-f", "-bd@example.com", "--"] + strange.map { "<\($0)>" })
    _ = try command.deliver(submission(sender: ""), limit: .seconds(20))
    #expect(try arguments() == ["-i", "-f", "<>", "--", "<ann@example.com>"])
  }

  @Test func `an address that would break out is refused alone, a sender before the start`() throws
  {
    let result = try command().deliver(
      submission(to: ["a@b.c> -v <d@e.f", "ann@example.com", "x\ny@example.com"]),
      limit: .seconds(20))
    #expect(result.recipients.map(\.outcome) == [.refused, .accepted, .refused])
    #expect(try arguments().suffix(2) == ["--", "<ann@example.com>"])
    let found = try #require(throws: SMTPFailure.self) {
      _ = try command().deliver(submission(sender: "a\0b"), limit: .seconds(20))
    }
    #expect(found.kind == .permanent)
    let nobody = try SendmailCommand(path: "/nonexistent").deliver(
      submission(to: ["a b"]), limit: .seconds(20))
    #expect(nobody.reply == nil)
  }

  @Test func `DSN parameters are not told as options, which mean other things to Exim`() throws {
    var item = submission()
    item.senderParameters = ["RET=HDRS", "ENVID=1", "BODY=8BITMIME"]
    item.recipients[0].parameters = ["notify=SUCCESS"]
    let command = try command()
    let result = try command.deliver(item, limit: .seconds(20))
    #expect(result.remarks == ["RET, ENVID, NOTIFY left out: \(command)"])
    #expect(try arguments() == ["-i", "-f", "pbx@example.com", "--", "<ann@example.com>"])
  }

  @Test func `more recipients than fit a command line are left for the next one`() throws {
    let result = try command().deliver(
      submission(to: (0..<501).map { "u\($0)@example.com" }), limit: .seconds(20))
    #expect(result.recipients.count { $0.outcome == .accepted } == 500)
    #expect(result.recipients.last?.outcome == .leftOver)
    #expect(try arguments().count == 504)
  }

  @Test(arguments: [
    (65, SMTPFailure.Kind.permanent), (67, .permanent), (68, .permanent), (75, .transient),
    (71, .transient), (69, .transient), (70, .transient), (73, .transient), (78, .transient),
    (64, .transient), (1, .transient), (127, .transient),
  ])
  func `exit statuses of sysexits(3), with the last line of standard error`(
    status: Int, kind: SMTPFailure.Kind
  ) throws {
    let found = try failure(
      command(
        "echo first >&2; echo 'sendmail: fatal: \u{1B}x <a@b.c> says no' >&2; exit \(status)"))
    #expect(found.kind == kind)
    #expect(found.stage == .sendmail)
    #expect(
      found.sentence.hasSuffix(
        " at sendmail: exit status \(status): sendmail: fatal: ?x <address> says no"))
  }

  @Test func `a command that ends without reading, or closes its descriptors, is no trap`() throws {
    let long = submission(String(repeating: "0123456789abcde\n", count: 100_000))
    let found = try #require(throws: SMTPFailure.self) {
      _ = try command("exit 75").deliver(long, limit: .seconds(20))
    }
    #expect(found.sentence.hasSuffix("exit status 75"))
    let deaf = try command("exec <&- 2>&-; exit 0")
    #expect(try deaf.deliver(long, limit: .seconds(20)).isComplete)
    let noisy = try command("head -c 1000000 /dev/zero | tr '\\0' x >&2; cat >/dev/null; exit 75")
    #expect(try failure(noisy).sentence.utf8.count < 500)
  }

  @Test func `a command that hangs is killed with all it started`() throws {
    // Who holds the lock lives.
    let lock = directory.file("lock")
    let found = try failure(
      command("flock '\(lock)' cat '\(lock)' /dev/zero >/dev/null & wait"),
      limit: .milliseconds(300))
    #expect(found.kind == .outcomeUnknown)
    #expect(found.sentence.contains("still at it after its time limit"))
    let free = try ChildProcess("/usr/bin/flock", [lock, "true"])
    #expect(free.waitForExit(seconds: 10) == 0)
  }

  @Test func `a command that hangs and has left its process group is killed`() throws {
    let leave = "import os, time; os.setpgid(0, os.getpgid(os.getppid())); time.sleep(30)"
    let start = ContinuousClock.now
    let found = try failure(
      command("exec python3 -c '\(leave)'"), limit: .milliseconds(1_000))
    #expect(found.sentence.contains("still at it after its time limit"))
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  @Test func `a command killed by others may have taken the message`() throws {
    let found = try failure(command("kill -9 $$"))
    #expect(found.kind == .outcomeUnknown)
    #expect(found.sentence.hasSuffix("ended by signal 9"))
  }

  @Test func `a command that is not there, or is none, may be there later`() throws {
    let missing = try failure(SendmailCommand(path: "/nonexistent/sendmail"))
    #expect(missing.kind == .transient)
    #expect(missing.sentence.hasSuffix("cannot be started: No such file or directory"))
    #expect(
      try failure(SendmailCommand(path: directory.path)).sentence.hasSuffix("Permission denied"))
  }

  @Test func `a real Postfix takes what strange senders send to strange recipients`() throws {
    let postfix = try PrivatePostfix(["non_smtpd_milters=", "allow_min_user=yes"])
    let command = SendmailCommand(path: directory.file("sendmail"))
    try postfix.installSendmail(at: command.path)
    let message = "From: <pbx@example.com>\r\nSubject: x\r\n\r\nline\r\n.\r\nend\r\n"
    for sender in ["", "-bd@example.com"] {
      let result = try command.deliver(
        submission(message, sender: sender, to: ["-oi@example.com", "\"eve, 2\"@example.com"]),
        limit: .seconds(30))
      #expect(result.isComplete)
    }
    for user in ["-oi", "eve, 2"] {
      let mail = postfix.waitForMail(of: user, count: 2).map { String(decoding: $0, as: UTF8.self) }
      #expect(mail.count == 2)
      #expect(mail.allSatisfy { $0.hasSuffix("\nline\n.\nend\n") })
      #expect(
        Set(mail.compactMap { ReceivedMail(Array($0.utf8))["Return-Path"] })
          == ["<MAILER-DAEMON>", "<-bd@example.com>"])
    }
  }
}
