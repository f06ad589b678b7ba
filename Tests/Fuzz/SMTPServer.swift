// libFuzzer entry for the SMTP front: any bytes of a client, cut into pieces anywhere.
// Built and run by Scripts/fuzz; no part of the package.

@testable import SMTP

/// C: libFuzzer's entry. The first byte is the size of the pieces, the rest is what the client sends.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSMTPServer(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: size))
  guard let pieces = input.first else { return 0 }
  let bytes = input.dropFirst()
  let whole = Dialogue(bytes, pieces: bytes.count)
  let pieced = Dialogue(bytes, pieces: Int(pieces) + 1)
  hold(whole.replies == pieced.replies, "pieces change the replies")
  hold(whole.session.messages == pieced.session.messages, "pieces change the messages")
  for message in whole.session.messages { checkWire(message) }
  checkContent(Array(bytes), pieces: Int(pieces) + 1)
  return 0
}

/// What `ServerConnection` does, without its socket.
private struct Dialogue: ~Copyable {
  let session = Recorder()
  private(set) var replies: [SMTPReply] = []

  init(_ bytes: ArraySlice<UInt8>, pieces: Int) {
    var limits = SMTPServerLimits()
    (limits.messageBytes, limits.recipients, limits.idleCommands) = (2_000, 3, 20)
    var parser = ServerParser()
    var conversation = ServerConversation(
      hostname: "filter.test", limits: limits, session: session, address: nil, port: nil)
    var rest = bytes
    feeding: while !rest.isEmpty {
      parser.feed(rest.prefix(pieces))
      rest = rest.dropFirst(pieces)
      while let event = parser.next() {
        if case .command(let command) = event { Self.check(command) }
        switch conversation.take(event) {
        case .nothing: break
        case .reply(let reply): replies.append(reply)
        case .content: parser.expectContent()
        case .replyAndClose(let reply):
          replies.append(reply)
          break feeding
        }
      }
    }
    conversation.end()
    hold(!session.isOpen, "a message was left open")
    for reply in replies {
      hold((200...599).contains(reply.code))
      hold(reply.wire.suffix(2) == [0x0D, 0x0A])
    }
  }

  /// Nothing that would break a line gets further.
  private static func check(_ command: SMTPCommand) {
    var texts: [String] = []
    switch command {
    case .mail(let address, let parameters), .recipient(let address, let parameters):
      texts = [address] + parameters
    case .hello(let name, _): texts = [name]
    case .forward(let attributes):
      for attribute in attributes {
        switch attribute {
        case .name(let text?), .address(let text?), .protocolName(let text?), .helo(let text?),
          .queueID(let text?):
          texts.append(text)
        default: break
        }
      }
    default: break
    }
    for text in texts {
      hold(text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a control character")
    }
  }
}

/// Keeps what it is told, and holds its caller to the promised order.
private final class Recorder: SMTPServerSession {
  private(set) var messages: [[UInt8]] = []
  private(set) var isOpen = false
  private var content: [UInt8]?
  private var recipients = 0

  func mail(_ address: String, parameters: [String], client: SMTPClientFacts) -> SMTPReply {
    hold(!isOpen)
    if address.hasPrefix("no") { return SMTPReply(550, "5.7.1 No") }
    (isOpen, content, recipients) = (true, nil, 0)
    return SMTPReply(250, "2.1.0 Ok")
  }

  func recipient(_ address: String, parameters: [String]) -> SMTPReply {
    hold(isOpen && content == nil && !address.isEmpty)
    if address.hasPrefix("no") { return SMTPReply(550, "5.1.1 No") }
    recipients += 1
    return SMTPReply(250, "2.1.5 Ok")
  }

  func data() -> SMTPReply? {
    hold(isOpen && content == nil && (1...3).contains(recipients))
    if recipients == 3 {
      isOpen = false
      return SMTPReply(451, "4.3.0 No")
    }
    content = []
    return nil
  }

  func content(_ bytes: [UInt8]) {
    hold(isOpen && content != nil && !bytes.isEmpty)
    content? += bytes
    hold((content?.count ?? 0) <= 2_000)
  }

  func endOfContent() -> SMTPReply {
    hold(isOpen)
    isOpen = false
    messages.append(content ?? [])
    return SMTPReply(250, "2.0.0 Ok")
  }

  func abort() {
    hold(isOpen)
    isOpen = false
  }
}

// MARK: - Content

/// The end of content by the letter of RFC 5321, 4.1.1.4, found in another way than `ContentDecoder`'s.
private func checkContent(_ bytes: [UInt8], pieces: Int) {
  let stream = [0x0D, 0x0A] + bytes
  let mark: [UInt8] = [0x0D, 0x0A, 0x2E, 0x0D, 0x0A]
  let end = stream.indices.first { stream[$0...].starts(with: mark) }
  var decoder = ContentDecoder()
  var output: [UInt8] = []
  var read = 0
  while read < bytes.count, !decoder.isAtEnd {
    let piece = Array(bytes[..<min(read + pieces, bytes.count)])
    read = decoder.decode(piece, from: read, into: &output)
  }
  hold(decoder.isAtEnd == (end != nil), "the end is elsewhere")
  guard let end else { return }
  hold(read == end - 2 + mark.count, "more was read than the content")
  // The CRLF of the mark ends the last line. A stuffed line loses its dot.
  var expected: [UInt8] = []
  for (index, byte) in stream[..<(end + 2)].enumerated() {
    let isLineStart = index >= 2 && stream[index - 2] == 0x0D && stream[index - 1] == 0x0A
    if !(byte == 0x2E && isLineStart) { expected.append(byte) }
  }
  hold(output == Array(expected.dropFirst(2)), "other content")
}

/// What goes to the next server has one end, and nothing in it that any server takes for another.
private func checkWire(_ message: [UInt8]) {
  var content = WireContent(message)
  var wire: [UInt8] = []
  while let chunk = content.nextChunk() { wire += chunk }
  for (index, byte) in wire.enumerated() {
    if byte == 0x0A { hold(index > 0 && wire[index - 1] == 0x0D, "a bare LF") }
    if byte == 0x0D { hold(index + 1 < wire.count && wire[index + 1] == 0x0A, "a bare CR") }
  }
  var decoder = ContentDecoder()
  var decoded: [UInt8] = []
  hold(decoder.decode(wire, from: 0, into: &decoded) == wire.count && decoder.isAtEnd)
  hold(decoded.count == ContentFacts(message).wireBytes, "SIZE is not true")
}
