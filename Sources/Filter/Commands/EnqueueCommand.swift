internal import Glibc
internal import Operations
internal import SMTP

/// `enqueue`: a message on standard input, for pipe(8) of Postfix and Exim's pipe transport.
///
/// It goes to the running daemon by SMTP, so that one process alone has the spool open, and the daemon does with
/// it what its content filter does. Postfix takes every exit status but 75 (and 71) for a permanent failure and
/// bounces the mail, so there are two: 0, and 75 for every trouble, with a line that begins with an enhanced status
/// code, which both MTAs log.
///
/// All recipients or none: if the listener refuses one, nobody gets the message yet, since a second try would reach
/// the others twice. An MTA that calls with one recipient at a time has no such case.
enum EnqueueCommand {
  /// sysexits.h: EX_TEMPFAIL.
  static let tryAgain: Int32 = 75
  static let messageLimitBytes = 512 << 20

  static func run(_ words: [String]) throws(CommandFailure) -> Int32 {
    do throws(CommandFailure) {
      try enqueue(words)
      return 0
    } catch {
      Output.line("4.3.0 voicemail-milter: \(error.sentence)")
      return tryAgain
    }
  }

  private static func enqueue(_ words: [String]) throws(CommandFailure) {
    let arguments = try Arguments(words, options: ["--sender", "--client"])
    try arguments.requireOperands(1...10_000, "a recipient")
    guard let sender = try arguments.one("--sender") else {
      throw .usage("--sender is missing; '' or <> is the null sender")
    }
    // MTAs have no address for mail of this host's programs.
    let address = try arguments.one("--client")
    let client = address?.isEmpty ?? true ? nil : address
    let settings = try arguments.settings()
    let message = try message()
    let path = SMTPFronts.submissionSocket(stateDirectory: settings.stateDirectory)
    let reply: SMTPReply
    do {
      let connection = try SMTPClient(SMTPTarget("unix:\(path)"), heloName: settings.hostname)
      reply = try send(
        message, from: bare(sender), to: arguments.operands.map(bare), client: client, connection)
      connection.quit()
    } catch let error as SMTPFailure {
      throw CommandFailure(error.sentence)
    } catch let error as InvalidTarget {
      throw CommandFailure(error.sentence)
    } catch {
      throw CommandFailure("\(error)")
    }
    guard reply.code / 100 == 2 else { throw CommandFailure("the daemon said \(reply.forLog)") }
  }

  /// The reply to the final dot, or the refusal that came before it.
  private static func send(
    _ message: [UInt8], from sender: String, to recipients: [String], client: String?,
    _ connection: SMTPClient
  ) throws(SMTPFailure) -> SMTPReply {
    for address in [sender] + recipients {
      if let problem = OnwardMessage.problem(withAddress: address) {
        return SMTPReply(code: 553, lines: [problem])
      }
    }
    let needsUTF8 = ([sender] + recipients).contains { $0.utf8.contains { $0 >= 0x80 } }
    let (onward, reply) = try OnwardMessage.begin(
      connection, sender: sender, parameters: needsUTF8 ? ["SMTPUTF8"] : [],
      forwarding: client.map { ForwardedClient(address: $0, source: .remote) })
    guard reply.code / 100 == 2 else { return reply }
    for recipient in recipients {
      let reply = try onward.recipient(recipient, parameters: [])
      guard reply.code / 100 == 2 else { return reply }
    }
    if let refusal = try onward.data() { return refusal }
    try onward.content(message)
    return try onward.end()
  }

  /// Any line ends; a mailbox's `From ` line in front is no header.
  private static func message() throws(CommandFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe read(STDIN_FILENO, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      // A message without its end must not go out.
      guard count >= 0 else { throw CommandFailure("standard input could not be read") }
      if count == 0 { break }
      bytes += chunk[..<count]
      guard bytes.count <= messageLimitBytes else {
        throw CommandFailure("a message of more than \(messageLimitBytes >> 20) MB")
      }
    }
    guard !bytes.isEmpty else { throw CommandFailure("no message on standard input") }
    guard bytes.starts(with: Array("From ".utf8)) else { return bytes }
    return Array(bytes.drop { $0 != 0x0A }.dropFirst())
  }

  /// MTAs write addresses with brackets and without.
  private static func bare(_ address: String) -> String {
    address.hasPrefix("<") && address.hasSuffix(">")
      ? String(address.dropFirst().dropLast()) : address
  }
}
