internal import MilterBridge
internal import Voicemail

/// A message while it comes in: envelope, and content rebuilt as the MTA's client sent it.
struct Candidate {
  /// nil when an address or parameter is no UTF-8.
  private(set) var envelope: Envelope?
  /// Header section and body so far, CRLF line ends.
  private(set) var content: [UInt8] = []

  init(sender: [UInt8], parameters: [[UInt8]]) {
    guard let sender = Self.text(sender), let parameters = Self.texts(parameters) else { return }
    envelope = Envelope(sender: sender, senderParameters: parameters, recipients: [])
  }

  mutating func add(recipient address: [UInt8], parameters: [[UInt8]]) {
    guard let address = Self.text(address), let parameters = Self.texts(parameters) else {
      envelope = nil
      return
    }
    envelope?.recipients.append(Recipient(address: address, parameters: parameters))
  }

  /// The value begins right after the colon; libmilter divides folded lines by LF alone.
  mutating func add(header name: [UInt8], value: [UInt8]) {
    content += name
    content.append(UInt8(ascii: ":"))
    guard value.contains(0x0A) else {
      content += value
      content += [0x0D, 0x0A]
      return
    }
    var previous: UInt8 = 0
    for byte in value {
      if byte == 0x0A, previous != 0x0D { content.append(0x0D) }
      content.append(byte)
      previous = byte
    }
    content += [0x0D, 0x0A]
  }

  mutating func endHeaders() { content += [0x0D, 0x0A] }

  mutating func add(body chunk: RawSpan) { content.append(copying: chunk) }

  private static func text(_ bytes: [UInt8]) -> String? { String(validating: bytes, as: UTF8.self) }

  private static func texts(_ list: [[UInt8]]) -> [String]? {
    let texts = list.compactMap(text)
    return texts.count == list.count ? texts : nil
  }
}
