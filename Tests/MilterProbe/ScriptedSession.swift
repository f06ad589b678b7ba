import MilterBridge
import Synchronization

/// Prints what it hears; keeps the message as a real filter would, to show leaks between messages.
final class ScriptedSession: MilterSession {
  private static let count = Atomic<Int>(0)

  private let number = count.add(1, ordering: .relaxed).newValue
  private let replies: [String: MilterReply]
  private var headers = 0
  private var body: [UInt8] = []
  private var chunks: [Int] = []

  init(replies: [String: MilterReply]) { self.replies = replies }

  func connect(_ client: ConnectFacts, macros: borrowing MilterMacros) -> MilterReply {
    tell(
      "connect \(client.name) \(client.address ?? "-") \(client.port.map(String.init) ?? "-")"
        + " j=\(macros.symbol("j") ?? "-") client=\(macros.symbol("{client_addr}") ?? "-")")
    return reply("connect")
  }

  func helo(_ name: String) { tell("helo \(name)") }

  func envelopeFrom(
    _ address: [UInt8], parameters: [[UInt8]], macros: borrowing MilterMacros
  ) -> MilterReply {
    headers = 0
    tell("mail \(list([address] + parameters)) auth=\(macros.symbol("{auth_authen}") ?? "-")")
    return reply("mail")
  }

  func recipient(_ address: [UInt8], parameters: [[UInt8]], macros: borrowing MilterMacros) {
    tell("rcpt \(list([address] + parameters))")
  }

  func header(_ name: Span<UInt8>, value: Span<UInt8>) {
    headers += 1
    var (nameBytes, valueBytes): ([UInt8], [UInt8]) = ([], [])
    nameBytes.append(copying: name)
    valueBytes.append(copying: value)
    tell("header \(escaped(nameBytes)):\(escaped(valueBytes))")
  }

  func endOfHeaders(macros: borrowing MilterMacros) -> MilterReply {
    tell("eoh i=\(macros.symbol("i") ?? "-")")
    return reply("eoh")
  }

  func body(_ chunk: RawSpan) -> MilterReply {
    body.append(copying: chunk)
    chunks.append(chunk.byteCount)
    return reply("body")
  }

  func endOfMessage(
    macros: borrowing MilterMacros, changes: borrowing MilterChanges
  ) -> MilterReply {
    tell(
      "eom i=\(macros.symbol("i") ?? "-") j=\(macros.symbol("j") ?? "-") headers=\(headers)"
        + " chunks=\(chunks.map(String.init).joined(separator: ",")) body=\(digest(body))")
    forget()
    return reply("eom")
  }

  func abort() {
    tell("abort body=\(body.count)")
    forget()
  }

  func close() { tell("close") }

  private func forget() {
    headers = 0
    body = []
    chunks = []
  }

  private func tell(_ line: String) { say("\(number) \(line)") }
  private func reply(_ stage: String) -> MilterReply { replies[stage] ?? .continue }
}

/// Short content as text, long content as length and FNV-1a hash.
private func digest(_ bytes: [UInt8]) -> String {
  guard bytes.count > 60 else { return "\"\(escaped(bytes))\"" }
  let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
    (hash ^ UInt64(byte)) &* 0x100_0000_01b3
  }
  return "\(bytes.count):\(String(hash, radix: 16))"
}

private func list(_ items: [[UInt8]]) -> String {
  items.map { "[\(escaped($0))]" }.joined()
}

/// Printable ASCII as it is, every other byte as `\x0a`.
private func escaped(_ bytes: [UInt8]) -> String {
  var text = ""
  for byte in bytes {
    if (0x20..<0x7f).contains(byte), byte != UInt8(ascii: "\\") {
      text.unicodeScalars.append(Unicode.Scalar(byte))
    } else {
      text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
  }
  return text
}
