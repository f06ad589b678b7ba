internal import MilterBridge
internal import Voicemail

/// A message while it comes in: envelope, and content rebuilt as the MTA's client sent it.
struct Candidate {
  /// nil when an address or parameter is no UTF-8.
  private(set) var envelope: Envelope?
  /// Header section so far, CRLF line ends.
  private(set) var headers: [UInt8] = []
  let body: CollectedBody
  /// Kept while the body is read.
  var place: ReceptionLimits.BodyPlace?
  /// Its envelope or header section is larger than any PBX's; the rest of it is not kept.
  private(set) var isOversized = false
  private var envelopeBytes = 0

  /// Postfix's `header_size_limit` is 100 KB for each field; a PBX's whole section has 2 KB.
  static let headerLimitBytes = 1 << 20
  private static let envelopeLimitBytes = 4 << 20

  var size: Int { headers.count + body.count }

  init(sender: [UInt8], parameters: [[UInt8]], directory: String) {
    body = CollectedBody(directory: directory)
    guard let sender = Self.text(sender), let parameters = Self.texts(parameters) else { return }
    envelope = Envelope(sender: sender, senderParameters: parameters, recipients: [])
  }

  mutating func add(recipient address: [UInt8], parameters: [[UInt8]]) {
    envelopeBytes += address.count + parameters.reduce(64) { $0 + $1.count }
    guard !isOversized, envelopeBytes <= Self.envelopeLimitBytes else { return giveUp() }
    guard let address = Self.text(address), let parameters = Self.texts(parameters) else {
      envelope = nil
      return
    }
    envelope?.recipients.append(Recipient(address: address, parameters: parameters))
  }

  /// The value begins right after the colon; libmilter divides folded lines by LF alone.
  mutating func add(header name: [UInt8], value: [UInt8]) {
    guard !isOversized, headers.count + name.count + value.count <= Self.headerLimitBytes else {
      return giveUp()
    }
    headers += name
    headers.append(UInt8(ascii: ":"))
    guard value.contains(0x0A) else {
      headers += value
      headers += [0x0D, 0x0A]
      return
    }
    var previous: UInt8 = 0
    for byte in value {
      if byte == 0x0A, previous != 0x0D { headers.append(0x0D) }
      headers.append(byte)
      previous = byte
    }
    headers += [0x0D, 0x0A]
  }

  mutating func endHeaders() { headers += [0x0D, 0x0A] }

  /// The whole message.
  func content() throws(StepFailure) -> [UInt8] { try body.content(after: headers) }

  private mutating func giveUp() {
    isOversized = true
    headers = []
    envelope?.recipients = []
  }

  private static func text(_ bytes: [UInt8]) -> String? { String(validating: bytes, as: UTF8.self) }

  private static func texts(_ list: [[UInt8]]) -> [String]? {
    let texts = list.compactMap(text)
    return texts.count == list.count ? texts : nil
  }
}
