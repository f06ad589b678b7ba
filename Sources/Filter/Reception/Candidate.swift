internal import MilterBridge
internal import Voicemail

/// A message while it comes in: envelope, and content rebuilt as the MTA's client sent it.
///
/// Ordinary mail is gone at the end of its header section; what it would not need is made there.
struct Candidate {
  /// An address and its ESMTP parameters, as they came.
  private typealias Path = (address: [UInt8], parameters: [[UInt8]])

  private let sender: Path
  private var recipients: [Path] = []
  /// From the end of the header section on; nil when an address or parameter is no UTF-8.
  private(set) var envelope: Envelope?
  /// Header section, CRLF line ends; the body has it too, and keeps it.
  private(set) var headers: [UInt8] = []
  /// What can be told of it as it comes.
  private(set) var glance = HeaderGlance()
  /// From the end of the header section on.
  private(set) var body: CollectedBody?
  /// Kept while the body is read.
  var place: ReceptionLimits.BodyPlace?
  /// Its envelope or header section is larger than any PBX's; the rest of it is not kept.
  private(set) var isOversized = false
  private var envelopeBytes = 0

  /// Postfix's `header_size_limit` is 100 KB for each field; a PBX's whole section has 2 KB.
  static let headerLimitBytes = 1 << 20
  private static let envelopeLimitBytes = 4 << 20
  private static let usualHeaderBytes = 4 << 10

  var size: Int { body?.count ?? headers.count }

  init(sender: [UInt8], parameters: [[UInt8]]) {
    self.sender = (sender, parameters)
    headers.reserveCapacity(Self.usualHeaderBytes)
  }

  mutating func add(recipient address: [UInt8], parameters: [[UInt8]]) {
    envelopeBytes += address.count + parameters.reduce(64) { $0 + $1.count }
    guard !isOversized, envelopeBytes <= Self.envelopeLimitBytes else { return giveUp() }
    recipients.append((address, parameters))
  }

  /// The value begins right after the colon; libmilter divides folded lines by LF alone.
  mutating func add(header name: Span<UInt8>, value: Span<UInt8>) {
    guard !isOversized, headers.count + name.count + value.count <= Self.headerLimitBytes else {
      return giveUp()
    }
    glance.see(name, value)
    headers.append(copying: name)
    headers.append(UInt8(ascii: ":"))
    var start = 0
    for index in value.indices where value[index] == 0x0A {
      headers.append(copying: value.extracting(start..<index))
      if index == 0 || value[index - 1] != 0x0D { headers.append(0x0D) }
      start = index
    }
    headers.append(copying: value.extracting(start...))
    headers.append(0x0D)
    headers.append(0x0A)
  }

  /// `directory`: where a large body may lie.
  mutating func endHeaders(directory: String, limits: ReceptionLimits) {
    headers += [0x0D, 0x0A]
    envelope = Self.envelope(sender, recipients)
    recipients = []
    body = CollectedBody(start: headers, directory: directory, limits: limits)
  }

  /// Once they are judged.
  mutating func releaseHeaders() { headers = [] }

  /// The whole message.
  func content() throws(StepFailure) -> [UInt8] {
    guard let body else { return headers }
    return try body.content()
  }

  private mutating func giveUp() {
    isOversized = true
    headers = []
    recipients = []
  }

  private static func envelope(_ sender: Path, _ recipients: [Path]) -> Envelope? {
    guard let address = text(sender.address), let parameters = texts(sender.parameters) else {
      return nil
    }
    var envelope = Envelope(sender: address, senderParameters: parameters, recipients: [])
    for recipient in recipients {
      guard let address = text(recipient.address), let parameters = texts(recipient.parameters)
      else { return nil }
      envelope.recipients.append(Recipient(address: address, parameters: parameters))
    }
    return envelope
  }

  private static func text(_ bytes: [UInt8]) -> String? { String(validating: bytes, as: UTF8.self) }

  private static func texts(_ list: [[UInt8]]) -> [String]? {
    let texts = list.compactMap(text)
    return texts.count == list.count ? texts : nil
  }
}
