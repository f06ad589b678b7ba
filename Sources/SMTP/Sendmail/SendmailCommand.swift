import Glibc
import Programs

/// The MTA's sendmail(1) command: a way in that needs no listener. What the MTA cannot deliver it bounces itself.
///
/// No shell has a part in it: each address is one argument, in angle brackets, behind `--`.
///
/// The DSN options stay out. `-N`, `-R` and `-V` are Postfix's and Sendmail's for NOTIFY, RET and ENVID; Exim's
/// `-N` throws the message away, and its `-R` runs the queue.
package struct SendmailCommand: Sendable, Equatable, CustomStringConvertible {
  /// Bounds the command line; the kernel's limit is 2 MB (execve(2)).
  static let maximumRecipients = 500

  let path: String
  package var description: String { "sendmail:\(path)" }

  /// Hands one message over; `limit` is for the whole run.
  ///
  /// Exit status 0 is a 250 for all of its recipients. There is no queue id.
  package func deliver(_ submission: Submission, limit: Duration) throws(SMTPFailure)
    -> DeliveryResult
  {
    try submission.checkEnvelope(for: self)
    let problems = submission.recipients.map { AddressCheck.problem($0.address) }
    let all = Array(zip(submission.recipients, problems))
    var room = Self.maximumRecipients
    var taken: [String] = []
    let results = all.map { recipient, problem in
      if let problem {
        return RecipientResult(
          address: recipient.address,
          reply: SMTPReply(code: 553, lines: ["not sent: \(problem)"]))
      }
      guard room > 0 else {
        return RecipientResult(
          leftOver: recipient.address, "\(Self.maximumRecipients) to a command line")
      }
      room -= 1
      taken.append(recipient.address)
      return RecipientResult(
        address: recipient.address,
        reply: SMTPReply(code: 250, lines: ["taken by \(path)"]))
    }
    guard !taken.isEmpty else {
      return DeliveryResult(recipients: results, reply: nil, queueID: nil, remarks: [])
    }
    try run(arguments(sender: submission.sender, recipients: taken), submission.message, limit)
    return DeliveryResult(
      recipients: results, reply: SMTPReply(code: 250, lines: ["taken by \(path)"]), queueID: nil,
      remarks: remarks(submission))
  }

  func arguments(sender: String, recipients: [String]) -> [String] {
    // -i: a line with nothing but a dot is content.
    ["-i", "-f", sender.isEmpty ? "<>" : sender, "--"] + recipients.map { "<\($0)>" }
  }

  private func run(_ arguments: [String], _ message: [UInt8], _ limit: Duration)
    throws(SMTPFailure)
  {
    let ended = ProgramRun(
      path, arguments, environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]
    ).run(UnixLines.converted(message), before: .now + min(limit, .seconds(86_400)))
    let lastLine = ReplyParser.printable(ended.lastLine)
    let said = lastLine.isEmpty ? "" : ": \(SMTPReply.forLog(lastLine))"
    switch ended.end {
    case .exited(EX_OK): return
    case .exited(let status):
      throw failure(Self.kind(ofExitStatus: status), "exit status \(status)\(said)")
    case .signal(let number): throw failure(.outcomeUnknown, "ended by signal \(number)\(said)")
    // It is not heard, so it cannot write too much.
    case .timedOut, .wroteTooMuch:
      throw failure(.outcomeUnknown, "still at it after its time limit, killed\(said)")
    case .notStarted(let why): throw failure(.transient, "cannot be started: \(why)")
    }
  }

  private func failure(_ kind: SMTPFailure.Kind, _ what: String) -> SMTPFailure {
    SMTPFailure(kind, at: .sendmail, of: self, what)
  }

  /// sysexits(3): what speaks of the message is for good; what speaks of the host may pass.
  static func kind(ofExitStatus status: Int32) -> SMTPFailure.Kind {
    switch status {
    case EX_DATAERR, EX_NOUSER, EX_NOHOST: .permanent
    default: .transient
    }
  }

  private func remarks(_ submission: Submission) -> [String] {
    let parameters = submission.senderParameters + submission.recipients.flatMap(\.parameters)
    let lost = ["RET", "ENVID", "NOTIFY", "ORCPT"].filter { name in
      parameters.contains { $0.uppercased().hasPrefix("\(name)=") }
    }
    return lost.isEmpty ? [] : ["\(lost.joined(separator: ", ")) left out: \(self)"]
  }
}

/// The message as programs of a Unix host read it: every CR, LF and CRLF is one LF.
enum UnixLines {
  static func converted(_ message: [UInt8]) -> [UInt8] {
    var lines: [UInt8] = []
    lines.reserveCapacity(message.count)
    var previous: UInt8 = 0
    for byte in message {
      defer { previous = byte }
      if byte == 0x0A, previous == 0x0D { continue }
      lines.append(byte == 0x0D ? 0x0A : byte)
    }
    return lines
  }
}
