internal import CCurl
internal import Glibc

/// The request that makes a WebSocket of a connection, and the answer to it (RFC 6455, 4).
struct WebSocketHandshake {
  /// Longest head of an answer.
  static let limitBytes = 64 << 10

  let request: [UInt8]
  private let nonce: String

  /// `address`: of the form `ws://HOST[:PORT][/PATH]`. `headers` without control characters.
  init(_ address: String, headers: [(name: String, value: String)]) {
    let rest = address.firstRange(of: "://").map { address[$0.upperBound...] } ?? address[...]
    let host = rest.prefix { $0 != "/" }
    let path = rest[host.endIndex...].prefix { $0 != "#" }
    nonce = Signatures.base64((0..<16).map { _ in UInt8.random(in: 0...255) })
    let lines =
      [
        "GET \(path.isEmpty ? "/" : path) HTTP/1.1", "Host: \(host)", "Upgrade: websocket",
        "Connection: Upgrade", "Sec-WebSocket-Key: \(nonce)", "Sec-WebSocket-Version: 13",
        "User-Agent: \(HTTPClient.userAgent)",
      ] + headers.map { "\($0.name): \($0.value)" }
    request = Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
  }

  /// What is asked with that nonce is answered so (4.2.2).
  static func acceptance(of nonce: String) -> String {
    Signatures.base64(Signatures.sha1(Array((nonce + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
  }

  enum Answer: Equatable {
    /// Followed by bytes of the WebSocket.
    case open(rest: [UInt8])
    /// Without its body.
    case refused(HTTPResponse)
    /// No answer to a handshake.
    case broken
  }

  /// What those bytes say; nil when the head of the answer is not whole yet.
  func answer(_ bytes: [UInt8]) -> Answer? {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
      return Self.mayBeHTTP(bytes) ? nil : .broken
    }
    let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
    let words = (lines.first ?? "").split(separator: " ")
    guard Self.mayBeHTTP(bytes), words.count >= 2, let status = Int(words[1]),
      (100...999).contains(status)
    else { return .broken }
    func field(_ name: String) -> String? {
      let line = lines.dropFirst().first { $0.lowercased().hasPrefix(name + ":") }
      let value = line?.dropFirst(name.count + 1).split { $0 == " " || $0 == "\t" }
      return value?.joined(separator: " ")
    }
    guard status == 101 else {
      return .refused(
        HTTPResponse(
          status: status, body: [], retryAfter: field("retry-after").flatMap(Self.seconds),
          location: field("location").flatMap { $0.contains("://") ? $0 : nil }))
    }
    let isOurs =
      field("upgrade")?.lowercased() == "websocket"
      && field("sec-websocket-accept") == Self.acceptance(of: nonce)
    return isOurs ? .open(rest: Array(bytes[end.upperBound...])) : .broken
  }

  /// Another protocol shows at its first bytes: its sender may wait for ours.
  private static func mayBeHTTP(_ bytes: [UInt8]) -> Bool {
    zip(bytes, Array("HTTP/1.".utf8)).allSatisfy { $0 == $1 }
  }

  /// Seconds, or a date. C: `curl_getdate`.
  private static func seconds(_ text: String) -> Int? {
    if let seconds = Int(text) { return HTTPResponse.retryAfter(seconds) }
    let date = unsafe curl_getdate(text, nil)
    return date > 0 ? HTTPResponse.retryAfter(date - Glibc.time(nil)) : nil
  }
}
