/// A client's bytes in, commands and content out: a value without sockets, for any bytes.
///
/// 1. Only CRLF ends a command. A line with a bare CR or LF in it is refused as a whole: two servers
///    that divide it differently would see different commands.
/// 2. Only CRLF "." CRLF ends the content; see `ContentDecoder`.
/// 3. What is kept is bounded: one command line, or a chunk of content.
struct ServerParser {
  enum Event: Equatable {
    case command(SMTPCommand)
    /// A piece of the content, dot-stuffing removed.
    case content([UInt8])
    case endOfContent
    /// No line end within the limit; nothing after it can be understood.
    case lineTooLong
  }

  /// Far above RFC 5321, 4.5.3.1.4: RFC 3461 parameters and long addresses come on top of its 512.
  static let maximumLineBytes = 4_096

  private var buffer: [UInt8] = []
  private var start = 0
  /// No line end in front of here.
  private var searched = 0
  private var content: ContentDecoder?
  private var isBroken = false

  mutating func feed(_ bytes: ArraySlice<UInt8>) {
    guard !isBroken else { return }
    if start > 0 {
      buffer.removeFirst(start)
      searched -= start
      start = 0
    }
    buffer += bytes
  }

  /// What follows is content, until its end. For the answer 354.
  mutating func expectContent() { content = ContentDecoder() }

  /// The next event; nil when more bytes are needed.
  mutating func next() -> Event? {
    if isBroken { return nil }
    if content != nil { return nextContent() }
    searched = max(searched, start)
    while let end = buffer[searched...].firstIndex(of: 0x0A) {
      searched = end + 1
      guard end > start, buffer[end - 1] == 0x0D else { continue }
      let line = buffer[start..<(end - 1)]
      start = end + 1
      guard line.count <= Self.maximumLineBytes else { return broken() }
      return .command(Self.command(line))
    }
    searched = buffer.count
    return buffer.count - start > Self.maximumLineBytes + 1 ? broken() : nil
  }

  private static func command(_ line: ArraySlice<UInt8>) -> SMTPCommand {
    guard !line.contains(0x0A), !line.contains(0x0D) else {
      return .wrong(SMTPReply(500, "5.5.2 Lines end with CR LF"))
    }
    guard !line.contains(0) else { return .wrong(SMTPReply(500, "5.5.2 NUL in a command")) }
    return SMTPCommand(line: line)
  }

  private mutating func nextContent() -> Event? {
    guard var decoder = content else { return nil }
    var output: [UInt8] = []
    output.reserveCapacity(buffer.count - start)
    if !decoder.isAtEnd { start = decoder.decode(buffer, from: start, into: &output) }
    content = decoder
    if !output.isEmpty { return .content(output) }
    guard decoder.isAtEnd else { return nil }
    content = nil
    return .endOfContent
  }

  private mutating func broken() -> Event {
    isBroken = true
    (buffer, start, searched) = ([], 0, 0)
    return .lineTooLong
  }
}
