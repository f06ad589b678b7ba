import Dispatch
import Foundation
import Glibc
import Synchronization

/// One connection of `FakeSMTPServer`.
final class FakeSMTPSession {
  private typealias Step = FakeSMTPServer.Step

  private let descriptor: Int32
  private let record: FakeSMTPServer.Record
  private var received: [UInt8] = []
  private var xforward: [String] = []
  private var mail: String?
  private var recipients: [String] = []

  init(_ descriptor: Int32, _ record: FakeSMTPServer.Record) {
    self.descriptor = descriptor
    self.record = record
  }

  func run() {
    guard answer("CONNECT", otherwise: "220 fake.test ESMTP") != nil else { return }
    while let line = readLine() {
      record.state.withLock { $0.commands.append(line) }
      guard take(line) else { return }
    }
  }

  /// False when the connection is to be closed.
  private func take(_ line: String) -> Bool {
    switch line.prefix(4).uppercased() {
    case "EHLO": return answer(line, otherwise: helloReply) != nil
    case "XFOR":
      guard let code = answer(line, otherwise: "250 2.0.0 Ok") else { return false }
      if code == 2 { xforward.append(line) }
    case "MAIL":
      guard let code = answer(line, otherwise: "250 2.1.0 Ok") else { return false }
      if code == 2 { mail = line }
    case "RCPT":
      if let limit = record.state.withLock({ $0.script.recipientLimit }),
        recipients.count >= limit.count
      {
        return perform(limit.step) != nil
      }
      let usual = mail == nil ? "503 5.5.1 Need MAIL" : "250 2.1.5 Ok"
      guard let code = answer(line, otherwise: usual) else { return false }
      if code == 2 { recipients.append(line) }
    case "DATA":
      let usual = recipients.isEmpty ? "554 5.5.1 No valid recipients" : "354 Go on"
      guard let code = answer(line, otherwise: usual) else { return false }
      return code == 3 ? takeContent() : true
    case "RSET":
      forget()
      return answer(line, otherwise: "250 2.0.0 Ok") != nil
    case "QUIT":
      _ = answer(line, otherwise: "221 2.0.0 Bye")
      return false
    case "HELO", "NOOP": return answer(line, otherwise: "250 fake.test") != nil
    default: return answer(line, otherwise: "500 5.5.2 Unknown command") != nil
    }
    return true
  }

  private var helloReply: String {
    guard let extensions = record.state.withLock({ $0.script.extensions }) else {
      return "502 5.5.1 Unknown command"
    }
    let lines = ["fake.test"] + extensions
    return lines.enumerated().map { index, text in
      "250\(index == lines.count - 1 ? " " : "-")\(text)"
    }.joined(separator: "\n")
  }

  private func takeContent() -> Bool {
    guard let wire = readContent() else { return false }
    let id = record.state.withLock { "FAKE\($0.messages.count + 1)" }
    let message = FakeSMTPServer.Message(
      mail: mail ?? "", recipients: recipients, xforward: xforward, wire: wire, id: id)
    forget()
    // Recorded before the answer: who has read the answer finds the message.
    let step = record.state.withLock { $0.step(for: ".") }
    let reply = step ?? .say("250 2.0.0 Ok: queued as \(id)")
    switch reply {
    case .say(let text) where text.hasPrefix("2"), .drip(let text) where text.hasPrefix("2"),
      .sayWhen(_, let text) where text.hasPrefix("2"),
      .sayAndDrop(let text) where text.hasPrefix("2"):
      record.add(message)
    default: break
    }
    return perform(reply) != nil
  }

  private func forget() {
    (mail, recipients, xforward) = (nil, [], [])
  }

  // MARK: Answers

  /// The first digit of the reply; nil when the connection is to be closed.
  private func answer(_ line: String, otherwise usual: String) -> Int? {
    perform(record.state.withLock { $0.step(for: line) } ?? .say(usual))
  }

  private func perform(_ step: Step) -> Int? {
    switch step {
    case .say(let text): return send(wire(text)) ? text.first?.wholeNumberValue ?? 0 : nil
    case .sayWhen(let gate, let text):
      gate.wait()
      return perform(.say(text))
    case .drip(let text):
      for byte in wire(text) { guard send([byte]) else { return nil } }
      return text.first?.wholeNumberValue ?? 0
    case .bytes(let bytes): return send(bytes) ? 0 : nil
    case .sayAndDrop(let text):
      _ = send(wire(text))
      return nil
    case .drop: return nil
    case .hang:
      while fill() {}
      return nil
    }
  }

  private func wire(_ text: String) -> [UInt8] {
    text.split(separator: "\n", omittingEmptySubsequences: false).flatMap {
      Array($0.utf8) + [0x0D, 0x0A]
    }
  }

  // MARK: Bytes

  private func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  private func fill() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 65536)
    let count = chunk.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
    guard count > 0 else { return false }
    received += chunk.prefix(count)
    return true
  }

  private func readLine() -> String? {
    while true {
      if let end = received.firstIndex(of: 0x0A) {
        var line = Array(received[..<end])
        received.removeFirst(end + 1)
        if line.last == 0x0D { line.removeLast() }
        return String(decoding: line, as: UTF8.self)
      }
      guard fill() else { return nil }
    }
  }

  private func readContent() -> [UInt8]? {
    let script = record.state.withLock { $0.script }
    var searched = 0
    while true {
      if let limit = script.dropsAfterContentBytes, received.count > limit { return nil }
      if let found = endOfContent(from: searched, bare: script.endsContentAtBareLineEnds) {
        let content = Array(received[..<found.lowerBound])
        received.removeFirst(found.upperBound)
        return content
      }
      searched = max(0, received.count - 4)
      guard fill() else { return nil }
    }
  }

  /// The range of the final dot's line.
  private func endOfContent(from start: Int, bare: Bool) -> Range<Int>? {
    let (cr, lf, dot) = (UInt8(0x0D), UInt8(0x0A), UInt8(0x2E))
    func isLineStart(_ at: Int) -> Bool {
      if at == 0 { return true }
      if bare { return received[at - 1] == lf || received[at - 1] == cr }
      return at >= 2 && received[at - 1] == lf && received[at - 2] == cr
    }
    var at = start
    while at < received.count {
      guard received[at] == dot, isLineStart(at) else {
        at += 1
        continue
      }
      let rest = received[(at + 1)...].prefix(2)
      if rest.elementsEqual([cr, lf]) { return at..<(at + 3) }
      if bare, let next = rest.first, next == lf || (next == cr && rest.count == 2) {
        return at..<(at + 2)
      }
      at += 1
    }
    return nil
  }
}
