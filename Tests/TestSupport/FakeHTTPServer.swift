import Foundation
import Glibc
import Synchronization

/// An HTTP server that follows a script and remembers what it was asked; one request a connection.
///
/// It listens on a free loopback port, one thread per connection, and stops with the value. It waits for its client
/// only, never for time.
package final class FakeHTTPServer: Sendable {
  /// One answer.
  package enum Step: Sendable {
    case reply(Int, headers: [String] = [], body: [UInt8])
    /// Announces more than it sends.
    case half(Int, body: [UInt8])
    /// Goes on for ever.
    case endless
    /// One byte of an answer after the other, a while between them, until the client gives up.
    case slow
    /// These bytes as they are.
    case bytes([UInt8])
    case drop
    /// No answer until the client gives up.
    case hang
    /// What becomes of the connection is another's; it is closed afterwards.
    case handOver(@Sendable (Request, Int32) -> Void)

    package static func json(_ text: String, status: Int = 200, headers: [String] = []) -> Step {
      .reply(
        status, headers: ["Content-Type: application/json"] + headers, body: Array(text.utf8))
    }
    package static func text(_ text: String, status: Int, headers: [String] = []) -> Step {
      .reply(status, headers: ["Content-Type: text/plain"] + headers, body: Array(text.utf8))
    }
  }

  /// A request as it came.
  package struct Request: Sendable {
    /// `POST /inference?x=1`
    package var line: String
    package var headers: [String: String]
    package var body: [UInt8]

    package var method: String { line.split(separator: " ").first.map(String.init) ?? "" }
    package var path: String {
      line.split(separator: " ").dropFirst().first.map(String.init) ?? ""
    }
    package func header(_ name: String) -> String? { headers[name.lowercased()] }

    /// The parts of a form by name; of a file the content.
    package var form: [(name: String, filename: String?, type: String?, content: [UInt8])] {
      guard let type = header("content-type"),
        let mark = type.components(separatedBy: "boundary=").dropFirst().first
      else { return [] }
      let boundary = Data("--\(mark)".utf8)
      let data = Data(body)
      var parts: [(String, String?, String?, [UInt8])] = []
      var start = data.range(of: boundary)?.upperBound
      while let from = start, let next = data.range(of: boundary, in: from..<data.endIndex) {
        let part = data[from..<next.lowerBound]
        start = next.upperBound
        guard let blank = part.range(of: Data("\r\n\r\n".utf8)) else { continue }
        let head = String(decoding: part[..<blank.lowerBound], as: UTF8.self)
        func value(_ key: String) -> String? {
          head.components(separatedBy: "\(key)=\"").dropFirst().first?
            .components(separatedBy: "\"").first
        }
        let kind = head.components(separatedBy: "Content-Type: ").dropFirst().first?
          .components(separatedBy: "\r\n").first
        let content = part[blank.upperBound..<max(blank.upperBound, part.endIndex - 2)]
        parts.append((value(" name") ?? "", value("filename"), kind, [UInt8](content)))
      }
      return parts
    }

    /// The form's fields that are text.
    package var fields: [String] {
      form.filter { $0.filename == nil }
        .map { "\($0.name)=\(String(decoding: $0.content, as: UTF8.self))" }
    }
    package var file: (name: String, filename: String?, type: String?, content: [UInt8])? {
      form.first { $0.filename != nil }
    }
    package var text: String { String(decoding: body, as: UTF8.self) }
  }

  private struct State {
    var script: [Step]
    var always: Step
    var special: [(isMeant: @Sendable (Request) -> Bool, step: Step)] = []
    var requests: [Request] = []
    var open: Set<Int32> = []
    var isStopped = false
  }

  package var port: UInt16 { listener.port }
  /// `http://127.0.0.1:PORT`
  package var url: String { "http://127.0.0.1:\(port)" }
  package var requests: [Request] { state.withLock { $0.requests } }

  private let listener: FakeSMTPServer.Listener
  private let state: Mutex<State>
  private let arrived = NSCondition()

  /// Answers with these steps in their order, then always with the last.
  package init(_ steps: Step...) throws {
    listener = try FakeSMTPServer.Listener()
    let last = steps.last ?? .json("{}")
    state = Mutex(State(script: Array(steps.dropLast()), always: last))
    let listener = listener
    Thread.detachNewThread { [weak self] in
      while let descriptor = listener.accept() {
        guard let server = self else {
          close(descriptor)
          return
        }
        server.open(descriptor)
      }
    }
  }

  /// Answers a request whose line begins so with these steps, each once, before any other.
  package func once(_ line: String, _ steps: Step...) {
    once(steps) { $0.line.hasPrefix(line) }
  }

  /// Answers requests that are meant with these steps, each once, before any other.
  package func once(_ steps: [Step], _ isMeant: @escaping @Sendable (Request) -> Bool) {
    state.withLock { state in state.special += steps.map { (isMeant, $0) } }
  }

  /// What all further requests get.
  package func always(_ step: Step) {
    state.withLock { state in (state.script, state.always) = ([], step) }
  }

  /// Waits until that many requests have come in all; false when the limit passed first.
  package func waitForRequests(_ count: Int, seconds: Double = 20) -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    arrived.lock()
    defer { arrived.unlock() }
    while requests.count < count {
      guard arrived.wait(until: deadline) else { return requests.count >= count }
    }
    return true
  }

  package func stop() {
    listener.close()
    let open = state.withLock { state in
      state.isStopped = true
      return state.open
    }
    for descriptor in open { shutdown(descriptor, Int32(SHUT_RDWR)) }
  }

  deinit { stop() }

  private func open(_ descriptor: Int32) {
    let isOpen = state.withLock { state in
      guard !state.isStopped else { return false }
      state.open.insert(descriptor)
      return true
    }
    guard isOpen else {
      close(descriptor)
      return
    }
    // Strong while a connection is served: the number must not become another's.
    Thread.detachNewThread { [weak self] in
      Self.serve(descriptor) { self?.step(for: $0) }
      if let self {
        self.state.withLock { state in
          state.open.remove(descriptor)
          close(descriptor)
        }
      } else {
        close(descriptor)
      }
    }
  }

  private func step(for request: Request) -> Step {
    arrived.lock()
    defer { arrived.unlock() }
    let step = state.withLock { state -> Step in
      state.requests.append(request)
      if let index = state.special.firstIndex(where: { $0.isMeant(request) }) {
        return state.special.remove(at: index).step
      }
      return state.script.isEmpty ? state.always : state.script.removeFirst()
    }
    arrived.broadcast()
    return step
  }

  private static func serve(_ descriptor: Int32, _ step: (Request) -> Step?) {
    guard let request = read(descriptor), let step = step(request) else { return }
    func head(_ status: Int, _ headers: [String], _ length: Int) -> [UInt8] {
      Array(
        (["HTTP/1.1 \(status) Fake", "Content-Length: \(length)", "Connection: close"] + headers
          + ["", ""]).joined(separator: "\r\n").utf8)
    }
    switch step {
    case .reply(let status, let headers, let body):
      _ = send(head(status, headers, body.count) + body, to: descriptor)
    case .half(let status, let body):
      _ = send(head(status, [], body.count * 2 + 1) + body, to: descriptor)
    case .endless:
      _ = send(
        Array("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"text\":\"".utf8), to: descriptor)
      let block = [UInt8](repeating: 0x61, count: 1 << 16)
      while send(block, to: descriptor) {}
    case .slow:
      _ = send(Array("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n".utf8), to: descriptor)
      var watch = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      while poll(&watch, 1, 20) == 0, send([0x20], to: descriptor) {}
    case .bytes(let bytes): _ = send(bytes, to: descriptor)
    case .drop: break
    case .handOver(let taker): taker(request, descriptor)
    case .hang:
      var byte: UInt8 = 0
      while Glibc.recv(descriptor, &byte, 1, 0) > 0 {}
    }
    shutdown(descriptor, Int32(SHUT_RDWR))
  }

  /// False when the client is gone.
  package static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { buffer in
        Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private static func read(_ descriptor: Int32) -> Request? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var request: Request?
    var needed = Int.max
    var bodyStart = 0
    while bytes.count < needed {
      let count = Glibc.recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      bytes += buffer[..<count]
      guard request == nil, let end = Data(bytes).range(of: Data("\r\n\r\n".utf8)) else { continue }
      let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        .components(separatedBy: "\r\n")
      var headers: [String: String] = [:]
      for line in lines.dropFirst() {
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { continue }
        headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
      }
      let line = lines[0].components(separatedBy: " HTTP/")[0]
      request = Request(line: line, headers: headers, body: [])
      needed = end.upperBound + (Int(headers["content-length"] ?? "0") ?? 0)
      bodyStart = end.upperBound
    }
    request?.body = Array(bytes[bodyStart...])
    return request
  }
}
