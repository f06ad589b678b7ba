import Foundation
import Synchronization

/// A voicemail notification exactly as Asterisk's app_voicemail.c writes it: its headers, their
/// order, its words, its line lengths.
package struct AsteriskMail: Sendable {
  /// The bytes of the attachment.
  package var recording: [UInt8]
  package var name = "msg0002.WAV"
  package var contentType = "audio/x-WAV"
  package var callerNumber: String? = "07700900123"
  package var callerName: String? = "JOHN SMITH"
  package var mailbox = "1001"
  package var messageID = "<Asterisk-3-1804289383-1001-4242@pbx.example.com>"
  package var recipient = "ann@example.com"
  package var sender = "Asterisk PBX <asterisk@pbx.example.com>"
  /// Fields between the caller's and MIME-Version.
  package var extraHeaders: [String] = []

  package init(_ recording: [UInt8]) { self.recording = recording }

  /// A second without speech, so that no engine is asked; `id`: what is before the @ of its Message-ID.
  package static func silent(_ id: String? = nil) throws -> AsteriskMail {
    var mail = AsteriskMail(try VoicemailRecording.silence(seconds: 1))
    if let id { mail.messageID = "<\(id)@pbx.example.com>" }
    return mail
  }

  /// With CRLF line ends, as it travels by SMTP.
  package var bytes: [UInt8] {
    let boundary = "----voicemail_3\(mailbox)42421804289383"
    let sound = Data(recording).base64EncodedString()
    var lines = [
      "Date: Thu, 06 Aug 2026 15:45:49 +0200",
      "From: \(sender)",
      "To: \"Ann Example\" <\(recipient)>",
      "Subject: [PBX]: New message 3 in mailbox \(mailbox)",
      "Message-ID: \(messageID)",
    ]
    if let callerNumber { lines.append("X-Asterisk-CallerID: \(callerNumber)") }
    if let callerName { lines.append("X-Asterisk-CallerIDName: \(callerName)") }
    lines += extraHeaders
    lines += [
      "MIME-Version: 1.0",
      "Content-Type: multipart/mixed; boundary=\"\(boundary)\"",
      "",
      "",
      "This is a multi-part message in MIME format.",
      "",
      "--\(boundary)",
      "Content-Type: text/plain; charset=ISO-8859-1",
      "Content-Transfer-Encoding: 8bit",
      "",
      "Dear Ann Example:",
      "",
      "\tJust wanted to let you know you were just left a 0:05 long message (number 3)",
      "in mailbox \(mailbox) from \(callerName ?? "an unknown caller"), on Thursday, August 06, 2026"
        + " at 03:45:49 PM so you might",
      "want to check it when you get a chance.  Thanks!",
      "",
      "\t\t\t\t--Asterisk",
      "",
      "--\(boundary)",
      "Content-Type: \(contentType); name=\"\(name)\"",
      "Content-Transfer-Encoding: base64",
      "Content-Description: Voicemail sound attachment.",
      "Content-Disposition: attachment; filename=\"\(name)\"",
      "",
    ]
    var rest = sound[...]
    while !rest.isEmpty {
      lines.append(String(rest.prefix(72)))
      rest = rest.dropFirst(72)
    }
    lines += ["", "--\(boundary)--", "."]
    return lines.flatMap { Array($0.utf8) + [0x0D, 0x0A] }
  }
}

/// Recordings as PBXs make them, of prompts from Debian's asterisk-core-sounds-en-wav.
package enum VoicemailRecording {
  package static let folder = "/usr/share/asterisk/sounds/en_US_f_Allison"
  private static let made = Mutex<[[String]: [UInt8]]>([:])

  /// 5 s: "The number is not answering. Please check the number and dial again."
  package static func short() throws -> [UInt8] {
    try wav49(of: "number-not-answering", "check-number-dial-again")
  }

  /// About 15 s: long enough to be met in the middle.
  package static func long() throws -> [UInt8] { try wav49(of: "demo-moreinfo") }

  /// A minute: not to be finished before a test has done what it is up to.
  package static func veryLong() throws -> [UInt8] {
    try wav49(of: "demo-congrats", "demo-abouttotry", "demo-moreinfo")
  }

  /// Prompts one after the other, as Asterisk's format wav49 holds them: GSM 6.10 in WAV.
  package static func wav49(of prompts: String...) throws -> [UInt8] {
    try sox(prompts.map { "\(folder)/\($0).wav" } + ["-e", "gsm-full-rate"])
  }

  /// Nobody speaks.
  package static func silence(seconds: Int) throws -> [UInt8] {
    try sox(["-n", "-r", "8000", "-c", "1", "-b", "16", "TO", "trim", "0", "\(seconds)"])
  }

  /// What sox makes of these arguments, `TO` or the end standing for the file it writes.
  private static func sox(_ arguments: [String]) throws -> [UInt8] {
    try made.withLock { made in
      if let known = made[arguments] { return known }
      let directory = try TemporaryDirectory()
      let file = directory.file("recording.wav")
      var words = arguments.map { $0 == "TO" ? file : $0 }
      if !words.contains(file) { words.append(file) }
      let process = try ChildProcess("/usr/bin/sox", ["-R", "-V1"] + words)
      guard process.waitForExit(seconds: 30) == 0 else {
        throw ChildProcess.Failure(description: "sox: \(process.errors)")
      }
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
      made[arguments] = bytes
      return bytes
    }
  }
}
