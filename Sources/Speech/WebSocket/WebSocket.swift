internal import CCurl
internal import Glibc
internal import Voicemail

/// A WebSocket to an engine, used by one thread, until one deadline.
///
/// libcurl makes the connection as it does for HTTP, with its TLS, certificates and proxy. The frames are made here:
/// Debian 12's libcurl is built without its own, which `curl_ws_send` and `curl_ws_recv` would be.
@safe struct WebSocket: ~Copyable {
  /// For the chunks a server's answers come in.
  private static let bufferBytes = 64 << 10

  private let handle: UnsafeMutableRawPointer
  private let deadline: ContinuousClock.Instant
  private var reader = WebSocketReader(limit: HTTPClient.answerLimit)
  private var buffer = [UInt8](repeating: 0, count: Self.bufferBytes)

  /// Connects, with TLS for `wss:`. C: CURLOPT_CONNECT_ONLY(3).
  init(
    _ address: String, caFile: String?, proxy: String?, before deadline: ContinuousClock.Instant
  ) throws(EngineFailure) {
    guard CurlOptions.isReady, let handle = unsafe curl_easy_init() else {
      throw .retryable("libcurl cannot be set up")
    }
    let option = unsafe CurlOptions(handle)
    do throws(EngineFailure) {
      // ws: is http: to libcurl, wss: https:
      try option.reach(
        "http" + address.dropFirst(2), caFile: caFile, proxy: proxy, before: deadline)
    } catch {
      unsafe curl_easy_cleanup(handle)
      throw error
    }
    option.set(CURLOPT_CONNECT_ONLY, 1)
    // A proxy must let all bytes through, and HTTP/2 has no such handshake.
    option.set(CURLOPT_HTTPPROXYTUNNEL, 1)
    option.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    let code = unsafe curl_easy_perform(handle)
    guard code == CURLE_OK else {
      unsafe curl_easy_cleanup(handle)
      throw CurlOptions.failure(code)
    }
    unsafe self.handle = unsafe handle
    self.deadline = deadline
  }

  deinit { unsafe curl_easy_cleanup(handle) }

  /// The refusal, if it is one; nil: it is open.
  mutating func shakeHands(_ handshake: WebSocketHandshake) throws(EngineFailure) -> HTTPResponse? {
    try write(handshake.request)
    var head: [UInt8] = []
    while head.count <= WebSocketHandshake.limitBytes {
      head += try read()
      switch handshake.answer(head) {
      case nil: continue
      case .open(let rest):
        reader.take(rest)
        return nil
      case .refused(let response): return response
      case .broken: throw .retryable("no answer: what it says is no WebSocket's handshake")
      }
    }
    throw .retryable("no answer: its handshake does not come to an end")
  }

  func send(_ kind: WebSocketFrames.Kind, _ payload: some Collection<UInt8>) throws(EngineFailure) {
    let mask = (0..<4).map { _ in UInt8.random(in: 0...255) }
    try write(WebSocketFrames.frame(kind, payload, mask: mask))
  }

  /// The next message. What the server says as it closes is in the failure; `clean` makes it fit for a log.
  mutating func receive(_ clean: (String) -> String) throws(EngineFailure) -> [UInt8] {
    while true {
      let event: WebSocketReader.Event?
      do throws(WebSocketReader.Fault) {
        event = try reader.next()
      } catch {
        throw Self.failure(error)
      }
      switch event {
      case nil: reader.take(try read())
      case .message(let bytes): return bytes
      case .ping(let payload): try send(.pong, payload)
      case .pong: continue
      case .close(let code, let reason):
        let said = reason.isEmpty ? "" : ": \(clean(reason))"
        throw .retryable("no answer: it closed the connection (\(code)\(said))")
      }
    }
  }

  private static func failure(_ fault: WebSocketReader.Fault) -> EngineFailure {
    switch fault {
    case .tooLarge: HTTPClient.tooMuch
    case .broken(let what): .retryable("no answer: it sends \(what)")
    }
  }

  /// Says good-bye; nobody waits for the answer.
  func close() { try? send(.close, [0x03, 0xE8]) }

  // MARK: - Bytes

  /// Some bytes. C: `curl_easy_recv`, which does not wait.
  private mutating func read() throws(EngineFailure) -> ArraySlice<UInt8> {
    while true {
      guard ContinuousClock.now < deadline else { throw Self.late }
      var count = 0
      let code = unsafe curl_easy_recv(handle, &buffer, buffer.count, &count)
      switch code {
      case CURLE_OK where count > 0: return buffer[..<count]
      case CURLE_OK: throw .retryable("no answer: it closed the connection")
      case CURLE_AGAIN: try wait(POLLIN)
      default: throw CurlOptions.failure(code)
      }
    }
  }

  /// C: `curl_easy_send`, which does not wait.
  private func write(_ bytes: [UInt8]) throws(EngineFailure) {
    var rest = bytes[...]
    while !rest.isEmpty {
      guard ContinuousClock.now < deadline else { throw Self.late }
      var count = 0
      let code = unsafe rest.withUnsafeBytes {
        unsafe curl_easy_send(handle, $0.baseAddress, $0.count, &count)
      }
      switch code {
      case CURLE_OK: rest = rest.dropFirst(count)
      case CURLE_AGAIN: try wait(POLLOUT)
      default: throw CurlOptions.failure(code)
      }
    }
  }

  /// Until it is worth to try again, or the deadline.
  private func wait(_ events: Int32) throws(EngineFailure) {
    var socket: curl_socket_t = -1
    unsafe vm_curl_get_socket(handle, CURLINFO_ACTIVESOCKET, &socket)
    let left = ContinuousClock.now.duration(to: deadline).inSeconds
    guard socket >= 0, left > 0 else { throw Self.late }
    var watch = pollfd(fd: socket, events: Int16(events), revents: 0)
    // Interrupted or too early, the caller comes back.
    _ = unsafe poll(&watch, 1, Int32(min(left * 1_000 + 1, 60_000)))
  }

  private static let late = EngineFailure.retryable("did not answer in time")
}
