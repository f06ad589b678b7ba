@testable import SMTP

/// Any bytes of a client, cut into pieces anywhere. The first byte is the size of the pieces.
func fuzzSMTPServer(_ input: [UInt8]) throws {
  guard let pieces = input.first.map({ Int($0) + 1 }) else { return }
  let bytes = input.dropFirst()
  let whole = try Dialogue(bytes, pieces: max(bytes.count, 1))
  let pieced = try Dialogue(bytes, pieces: pieces)
  try hold(whole.replies == pieced.replies, "pieces change no reply")
  try hold(whole.session.messages == pieced.session.messages, "pieces change no message")
  for message in whole.session.messages { try checkWire(message) }
  try checkContent(Array(bytes), pieces: pieces)
}

/// What `ServerConnection` does, without its socket.
private struct Dialogue {
  let session = Recorder()
  private(set) var replies: [SMTPReply] = []

  init(_ bytes: ArraySlice<UInt8>, pieces: Int) throws {
    var limits = SMTPServerLimits()
    (limits.messageBytes, limits.recipients, limits.idleCommands) = (2_000, 3, 20)
    let activity = ServerActivity()
    var parser = ServerParser()
    var conversation = ServerConversation(
      hostname: "filter.test", limits: limits, activity: activity, session: session, address: nil,
      port: nil)
    var rest = bytes
    feeding: while !rest.isEmpty {
      parser.feed(rest.prefix(pieces))
      rest = rest.dropFirst(pieces)
      while let event = parser.next() {
        if case .command(let command) = event { try Self.check(command) }
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
    try hold(activity.messages == 0, "no message is counted as open after the end")
    try hold(!session.isOpen, "no message is left open")
    if let trouble = session.trouble { throw BrokenPromise(description: trouble) }
    for reply in replies {
      try hold((200...599).contains(reply.code), "a reply has a code")
      try hold(reply.wire.suffix(2) == [0x0D, 0x0A], "a reply ends its line")
    }
  }

  /// Nothing that would break a line gets further.
  private static func check(_ command: SMTPCommand) throws {
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
      try hold(text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "no control character gets in")
    }
  }
}

/// Keeps what it is told, and holds its caller to the promised order.
private final class Recorder: SMTPServerSession {
  private(set) var messages: [[UInt8]] = []
  private(set) var isOpen = false
  private(set) var trouble: String?
  private var content: [UInt8]?
  private var recipients = 0

  private func expect(_ isSo: Bool, _ call: String) {
    if !isSo { trouble = "\(call) comes in its order" }
  }

  func mail(_ address: String, parameters: [String], client: SMTPClientFacts) -> SMTPReply {
    expect(!isOpen, "mail")
    if address.hasPrefix("no") { return SMTPReply(550, "5.7.1 No") }
    (isOpen, content, recipients) = (true, nil, 0)
    return SMTPReply(250, "2.1.0 Ok")
  }

  func recipient(_ address: String, parameters: [String]) -> SMTPReply {
    expect(isOpen && content == nil && !address.isEmpty, "recipient")
    if address.hasPrefix("no") { return SMTPReply(550, "5.1.1 No") }
    recipients += 1
    return SMTPReply(250, "2.1.5 Ok")
  }

  func data() -> SMTPReply? {
    expect(isOpen && content == nil && (1...3).contains(recipients), "data")
    if recipients == 3 {
      isOpen = false
      return SMTPReply(451, "4.3.0 No")
    }
    content = []
    return nil
  }

  func content(_ bytes: [UInt8]) {
    content? += bytes
    expect(isOpen && !bytes.isEmpty && (1...2_000).contains(content?.count ?? 0), "content")
  }

  func endOfContent() -> SMTPReply {
    expect(isOpen && content != nil, "endOfContent")
    isOpen = false
    messages.append(content ?? [])
    return SMTPReply(250, "2.0.0 Ok")
  }

  func abort() {
    expect(isOpen, "abort")
    isOpen = false
  }
}

// MARK: - Content

/// The end of content by the letter of RFC 5321, 4.1.1.4, found in another way than `ContentDecoder`'s.
private func checkContent(_ bytes: [UInt8], pieces: Int) throws {
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
  try hold(decoder.isAtEnd == (end != nil), "the end is where RFC 5321 has it")
  guard let end else { return }
  try hold(read == end - 2 + mark.count, "no more is read than the content")
  // The CRLF of the mark ends the last line. A stuffed line loses its dot.
  var expected: [UInt8] = []
  for (index, byte) in stream[..<(end + 2)].enumerated() {
    let isLineStart = index >= 2 && stream[index - 2] == 0x0D && stream[index - 1] == 0x0A
    if !(byte == 0x2E && isLineStart) { expected.append(byte) }
  }
  try hold(output == Array(expected.dropFirst(2)), "the content is what was sent")
}

/// What goes to the next server has one end, and nothing in it that any server takes for another.
private func checkWire(_ message: [UInt8]) throws {
  var content = WireContent(message)
  var wire: [UInt8] = []
  while let chunk = content.nextChunk() { wire += chunk }
  for (index, byte) in wire.enumerated() {
    if byte == 0x0A { try hold(index > 0 && wire[index - 1] == 0x0D, "no bare LF goes out") }
    if byte == 0x0D {
      try hold(index + 1 < wire.count && wire[index + 1] == 0x0A, "no bare CR goes out")
    }
  }
  var decoder = ContentDecoder()
  var decoded: [UInt8] = []
  try hold(
    decoder.decode(wire, from: 0, into: &decoded) == wire.count && decoder.isAtEnd,
    "the final dot is the first one")
  try hold(decoded.count == ContentFacts(message).wireBytes, "SIZE is true")
}
