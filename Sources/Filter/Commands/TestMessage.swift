internal import SMTP
internal import Voicemail

/// A voicemail that a phone system might have sent: a person speaks for two seconds.
struct TestMessage {
  let sender: String
  let recipient: String
  let messageID: String
  private let host: String
  private let nowMS: Int64

  init(from sender: String, to recipient: String, host: String, nowMS: Int64) {
    (self.sender, self.recipient, self.host, self.nowMS) = (sender, recipient, host, nowMS)
    var random = SystemRandomNumberGenerator()
    messageID = "<test.\(JobID.make(atMS: nowMS, using: &random))@\(host)>"
  }

  var submission: Submission {
    Submission(
      sender: sender, recipients: [SubmissionRecipient(recipient)], message: Array(text.utf8))
  }

  private var text: String {
    let date = InternetDate(unixSeconds: nowMS / 1_000, utcOffsetSeconds: Clock.utcOffsetSeconds())
    let boundary = "voicemail-test-message"
    let lines = [
      "Date: \(date.rfc5322)",
      "From: voicemail-milter test-message <\(sender.isEmpty ? "MAILER-DAEMON@\(host)" : sender)>",
      "To: \(recipient)",
      "Subject: Test of voicemail-milter",
      "Message-ID: \(messageID)",
      "X-Asterisk-CallerID: 0",
      "X-Asterisk-CallerIDName: test-message",
      "MIME-Version: 1.0",
      "Content-Type: multipart/mixed; boundary=\"\(boundary)\"",
      "",
      "--\(boundary)",
      "Content-Type: text/plain; charset=us-ascii",
      "",
      "The administrator of \(host) tests whether voicemail gets its transcript.",
      "The recording says: \(SpokenTest.words)",
      "",
      "--\(boundary)",
      "Content-Type: audio/x-gsm; name=\"msg0000.gsm\"",
      "Content-Transfer-Encoding: base64",
      "Content-Description: Voicemail sound attachment.",
      "Content-Disposition: attachment; filename=\"msg0000.gsm\"",
      "",
    ]
    return (lines + Self.base64(SpokenTest.recording) + ["--\(boundary)--", ""])
      .joined(separator: "\r\n")
  }

  /// RFC 2045, 6.8: lines of 76 characters.
  private static func base64(_ bytes: [UInt8]) -> [String] {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    return stride(from: 0, to: bytes.count, by: 57).map { start in
      let line = bytes[start..<min(start + 57, bytes.count)]
      return stride(from: line.startIndex, to: line.endIndex, by: 3).map { index in
        let group = line[index..<min(index + 3, line.endIndex)]
        let value = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
        let text = (0...group.count).map { String(digits[value >> (18 - 6 * $0) & 63]) }.joined()
        return text + String(repeating: "=", count: 3 - group.count)
      }.joined()
    }
  }
}
