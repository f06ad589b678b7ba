import Foundation
import Synchronization
import TestSupport
import Testing
import Voicemail

@testable import Speech

/// A Vosk server, asked frame for frame as its source wants it, and left when it does something else.
@Suite struct VoskServers {
  private static let call = """
    {"result":[{"conf":1.0,"end":1.0,"start":0.6,"word":"please"},{"conf":0.5,"end":1.3,"start":1.0,"word":"call"},
    {"conf":0.9,"end":1.6,"start":1.3,"word":"me"}],"text":"please call me"}
    """
  private static let number = """
    {"result":[{"conf":0.8,"end":2.8,"start":2.6,"word":"five"},{"conf":0.6,"end":3.0,"start":2.8,"word":"oh"},
    {"conf":0.7,"end":3.2,"start":3.0,"word":"nine"}],"text":"five oh nine"}
    """

  private static func engine(
    _ server: FakeHTTPServer, path: String = "", key: String? = nil,
    _ change: (inout EngineConfiguration) -> Void = { _ in }
  ) throws -> (engine: RemoteEngine, directory: TemporaryDirectory) {
    try Engines.make(.vosk, at: "ws://127.0.0.1:\(server.port)\(path)", key: key, change)
  }

  @Test(arguments: [false, true])
  func `another's server understands us, and we it`(isEncrypted: Bool) throws {
    let server = try FakeVoskServer([Self.call, Self.number], isEncrypted: isEncrypted)
    let (engine, _) = try Engines.make(.vosk, at: server.url, key: nil) {
      if isEncrypted { $0.caFile = server.certificate }
    }
    let answer = try engine.recognize(
      Engines.request(
        Engines.voice(rate: 8_000), languages: ["en-US"], vocabulary: ["Yara", "Contoso"]))
    #expect(server.waitForEnd())
    let lines = server.lines
    // No vocabulary: it would hear nothing else. 16 kHz, whatever it was recorded at.
    #expect(
      lines.first == #"config {"config":{"max_alternatives":0,"sample_rate":16000,"words":true}}"#)
    #expect(lines.suffix(3) == ["pong", "eof", "closed 1000"], "\(lines)")
    let chunks = lines.compactMap { line in
      line.hasPrefix("chunk ") ? Int(line.dropFirst(6)) : nil
    }
    #expect(chunks.dropLast().allSatisfy { $0 == 6_400 }, "\(chunks)")
    // The speech and half a second around it.
    #expect((96_000...128_000).contains(chunks.reduce(0, +)))
    #expect(lines.filter { $0 == "pong" }.count == chunks.count + 1)

    #expect(answer.language == "en-US")
    #expect(answer.segments.map(\.segment.text) == ["Please call me.", "509."])
    let first = try #require(answer.segments.first).segment
    #expect(first.words.map(\.text) == ["Please", "call", "me"])
    #expect(first.words.map(\.confidence) == [1, 0.5, 0.9])
    #expect(abs(first.words[1].end - first.words[0].start - 0.7) < 1e-9)
    #expect(abs(first.confidence - 0.8) < 1e-9)
    #expect(first.raw?.map(\.text) == ["please", "call", "me"])
    #expect(answer.segments[1].segment.words.map(\.confidence) == [0.6])
    #expect(answer.segments[1].segment.raw?.map(\.text) == ["five", "oh", "nine"])
  }

