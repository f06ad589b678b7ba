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

  @Test func `the mailbox's message is the previewed one but for trace fields`() throws {
    let sent = AsteriskMail(try VoicemailRecording.silence(seconds: 2)).bytes
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
    #expect(expected.first == "X-Voicemail-Transcript: none")
    #expect(expected.contains { $0.hasPrefix("Content-Type: audio/x-WAV") })
  }
}
