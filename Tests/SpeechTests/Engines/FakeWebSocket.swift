import Foundation
import Glibc
import TestSupport

@testable import Speech

/// The far side of a WebSocket, byte for byte as a test wants it. A real server is `FakeVoskServer`.
struct FakeWebSocket: Sendable {
  let descriptor: Int32

  /// Takes the connection of a request over, with the answer to its handshake.
  static func step(_ talk: @escaping @Sendable (FakeWebSocket) -> Void) -> FakeHTTPServer.Step {
    .handOver { request, descriptor in
      let nonce = request.header("sec-websocket-key") ?? ""
      let answer = [
        "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Accept: \(WebSocketHandshake.acceptance(of: nonce))", "", "",
      ]
      guard FakeHTTPServer.send(Array(answer.joined(separator: "\r\n").utf8), to: descriptor)
      else { return }
      talk(FakeWebSocket(descriptor: descriptor))
    }
  }

  /// What is meant for HTTP: bodies of good answers are the answer to the recording's end.
  static func spoken(_ step: FakeHTTPServer.Step) -> FakeHTTPServer.Step {
    switch step {
    case .reply(200, _, let body): FakeWebSocket.step { $0.answer(end: body) }
    case .half(200, let body):
      FakeWebSocket.step { $0.send([0x81, UInt8(body.count * 2)] + body) }
    case .endless:
      FakeWebSocket.step { socket in
        let part = [UInt8](repeating: 0x61, count: 1 << 15)
        guard socket.send([0x01, 126, 0x80, 0] + part) else { return }
        while socket.send([0x00, 126, 0x80, 0] + part) {}
      }
    case .slow:
      FakeWebSocket.step { socket in
        while let message = socket.read(), message.text != #"{"eof" : 1}"# {}
        var watch = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
        guard socket.send([0x81, 126, 0x27, 0x0F]) else { return }
        while poll(&watch, 1, 20) == 0, socket.send([0x20]) {}
      }
    default: step
    }
  }

  /// A Vosk server that hears nothing before the end of the recording.
  func answer(end: [UInt8]) {
    while let message = read() {
      if message.kind == 2 { send(text: Array(#"{"partial" : ""}"#.utf8)) }
      if message.text == #"{"eof" : 1}"# { return _ = send(text: end) }
    }
  }

  // MARK: - Frames

  struct Message: Equatable, Sendable {
    var kind: UInt8
    var payload: [UInt8]
    var text: String { String(decoding: payload, as: UTF8.self) }
  }

  /// The client's next frame; nil when it has gone, or does not mask it.
  func read() -> Message? {
    guard let head = receive(2), head[1] & 0x80 != 0 else { return nil }
    var length = Int(head[1] & 0x7F)
    if length >= 126 {
      guard let more = receive(length == 126 ? 2 : 8) else { return nil }
      length = more.reduce(0) { $0 << 8 | Int($1) }
    }
    guard let mask = receive(4), let masked = receive(length) else { return nil }
    return Message(
      kind: head[0] & 0x0F, payload: zip(masked, 0...).map { $0 ^ mask[$1 % 4] })
  }

  @discardableResult
  func send(text: [UInt8]) -> Bool { send(Self.frame(0x81, text)) }

  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool { FakeHTTPServer.send(bytes, to: descriptor) }

  static func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
    let count = payload.count
    let length: [UInt8] =
      count < 126
      ? [UInt8(count)]
      : count < 65_536
        ? [126, UInt8(count >> 8), UInt8(count & 255)]
        : [127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    return [first] + length + payload
  }

  private func receive(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = bytes.withUnsafeMutableBytes { buffer in
        recv(descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, 0)
      }
      guard got > 0 else { return nil }
      filled += got
    }
    return bytes
  }
}
