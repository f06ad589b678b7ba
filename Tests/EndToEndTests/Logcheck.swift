import Foundation
import TestSupport
import Testing

@Suite struct Logcheck {
  private static let rules = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../debian/voicemail-milter.logcheck.ignore.server").path

  /// The lines that logcheck would mail.
  private func reported(_ lines: [String]) throws -> [String] {
    let grep = try ChildProcess(
      "/bin/grep", ["-v", "-E", "-f", Self.rules],
      input: Array(lines.map { "\($0)\n" }.joined().utf8))
    // 1: none.
    #expect(grep.waitForExit(seconds: 20).map { $0 <= 1 } == true, "\(grep.errors)")
    return String(decoding: grep.output, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test func `a voicemail's way is usual in our log and in Postfix's`() throws {
    let postfix = try PrivatePostfix()
    let milter = try postfix.milter(["log.level": "debug"])
    let sent = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(sent.bytes, port: postfix.smtpPort)
    try postfix.expectVoicemail(sent, for: ["ann"], by: milter)
    try postfix.control("stop")
    let log = try String(contentsOfFile: postfix.directory.file("mail.log"), encoding: .utf8)
    // What Postfix says besides is the matter of logcheck's own rules.
    let caused = log.split(separator: "\n").map(String.init).filter {
      $0.contains(" postfix/voicemail/") || $0.contains(": milter-")
    }
    #expect(caused.count > 3)
    let own = milter.log.split(separator: "\n").map {
      "Nov 21 15:26:01 mx voicemail-milter[7]: \($0.drop { $0 != " " }.dropFirst())"
    }
    #expect(own.count > 4)
    let unusual = try reported(caused + own)
    #expect(unusual.isEmpty, "\(unusual)")
    let bad = [
      "Nov 21 15:26:01 mx postfix/voicemail/smtpd[7]: warning: connect to Milter service x",
      "Nov 21 15:26:01 mx postfix/voicemail/smtpd[7]: NOQUEUE: reject: RCPT from a[127.0.0.1]: 554",
      "Nov 21 15:26:01 mx postfix/voicemail/smtpd[7]: connect from a.example[192.0.2.1]",
      "Nov 21 15:26:01 mx postfix/cleanup[7]: 1: milter-reject: END-OF-MESSAGE from a[192.0.2.1]: 5",
    ]
    #expect(try reported(bad) == bad)
  }
}
