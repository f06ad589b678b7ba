import Foundation
import TestSupport
import Testing
import Voicemail

/// A message as a phone system writes it, named by what is special in it, and what is to be made of it.
struct PBXMail: CustomTestStringConvertible, Sendable {
  enum Outcome: Sendable {
    case voicemail(Facts)
    /// Part of the reason.
    case passes(String)
  }

  struct Facts: Sendable {
    var rule: String
    var number: String?
    var e164: String?
    var name: String?
    var mailbox: String?
    var seconds: Int?
    var time: String?
    var isUrgent = false
    /// What each recording is; a message unless told.
    var kinds: [RecordingParts.Kind] = [.message]

    init(
      _ rule: String, _ number: String?, e164: String? = nil, _ name: String? = nil,
      mailbox: String? = nil, seconds: Int? = nil, time: String? = nil, isUrgent: Bool = false,
      kinds: [RecordingParts.Kind] = [.message]
    ) {
      (self.rule, self.number, self.e164, self.name) = (rule, number, e164, name)
      (self.mailbox, self.seconds, self.time) = (mailbox, seconds, time)
      (self.isUrgent, self.kinds) = (isUrgent, kinds)
    }
  }

  var testDescription: String
  /// With LF; `@codec@` stands for a recording in base64, `@raw codec@` for its bytes.
  private var text: String
  var outcome: Outcome
  var sender: String
  var recipients: [String]
  var client: String
  /// Whether lines end with LF on the wire too.
  private var hasLF: Bool
  /// Whether characters below U+0100 are single bytes, as in ISO 8859-1.
  private var isLatin1: Bool

  init(
    _ description: String, _ text: String, _ outcome: Outcome, sender: String = "pbx@example.com",
    recipients: [String] = ["ann@example.com"], client: String = "127.0.0.1", hasLF: Bool = false,
    isLatin1: Bool = false
  ) {
    (testDescription, self.text, self.outcome) = (description, text, outcome)
    (self.sender, self.recipients, self.client) = (sender, recipients, client)
    (self.hasLF, self.isLatin1) = (hasLF, isLatin1)
  }

  var envelope: Envelope {
    Envelope(sender: sender, recipients: recipients.map { Recipient(address: $0) })
  }

  func bytes() throws -> [UInt8] {
    var result: [UInt8] = []
    for (index, piece) in text.split(separator: "@@", omittingEmptySubsequences: false).enumerated()
    {
      guard index % 2 == 1 else {
        result += encoded(String(piece))
        continue
      }
      if piece.hasPrefix("raw ") {
        result += try recording(String(piece.dropFirst(4)))
      } else {
        let base64 = Data(try recording(String(piece))).base64EncodedString()
        var rest = base64[...]
        while !rest.isEmpty {
          result += encoded(String(rest.prefix(72)) + (rest.count > 72 ? "\n" : ""))
          rest = rest.dropFirst(72)
        }
      }
    }
    return result
  }

  private func recording(_ name: String) throws -> [UInt8] {
    try #require(CodecRecording(rawValue: name)).bytes()
  }

  private func encoded(_ text: String) -> [UInt8] {
    text.unicodeScalars.flatMap { scalar -> [UInt8] in
      if scalar == "\n" { return hasLF ? [0x0A] : [0x0D, 0x0A] }
      return isLatin1 && scalar.value < 256 ? [UInt8(scalar.value)] : Array(String(scalar).utf8)
    }
  }
}