  @Test func `the handshake has what RFC 6455 wants, the path and the key`() throws {
    let server = try FakeHTTPServer(.json("{}"))
    server.once("GET", FakeWebSocket.step { $0.answer(end: Array(#"{"text":"hello"}"#.utf8)) })
    let (engine, _) = try Self.engine(server, path: "/asr/", key: Engines.key)
    #expect(try Engines.ask(engine).segments.count == 1)
    let sent = try #require(server.requests.first)
    #expect(sent.line == "GET /asr")
    let fields = [
      "host": "127.0.0.1:\(server.port)", "upgrade": "websocket", "connection": "Upgrade",
      "sec-websocket-version": "13", "authorization": "Bearer \(Engines.key)",
      "user-agent": "voicemail-milter",
    ]
    #expect(sent.headers.filter { $0.key != "sec-websocket-key" } == fields)
    let nonce = try #require(sent.header("sec-websocket-key").flatMap { Data(base64Encoded: $0) })
    #expect(nonce.count == 16)
    // The RFC's own example (1.3).
    #expect(
      WebSocketHandshake.acceptance(of: "dGhlIHNhbXBsZSBub25jZQ==")
        == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
  }

  @Test func `a text that the server's own filter changed stands without words; none is silence`()
    throws
  {
    let server = try FakeHTTPServer(
      FakeWebSocket.step { socket in
        let changed = Self.call.replacingOccurrences(of: #""please call"#, with: #""****** call"#)
        socket.answer(end: Array(changed.utf8))
      }, FakeWebSocket.step { $0.answer(end: Array(#"{"text" : ""}"#.utf8)) })
    let (engine, _) = try Self.engine(server)
    let segment = try #require(try Engines.ask(engine).segments.first).segment
    #expect(segment.text == "****** call me")
    #expect(segment.words.isEmpty)
    #expect((segment.start, segment.end) == (0.6, 1.6))
    #expect(abs(segment.confidence - 0.8) < 1e-9)
    #expect(try Engines.ask(engine).segments == [])
  }

  @Test func `an answer in fragments, with a ping between them`() throws {
    let pong = Mutex<FakeWebSocket.Message?>(nil)
    let server = try FakeHTTPServer(
      FakeWebSocket.step { socket in
        while let message = socket.read(), message.text != #"{"eof" : 1}"# {}
        socket.send(FakeWebSocket.frame(0x01, Array(#"{"text":"#.utf8)))
        socket.send(FakeWebSocket.frame(0x8A, []))
        socket.send(FakeWebSocket.frame(0x89, [1, 2, 3]))
        let answer = socket.read()
        pong.withLock { $0 = answer }
        // Each byte a fragment.
        for byte in #""Hello there""#.utf8 { socket.send(FakeWebSocket.frame(0x00, [byte])) }
        socket.send(FakeWebSocket.frame(0x80, Array("}".utf8)))
      })
    let (engine, _) = try Self.engine(server)
    #expect(try Engines.ask(engine).segments.map(\.segment.text) == ["Hello there"])
    #expect(pong.withLock { $0 } == FakeWebSocket.Message(kind: 10, payload: [1, 2, 3]))
  }

  @Test func `a chunk is sent when the one before is answered, and not sooner`() throws {
    let chunks = Mutex(0)
    let server = try FakeHTTPServer(
      FakeWebSocket.step { socket in
        while let message = socket.read() {
          if message.kind == 2 { chunks.withLock { $0 += 1 } }
        }
      })
    let (engine, _) = try Self.engine(server)
    #expect(
      Engines.failure(engine, Engines.request(Engines.short, seconds: 1.5))
        == .retryable("did not answer in time"))
    #expect(chunks.withLock { $0 } == 1)
  }

  @Test func `a proxy is asked for a tunnel`() throws {
    let proxy = try FakeHTTPServer(.text("", status: 403))
    let (engine, _) = try Engines.make(.vosk, at: "ws://192.0.2.1:2700", key: nil) {
      $0.proxy = proxy.url
    }
    let failure = try #require(Engines.refusal(engine))
    #expect(failure.kind == .retryable && failure.sentence.hasPrefix("no answer: "), "\(failure)")
    #expect(proxy.requests.map(\.line) == ["CONNECT 192.0.2.1:2700"])
  }

  // MARK: - Trouble

  struct Trouble: CustomTestStringConvertible, Sendable {
    /// Sent at the recording's end.
    var bytes: [UInt8]
    var words: String
    var testDescription: String { words }

    init(_ bytes: [UInt8], _ words: String) { (self.bytes, self.words) = (bytes, words) }
  }

  private static func close(_ code: Int, _ reason: String) -> [UInt8] {
    FakeWebSocket.frame(0x88, [UInt8(code >> 8), UInt8(code & 255)] + Array(reason.utf8))
  }

  static let troubles: [Trouble] = [
    Trouble(close(1_011, "no memory"), "no answer: it closed the connection (1011: no memory)"),
    Trouble(close(1_000, ""), "no answer: it closed the connection (1000)"),
    Trouble(
      close(1_008, "\(Engines.key) is\u{7} wrong"),
      "no answer: it closed the connection (1008: [key] is wrong)"),
    Trouble(FakeWebSocket.frame(0x88, []), "no answer: it closed the connection (1005)"),
    Trouble([], "no answer: it closed the connection"),
    Trouble([0x81], "no answer: it closed the connection"),
    Trouble([0x81, 127, 0, 0, 0], "no answer: it closed the connection"),
    Trouble([0x81, 127, 0, 0, 0, 0, 0, 0x80, 0, 1], "answered with more than 8 MB"),
    Trouble([0x81, 127, 0x7F] + Array(repeating: 0xFF, count: 7), "answered with more than 8 MB"),
    Trouble(
      [0x81, 127] + Array(repeating: 0xFF, count: 8), "no answer: it sends a length that is none"),
    Trouble([0x81, 0x85, 1, 2, 3, 4], "no answer: it sends a masked frame"),
    Trouble([0xC1, 1, 0], "no answer: it sends an extension that nobody asked for"),
    Trouble([0x83, 1, 0], "no answer: it sends a frame of an unknown kind"),
    Trouble([0x8F, 1, 0], "no answer: it sends a frame of an unknown kind"),
    Trouble(
      [0x89, 126, 0, 200], "no answer: it sends a control frame that is not small and whole"),
    Trouble([0x09, 1, 0], "no answer: it sends a control frame that is not small and whole"),
    Trouble([0x80, 1, 0], "no answer: it sends parts of a message out of their order"),
    Trouble(
      [0x01, 1, 0x7B, 0x81, 1, 0], "no answer: it sends parts of a message out of their order"),
    Trouble(
      FakeWebSocket.frame(0x82, Array("\u{0}\u{1}".utf8)),
      "answered with 2 bytes that are not the JSON it promises"),
    Trouble(
      FakeWebSocket.frame(0x81, Array(#"{"result":[]}"#.utf8)),
      "answered with 13 bytes that are not the JSON it promises"),
  ]

  @Test(arguments: troubles)
  func `what a server may do instead of an answer`(_ trouble: Trouble) throws {
    let server = try FakeHTTPServer(
      FakeWebSocket.step { socket in
        while let message = socket.read(), message.text != #"{"eof" : 1}"# {}
        socket.send(trouble.bytes)
      })
    let (engine, _) = try Self.engine(server, key: Engines.key)
    #expect(Engines.refusal(engine) == .retryable(trouble.words))
    #expect(server.requests.count == 1)
  }

  /// Answers to the handshake.
  static let handshakes: [(answer: String, failure: EngineFailure)] = [
    (
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
      .administrator("answers 200 and no WebSocket: url must be that of a Vosk server")
    ),
    (
      "HTTP/1.1 307 x\r\nLocation: /elsewhere\r\n\r\n",
      .administrator("answered with a redirect, which is not followed; set url")
    ),
    (
      "HTTP/1.1 503 x\r\nretry-after:  7 \r\n\r\n",
      .busy("is busy or broken (503)", afterSeconds: 7)
    ),
    ("HTTP/1.1 426 Upgrade Required\r\n\r\n", .audio("refused the request (426)")),
    (
      "HTTP/1.0 404 Not Found\r\n\r\n",
      .administrator("does not know the model, or url is wrong (404)")
    ),
    (
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
      .retryable("no answer: what it says is no WebSocket's handshake")
    ),
    (
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      .retryable("no answer: what it says is no WebSocket's handshake")
    ),
    ("HTTP/1.1 1e2 x\r\n\r\n", .retryable("no answer: what it says is no WebSocket's handshake")),
    ("HTTP/1.1\r\n\r\n", .retryable("no answer: what it says is no WebSocket's handshake")),
    ("\r\n\r\n", .retryable("no answer: what it says is no WebSocket's handshake")),
    ("HTTP/1.1 101 Swi", .retryable("no answer: it closed the connection")),
    (
      "HTTP/1.1 101 x\r\nX: " + String(repeating: "x", count: 100_000),
      .retryable("no answer: its handshake does not come to an end")
    ),
  ]

  @Test(arguments: handshakes.indices)
  func `what a server may answer instead of a handshake`(_ index: Int) throws {
    let item = Self.handshakes[index]
    let server = try FakeHTTPServer(.bytes(Array(item.answer.utf8)))
    #expect(Engines.refusal(try Self.engine(server).engine) == item.failure)
  }

  @Test func `what comes with the answer to the handshake is not lost`() {
    let handshake = WebSocketHandshake("ws://h", headers: [])
    let request = String(decoding: handshake.request, as: UTF8.self)
    #expect(request.hasPrefix("GET / HTTP/1.1\r\nHost: h\r\n") && request.hasSuffix("\r\n\r\n"))
    let nonce = request.components(separatedBy: "Sec-WebSocket-Key: ")[1]
      .components(separatedBy: "\r\n")[0]
    let answer = Array(
      ("HTTP/1.1 101 x\r\nupgrade:WebSocket\r\nSEC-WEBSOCKET-ACCEPT: "
        + "\(WebSocketHandshake.acceptance(of: nonce))\r\n\r\n").utf8)
    #expect(handshake.answer(answer + [0x81, 0]) == .open(rest: [0x81, 0]))
    for length in 0..<answer.count { #expect(handshake.answer(Array(answer[..<length])) == nil) }
  }

  @Test func `hangs after half of the recording`() throws {
    let server = try FakeHTTPServer(
      FakeWebSocket.step { socket in
        for _ in 0..<3 where socket.read() != nil {
          socket.send(text: Array(#"{"partial":"x"}"#.utf8))
        }
        while socket.read() != nil {}
      })
    let start = ContinuousClock.now
    #expect(
      Engines.failure(
        try Self.engine(server).engine, Engines.request(Engines.short, seconds: 1))
        == .retryable("did not answer in time"))
    #expect(start.duration(to: .now) < .seconds(10))
  }

  // MARK: - Frames

  @Test(arguments: [0, 1, 125, 126, 65_535, 65_536, 70_000])
  func `frames of every length are read as they were written`(_ count: Int) throws {
    let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var reader = WebSocketReader(limit: 70_000)
    let bytes = FakeWebSocket.frame(0x82, payload)
    // In pieces, however they fall.
    for start in stride(from: 0, to: bytes.count, by: 997) {
      #expect(try reader.next() == nil)
      reader.take(bytes[start..<min(start + 997, bytes.count)])
    }
    #expect(try reader.next() == .message(payload))
    #expect(try reader.next() == nil)
    let ours = WebSocketFrames.frame(.binary, payload, mask: [0, 0, 0, 0])
    #expect(ours.count == bytes.count + 4 && ours[1] == bytes[1] | 0x80)
    #expect(Array(ours.suffix(count)) == payload)
    #expect(
      Array(WebSocketFrames.frame(.text, payload, mask: [1, 2, 3, 4]).suffix(count))
        == zip(payload, 0...).map { $0 ^ [1, 2, 3, 4][$1 % 4] })
  }

  /// Bytes that begin well and go on as chance has it; `make fuzz` goes on with that.
  @Test func `whatever comes, it is read within the limit or refused`() {
    var random = SystemRandomNumberGenerator()
    let limit = 100
    let firsts: [UInt8] = [0x81, 0x82, 0x01, 0x00, 0x80, 0x88, 0x89, 0x8A]
    var seen: Set<String> = []
    for _ in 0..<3_000 {
      var reader = WebSocketReader(limit: limit)
      var bytes: [UInt8] = []
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let count = Int.random(in: 0...140, using: &random)
        bytes += FakeWebSocket.frame(
          firsts.randomElement(using: &random) ?? 0x81, [UInt8](repeating: 7, count: count))
      }
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        bytes[index] = UInt8.random(in: 0...255, using: &random)
      }
      reader.take(bytes)
      do throws(WebSocketReader.Fault) {
        while let event = try reader.next() {
          if case .message(let message) = event {
            #expect(message.count <= limit)
            seen.insert("message")
          }
          if case .close = event { seen.insert("close") }
        }
        seen.insert("more")
      } catch .tooLarge {
        seen.insert("too large")
      } catch {
        seen.insert("broken")
      }
    }
    #expect(seen == ["message", "close", "more", "too large", "broken"])
  }
}
