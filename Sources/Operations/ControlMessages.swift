/// What a command asks of the daemon.
package struct ControlRequest: Sendable, Equatable {
  /// The command's words.
  package var words: [String]
  /// Who asks, as the kernel says.
  package var userID: UInt32

  package init(_ words: [String], userID: UInt32) { (self.words, self.userID) = (words, userID) }
}

/// What the daemon answers: the command prints it and ends with its status.
package struct ControlReply: Sendable {
  /// 0: done, and the content goes to standard output; else it is the complaint.
  package var status: Int32
  package var content: [UInt8]
  /// What to ask with for the rest, when there is more than one reply should hold; nil: that was all.
  package var next: String?
  /// Done when the reply is on its way: ends the process, and with it the connection.
  package var last: (@Sendable () -> Void)?

  package var failed: Bool { status != 0 }
  package var text: String { String(decoding: content, as: UTF8.self) }

  package init(
    status: Int32 = 0, content: [UInt8], next: String? = nil, last: (@Sendable () -> Void)? = nil
  ) {
    self.status = status
    self.content = content
    self.next = next
    self.last = last
  }

  package init(failed: Bool = false, _ text: String, last: (@Sendable () -> Void)? = nil) {
    self.init(status: failed ? 1 : 0, content: Array(text.utf8), last: last)
  }

  /// `STATUS LENGTH [NEXT]`, a line feed, and the content.
  var wire: [UInt8] {
    let head = ["\(status)", "\(content.count)"] + (next.map { [$0] } ?? [])
    return Array("\(head.joined(separator: " "))\n".utf8) + content
  }

  /// nil when it is not all there.
  init?(wire: [UInt8]) {
    guard let end = wire.firstIndex(of: 0x0A) else { return nil }
    let head = String(decoding: wire[..<end], as: UTF8.self).split(separator: " ")
    guard head.count >= 2, let status = Int32(head[0]), let length = Int(head[1]),
      wire.count - end - 1 == length
    else { return nil }
    self.init(
      status: status, content: Array(wire[(end + 1)...]),
      next: head.count > 2 ? String(head[2]) : nil)
  }
}

/// Why a command could not reach the daemon, or the daemon could not listen.
package struct ControlError: Error, Sendable, Equatable {
  package enum Kind: Sendable {
    /// Nobody listens: the daemon is down, and a command may open the spool itself.
    case down
    /// The socket's mode keeps this user out.
    case forbidden
    case other
  }
  package var kind: Kind
  package var sentence: String

  package init(_ kind: Kind, _ sentence: String) { (self.kind, self.sentence) = (kind, sentence) }
}
