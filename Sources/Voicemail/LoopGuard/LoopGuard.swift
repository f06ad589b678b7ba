/// What the marker of a message says.
package enum MarkerCheck: Sendable, Equatable {
  case absent
  /// Made here for this very message; `id` is the job's.
  case valid(id: String)
  /// There is a marker, but not one made here for this message.
  case forged
}

/// Keeps a message from being taken over twice.
///
/// The marker is a field with a keyed hash over the job and the fields that identify a message. It is
/// bound to those and not to the body, as MTAs and footers change bodies on the way. A stranger can
/// neither make one (to keep voicemail from being transcribed) nor move one to another message.
///
///     X-Voicemail-Milter: v=1; id=7f3a; t=1786023949; h=9c1185a5c5e9fc54...
package struct LoopGuard: Sendable {
  /// A keyed hash such as HMAC-SHA-256, the key inside.
  package typealias KeyedHash = @Sendable ([UInt8]) -> [UInt8]

  package static let headerName = "X-Voicemail-Milter"
  /// What our trace lines carry (RFC 5321, 4.4: a comment after the host).
  static let traceComment = "(voicemail-milter)"
  /// Our own marker stands on top; more are not looked at, as each costs a hash.
  private static let markersRead = 16
  private static let maxMarkerBytes = 512
  private static let maxReceivedFields = 25

  let keyedHash: KeyedHash

  package init(keyedHash: @escaping KeyedHash) {
    self.keyedHash = keyedHash
  }

  /// The marker for a message about to be handed back. `id` may hold letters, digits, `.`, `_`, `-`.
  package func marker(id: String, unixSeconds: Int64, message: MessageFacts) -> HeaderField {
    let id = String(id.filter(Self.isIdentifier).prefix(64))
    let time = String(unixSeconds)
    let hash = keyedHash(Self.canonical(id: id, time: time, message))
    return HeaderField(Self.headerName, "v=1; id=\(id); t=\(time); h=\(Self.hex(hash))")
  }

  /// Whether one of the message's markers is ours and made for it.
  package func check(_ message: MessageFacts) -> MarkerCheck {
    let markers = message.headers.lazy.filter { ASCIIText.isSame($0.name, Self.headerName) }
    var result = MarkerCheck.absent
    for marker in markers.prefix(Self.markersRead) {
      if let id = validID(marker.value, message) { return .valid(id: id) }
      result = .forged
    }
    return result
  }

  /// What a voicemail is known by when it comes again without its marker: Message-ID, recordings,
  /// recipients. nil without a Message-ID.
  ///
  /// Recipients belong to it, as MTAs send one message to some of its recipients at a time, and
  /// each of them shall have the transcript.
  package func fingerprint(
    _ message: MessageFacts, recordings digests: [[UInt8]], _ envelope: Envelope
  ) -> [UInt8]? {
    guard let messageID = message.header("Message-ID"), !messageID.isEmpty else { return nil }
    let recipients = Set(envelope.recipients.map { $0.address.lowercased() }).sorted()
    let values = [Array(messageID.utf8)] + digests + recipients.map { Array($0.utf8) }
    return keyedHash(values.flatMap { Array("\($0.count):".utf8) + $0 })
  }

  /// Why a message must pass to keep it from going round; nil: no sign of a loop.
  func reasonToPass(_ message: MessageFacts) -> String? {
    if case .valid(let id) = check(message) {
      return
        "handled here already, as job \(id); mail handed back should not meet this filter again"
    }
    // The second guard when the key was changed or Date and From were rewritten (RFC 5321, 6.3).
    let own = ownTraces(in: message)
    if own >= 2 { return "passed this filter \(own) times already, as its Received fields say" }
    let hops = Self.received(message).count { _ in true }
    return hops > Self.maxReceivedFields
      ? "\(hops) Received fields, more than \(Self.maxReceivedFields): perhaps a mail loop" : nil
  }

  /// How often it was handed back here, as its Received fields say.
  package func ownTraces(in message: MessageFacts) -> Int {
    Self.received(message).count { ASCIIText.contains(Self.traceComment, in: $0.value) }
  }

  private static func received(_ message: MessageFacts) -> some Sequence<HeaderField> {
    message.headers.lazy.filter { ASCIIText.isSame($0.name, "Received") }
  }

  private func validID(_ marker: String, _ message: MessageFacts) -> String? {
    guard marker.utf8.count <= Self.maxMarkerBytes else { return nil }
    var fields: [String: String] = [:]
    for pair in marker.split(separator: ";") {
      let pair = pair.filter { $0 != " " && $0 != "\t" }
      guard let equals = pair.firstIndex(of: "=") else { return nil }
      let name = String(pair[..<equals])
      guard fields[name] == nil else { return nil }
      fields[name] = String(pair[pair.index(after: equals)...])
    }
    guard fields["v"] == "1", let id = fields["id"], (1...64).contains(id.utf8.count),
      id.allSatisfy(Self.isIdentifier), let time = fields["t"], Int64(time) != nil,
      let claimed = fields["h"]
    else { return nil }
    let hash = keyedHash(Self.canonical(id: id, time: time, message))
    return hash.count >= 16 && Self.equalInConstantTime(claimed, Self.hex(hash)) ? id : nil
  }

  /// What is hashed: each value with its length before it, so that none can shift into the next.
  private static func canonical(id: String, time: String, _ message: MessageFacts) -> [UInt8] {
    let sender = message.header("From").map { MailAddress($0).address.lowercased() }
    let values = [
      "1", id, time, message.header("Message-ID"), message.header("Date"), sender,
    ]
    var bytes: [UInt8] = []
    for value in values {
      guard let value else {
        bytes.append(UInt8(ascii: "-"))
        continue
      }
      bytes += Array("\(value.utf8.count):".utf8) + Array(value.utf8)
    }
    return bytes
  }

  /// The time it takes tells nothing of where the first difference stands.
  private static func equalInConstantTime(_ left: String, _ right: String) -> Bool {
    let left = Array(left.utf8)
    let right = Array(right.utf8)
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  private static func isIdentifier(_ character: Character) -> Bool {
    character.isASCII
      && (character.isLetter || character.isNumber || "._-".contains(character))
  }
}
