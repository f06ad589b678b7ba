import Foundation
import TestSupport
import Testing

/// What `preview` shows is what arrives.
@Suite struct RoundTrip {
  /// Lines without trace fields, without what names the message in the spool, boundaries made alike.
  private func comparable(_ message: some Sequence<UInt8>) -> [String] {
    let own: Set = ["x-voicemail-milter", "x-voicemail-id"]
    let text = String(
      decoding: ReceivedMail.withoutTrace(message, and: own), as: UTF8.self)
    var lines = text.replacingOccurrences(of: "\r\n", with: "\n").components(separatedBy: "\n")
    lines.removeAll { $0.lowercased().hasPrefix("x-voicemail-id: ") }
    while lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { $0.replacing(/=_voicemail-[0-9a-f]+-[0-9a-f]+/, with: "BOUNDARY") }
  }

  @Test(arguments: [true, false])
  func `the mailbox's message is the previewed one but for trace fields`(isSpoken: Bool) throws {
    let recording =
      try isSpoken ? VoicemailRecording.short() : VoicemailRecording.silence(seconds: 2)
    let sent = AsteriskMail(recording).bytes
    let postfix = try PrivatePostfix()
    let milter = try postfix.milter()
    let directory = try TemporaryDirectory()
    let file = directory.file("v.eml")
    try Data(sent).write(to: URL(fileURLWithPath: file))
    let previewed = try milter.command("preview", file)
    #expect(previewed.status == 0)
    _ = try SMTPSender.send(sent, port: postfix.smtpPort)
    let arrived = try #require(postfix.waitForMail(of: "ann").first)
    let expected = comparable(previewed.output)
    #expect(comparable(arrived) == expected)
    let states = isSpoken ? ["ok", "low"] : ["none"]
    #expect(states.map { "X-Voicemail-Transcript: \($0)" }.contains(expected.first))
    #expect(expected.contains { $0.hasPrefix("Content-Type: audio/x-WAV") })
  }
}
