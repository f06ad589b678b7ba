/// What the bytes of a WebSocket mean (RFC 6455, 5.2), on a client's side.
enum WebSocketFrames {
  enum Kind: UInt8 {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    var isControl: Bool { rawValue >= 8 }
  }

  /// One whole frame. `mask`: four random bytes; every frame of a client is masked with other ones (5.3).
  static func frame(_ kind: Kind, _ payload: some Collection<UInt8>, mask: [UInt8]) -> [UInt8] {
    var frame: [UInt8] = [0x80 | kind.rawValue]
    let length = payload.count
    switch length {
    case 0..<126: frame.append(0x80 | UInt8(length))
    case 126..<65_536: frame += [0x80 | 126] + bigEndian(length, bytes: 2)
    default: frame += [0x80 | 127] + bigEndian(length, bytes: 8)
    }
    frame += mask
    frame += zip(payload, 0...).map { $0 ^ mask[$1 % mask.count] }
    return frame
  }

  private static func bigEndian(_ number: Int, bytes: Int) -> [UInt8] {
    (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
}

/// Reads what a server sends, in whatever pieces it comes; keeps one message of at most `limit` bytes and one frame.
struct WebSocketReader {
  enum Event: Equatable {
    /// A whole message, text or binary.
    case message([UInt8])
    case ping([UInt8])
    case pong
    /// Its reason in the server's own words; 1005: none was told (7.1.5).
    case close(code: Int, reason: String)
  }

  enum Fault: Error, Equatable {
    case tooLarge
    /// A clause that says what is against the protocol.
    case broken(String)
  }

  private struct Head {
    var kind: WebSocketFrames.Kind
    var isLast: Bool
    var headerBytes: Int
    var payloadBytes: Int
  }

  private let limit: Int
  private var bytes: [UInt8] = []
  /// Before it everything is read.
  private var start = 0
  /// The part of a message that has come; nil between messages.
  private var message: [UInt8]?

  init(limit: Int) { self.limit = limit }

  mutating func take(_ more: some Collection<UInt8>) {
    bytes.removeFirst(start)
    start = 0
    bytes += more
  }

  /// What comes next; nil when more bytes are needed. After a fault nothing may be asked any more.
  mutating func next() throws(Fault) -> Event? {
    while let head = try head() {
      let from = start + head.headerBytes
      guard bytes.count - from >= head.payloadBytes else { return nil }
      let payload = bytes[from..<from + head.payloadBytes]
      start = from + head.payloadBytes
      switch head.kind {
      case .ping: return .ping(Array(payload))
      case .pong: return .pong
      case .close: return Self.close(payload)
      case .continuation, .text, .binary:
        if message == nil { message = [] }
        message?.append(contentsOf: payload)
        guard head.isLast else { continue }
        defer { message = nil }
        return .message(message ?? [])
      }
    }
    return nil
  }

  /// Judged as soon as it is there: nothing is kept of a frame that would be too large.
  private func head() throws(Fault) -> Head? {
    guard bytes.count >= start + 2 else { return nil }
    let (first, second) = (bytes[start], bytes[start + 1])
    guard first & 0x70 == 0 else { throw .broken("an extension that nobody asked for") }
    guard let kind = WebSocketFrames.Kind(rawValue: first & 0x0F) else {
      throw .broken("a frame of an unknown kind")
    }
    guard second & 0x80 == 0 else { throw .broken("a masked frame") }
    let isLast = first & 0x80 != 0
    let (short, more) = (Int(second), second == 127 ? 8 : second == 126 ? 2 : 0)
    if kind.isControl {
      guard isLast, short < 126 else {
        throw .broken("a control frame that is not small and whole")
      }
    } else if (kind == .continuation) != (message != nil) {
      throw .broken("parts of a message out of their order")
    }
    guard bytes.count >= start + 2 + more else { return nil }
    var length = short
    if more > 0 {
      guard more == 2 || bytes[start + 2] < 0x80 else { throw .broken("a length that is none") }
      length = bytes[start + 2..<start + 2 + more].reduce(0) { $0 << 8 | Int($1) }
    }
    guard length <= limit, kind.isControl || length <= limit - (message?.count ?? 0) else {
      throw .tooLarge
    }
    return Head(kind: kind, isLast: isLast, headerBytes: 2 + more, payloadBytes: length)
  }

  private static func close(_ payload: ArraySlice<UInt8>) -> Event {
    guard payload.count >= 2 else { return .close(code: 1_005, reason: "") }
    let code = payload.prefix(2).reduce(0) { $0 << 8 | Int($1) }
    return .close(code: code, reason: String(decoding: payload.dropFirst(2), as: UTF8.self))
  }
}
