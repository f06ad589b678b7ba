internal import Operations
internal import SMTP
internal import Voicemail

/// Mails alarms to `alert_to`, on a thread of its own, straight to the delivery target as any mail of this host.
///
/// What cannot be sent now is tried again; what is refused for good stays in the log and in `status`.
final class AlarmMailer {
  private let context: DaemonContext
  private let outlet = Outlet()
  private let schedule = RetrySchedule(firstMS: 2_000, longestMS: 600_000)

  init(context: DaemonContext) { self.context = context }

  /// Until the daemon stops.
  func run() {
    let alarms = context.alarms
    var failures = 0
    while !alarms.bell.isStopped {
      let isWanted = !context.settings.alarms.alertTo.isEmpty
      guard isWanted, let mail = alarms.mailDue(nowMS: Clock.nowMS()) else {
        alarms.bell.wait(untilMS: isWanted ? alarms.nextMailMS() : nil)
        continue
      }
      do throws(SMTPFailure) {
        try send(mail)
        context.log.info("alarm mailed", ["alarm": mail.alarm.rawValue])
        (failures, _) = (0, alarms.noteMailed(mail, nowMS: Clock.nowMS()))
      } catch {
        context.log.warning(
          "alarm not mailed", ["alarm": mail.alarm.rawValue, "why": error.sentence])
        if error.kind == .permanent {
          alarms.noteMailed(mail, nowMS: Clock.nowMS())
        } else {
          failures += 1
          pause(afterFailures: failures)
        }
      }
    }
  }

  /// Rings do not shorten it.
  private func pause(afterFailures failures: Int) {
    var random = SystemRandomNumberGenerator()
    let end =
      ContinuousClock.now
      + .milliseconds(schedule.delayMS(afterAttempt: failures, using: &random))
    while ContinuousClock.now < end, !context.alarms.bell.isStopped {
      context.alarms.bell.wait(untilMS: Clock.nowMS() + 1_000)
    }
  }

  private func send(_ mail: Alarms.Mail) throws(SMTPFailure) {
    defer { outlet.close() }
    let live = context.live.current
    let settings = live.settings
    let submission = Submission(
      sender: settings.alarms.alertFrom ?? "",
      recipients: settings.alarms.alertTo.map { SubmissionRecipient($0) },
      message: Array(
        AlarmMail.text(
          mail, from: settings.alarms.alertFrom, to: settings.alarms.alertTo,
          host: settings.hostname, nowMS: Clock.nowMS()
        ).utf8))
    do throws(SMTPFailure) {
      let result = try outlet.deliver(submission, to: live.target, live)
      for refused in result.recipients where refused.outcome != .accepted {
        context.log.warning("alarm not mailed to everybody", ["why": refused.reply.forLog])
      }
    } catch {
      guard let fallback = live.fallback else { throw error }
      _ = try outlet.deliver(submission, to: fallback, live)
    }
  }
}

/// The words of an alarm's mail.
enum AlarmMail {
  static let headerName = "X-Voicemail-Milter-Alarm"

  /// The whole message. Text of its own type alone, so that no front of this filter takes it for a voicemail;
  /// RFC 3834's field keeps other programs from answering it.
  static func text(
    _ mail: Alarms.Mail, from: String?, to: [String], host: String, nowMS: Int64
  ) -> String {
    let date = InternetDate(
      unixSeconds: nowMS / 1_000, utcOffsetSeconds: Clock.utcOffsetSeconds())
    var random = SystemRandomNumberGenerator()
    let id = JobID.make(atMS: nowMS, using: &random)
    var lines = [
      "From: voicemail-milter <\(from ?? "MAILER-DAEMON@\(host)")>",
      "To: \(to.joined(separator: ", "))",
      "Subject: voicemail-milter on \(host): \(mail.alarm.sentence)",
      "Date: \(date.rfc5322)",
      "Message-ID: <alarm.\(id)@\(host)>",
      "Auto-Submitted: auto-generated",
      "\(headerName): \(mail.alarm.rawValue)",
      "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: 8bit",
      "",
      "\(mail.alarm.sentence), on \(host), \(Clock.text(mail.atMS)):",
      "",
      "  \(oneLine(mail.why))",
      "",
    ]
    if let id = mail.id { lines += ["See: voicemail-milter show \(id)", ""] }
    if mail.sinceLastMail > 1 {
      lines += [
        "This was the latest of \(mail.sinceLastMail) such alarms since the last mail about it.",
        "",
      ]
    }
    lines += [
      "\(mail.sinceStart) since the daemon started. The next mail about this comes in an hour at the",
      "earliest; the log and voicemail-milter status tell the rest.",
    ]
    return lines.map { $0 + "\r\n" }.joined()
  }

  /// RFC 5322, 2.1.1: a line has at most 998 bytes.
  private static func oneLine(_ text: String) -> String {
    String(text.unicodeScalars.map { $0.value < 0x20 ? " " : Character($0) }.prefix(240))
  }
}
