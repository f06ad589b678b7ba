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
  /// Who needs no more of a mail that is under way.
  private var progress: [Alarm: Progress] = [:]

  private struct Progress {
    var accepted: Set<String> = []
    var refused: Set<String> = []
    var failures = 0
  }

  /// For those who are refused for now while others have the mail; then other alarms come first.
  private static let triesForTheRest = 8

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
        (failures, progress[mail.alarm]) = (0, nil)
        alarms.noteMailed(mail, nowMS: Clock.nowMS())
      } catch {
        failures += 1
        let hasReached = progress[mail.alarm].map { !$0.accepted.isEmpty } ?? false
        if hasReached {
          progress[mail.alarm]?.failures += 1
          context.log.warning("alarm not mailed to everybody", ["why": error.sentence])
        } else {
          context.log.warning(
            "alarm not mailed", ["alarm": mail.alarm.rawValue, "why": error.sentence])
        }
        let tries = progress[mail.alarm]?.failures ?? 0
        if error.kind == .permanent || tries >= Self.triesForTheRest {
          (failures, progress[mail.alarm]) = (0, nil)
          alarms.noteMailed(mail, nowMS: Clock.nowMS())
        } else {
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

  /// Returns when everybody has an answer for good and somebody has the mail.
  private func send(_ mail: Alarms.Mail) throws(SMTPFailure) {
    defer { outlet.close() }
    let live = context.live.current
    if progress[mail.alarm] == nil { progress[mail.alarm] = Progress() }
    do throws(SMTPFailure) {
      try send(mail, to: live.target, live)
    } catch {
      guard let fallback = live.fallback else { throw error }
      progress[mail.alarm]?.refused = []
      try send(mail, to: fallback, live)
    }
  }

  private func send(_ mail: Alarms.Mail, to target: DeliveryTarget, _ live: LiveSettings.Snapshot)
    throws(SMTPFailure)
  {
    let settings = live.settings
    let message = Array(
      AlarmMail.text(
        mail, from: settings.alarms.alertFrom, to: settings.alarms.alertTo,
        host: settings.hostname, nowMS: Clock.nowMS()
      ).utf8)
    var failure: SMTPFailure?
    while true {
      let settled = progress[mail.alarm]?.accepted.union(progress[mail.alarm]?.refused ?? []) ?? []
      let left = settings.alarms.alertTo.filter { !settled.contains($0) }
      guard !left.isEmpty else { break }
      let result = try outlet.deliver(
        Submission(
          sender: settings.alarms.alertFrom ?? "",
          recipients: left.map { SubmissionRecipient($0) }, message: message),
        to: target, live)
      var isLeftOver = false
      for (address, found) in zip(left, result.recipients) {
        switch found.outcome {
        case .accepted: progress[mail.alarm]?.accepted.insert(address)
        case .leftOver: isLeftOver = true
        case .refused:
          progress[mail.alarm]?.refused.insert(address)
          failure = failure ?? SMTPFailure(refused: found.reply, of: target)
        case .refusedForNow:
          var later = SMTPFailure(refused: found.reply, of: target)
          later.kind = .transient
          failure = later
        }
      }
      // Those left over are offered again, as long as others get it.
      guard isLeftOver, result.recipients.contains(where: { $0.outcome == .accepted }) else {
        break
      }
    }
    guard let failure else { return }
    guard failure.kind == .permanent, progress[mail.alarm]?.accepted.isEmpty == false else {
      throw failure
    }
    context.log.warning("alarm not mailed to everybody", ["why": failure.sentence])
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
