internal import Voicemail

/// How a setting's text is read.
package enum SettingKind: Sendable, Equatable {
  case text
  case path
  /// Comma-separated.
  case list
  case integer(ClosedRange<Int>)
  /// `30s`, `5min`, `2h`, `5d`; a bare number is seconds.
  case duration
  /// `512KB`, `100MB`, `1GB`; a bare number is bytes. Powers of 1024.
  case size(ClosedRange<Int>)
  /// Octal, as chmod(1) takes it.
  case mode
  case choice([String])
  /// ISO 3166 code or calling code; empty is none.
  case country
  /// Comma-separated domain names.
  case domains

  /// For messages: what a value must look like.
  package var expectation: String {
    switch self {
    case .text: "text"
    case .path: "an absolute path"
    case .list: "a comma-separated list"
    case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .duration: "a time such as 30s, 5min, 2h or 5d, at most 3650d"
    case .size(let range):
      "a size such as 512KB, 100MB or 1GB, from \(Self.shown(range.lowerBound)) to "
        + Self.shown(range.upperBound)
    case .mode: "an octal mode such as 0660"
    case .choice(let words): "one of " + words.filter { !$0.isEmpty }.joined(separator: ", ")
    case .country: "a country such as DE or +49"
    case .domains: "domain names such as example.com, comma-separated"
    }
  }

  /// `100MB`; whole units only.
  private static func shown(_ bytes: Int) -> String {
    for (unit, shift) in [("GB", 30), ("MB", 20), ("KB", 10)] where bytes >= 1 << shift {
      return "\(bytes >> shift)\(unit)"
    }
    return "\(bytes)"
  }
}

/// One key of the configuration file.
package struct SettingKey: Sendable {
  package var section: String
  package var name: String
  package var kind: SettingKind
  package var standard: String
  package var sentence: String

  init(
    _ section: String, _ name: String, _ kind: SettingKind, _ standard: String, _ sentence: String
  ) {
    self.section = section
    self.name = name
    self.kind = kind
    self.standard = standard
    self.sentence = sentence
  }
}

/// Every key there is: the parser knows no other, and documentation is tested against it.
package enum SettingsTable {
  package static let keys: [SettingKey] = [
    .init(
      "daemon", "state_directory", .path, "/var/lib/voicemail-milter",
      "Holds the spool, the secret of the loop guard and the control socket; mode 0710, passable for its group."
    ),
    .init(
      "daemon", "hostname", .text, "",
      "Name in trace lines, EHLO, the SMTP greeting, Message-IDs and the status page; empty is the machine's own."
    ),
    .init(
      "daemon", "workers", .integer(0...64), "0",
      "Worker processes, each about 160 MB; 0 is one per processor, at most 4."),
    .init(
      "milter", "listen", .text, "unix:/var/spool/postfix/voicemail-milter/milter.sock",
      "Where the MTA connects: unix:PATH, inet:PORT@HOST, inet6:PORT@HOST, fd:3 or fd:NAME of systemd; empty is off."
    ),
    .init(
      "milter", "socket_mode", .mode, "0660",
      "Permissions of a Unix socket; the MTA's user needs write permission."),
    .init(
      "milter", "socket_group", .text, "",
      "Group of a Unix socket; empty leaves it to the directory."),
    .init(
      "milter", "on_voicemail", .choice(["take", "mark"]), "take",
      "take it over at once, or mark it with X-Voicemail-Route for header_checks to send to the content filter."
    ),
    .init(
      "milter", "max_message_bytes", .size((64 << 10)...(1 << 30)), "100MB",
      "A larger message passes unchanged."),
    .init(
      "milter", "max_concurrent_bodies", .integer(1...10_000), "100",
      "Messages read at the same time; more pass unchanged."),
    .init(
      "content_filter", "listen", .text, "",
      "Where the MTA sends mail by SMTP: unix:PATH, inet:PORT@HOST, inet6:PORT@HOST, fd:NAME of systemd; empty is off."
    ),
    .init(
      "content_filter", "socket_mode", .mode, "0660",
      "Permissions of its Unix socket; the MTA's user needs write permission."),
    .init(
      "content_filter", "socket_group", .text, "",
      "Group of its Unix socket; empty leaves it to the directory."),
    .init(
      "spool", "min_free_bytes", .size(0...(1 << 40)), "256MB",
      "Free bytes on the spool's disk below which voicemail passes unchanged."),
    .init(
      "spool", "max_spool_bytes", .size((1 << 20)...(1 << 50)), "20GB",
      "Bytes in the spool above which voicemail passes unchanged."),
    .init(
      "spool", "max_messages", .integer(1...10_000_000), "100000",
      "Messages in the spool above which voicemail passes unchanged."),
    .init(
      "spool", "history_days", .integer(0...3_650), "30",
      "Days for which facts about delivered messages are kept, without content."),
    .init(
      "recognition", "sources", .list,
      "127.0.0.0/8, ::1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16, fc00::/7, "
        + "fe80::/10",
      "Addresses and networks whose mail may be a voicemail, and authenticated for clients that have "
        + "logged in; all other mail passes at once."),
    .init(
      "recognition", "own_domains", .domains, "",
      "Domains whose DKIM signatures may break, as you sign behind this filter; mail signed by others passes."
    ),
    .init(
      "recognition", "country", .country, "",
      "Where your phone system stands, DE or +49: callers' numbers are given in international form too."
    ),
    .init(
      "transcription", "deadline", .duration, "5min",
      "Time from reception after which the message goes out without a transcript."),
    .init(
      "transcription", "max_audio", .duration, "30min",
      "Longest recording transcribed; of a longer one the first part."),
    .init(
      "transcription", "engines", .list, "pocketsphinx",
      "Engines in the order they are asked: names of sections [engine NAME], or types that need none."
    ),
    .init(
      "transcription", "language", .list, "",
      "Languages that are spoken, such as en-US; empty: the engine finds out, where it can."),
    .init(
      "transcription", "vocabulary", .text, "",
      "File with names and words that may be said, one a line; empty is none."),
    .init(
      "transcription", "acoustic_model", .text, "",
      "Directory of a pocketsphinx acoustic model; empty is Debian's en-us."),
    .init(
      "transcription", "language_model", .text, "",
      "File of a pocketsphinx language model; empty is Debian's en-us."),
    .init(
      "transcription", "dictionary", .text, "",
      "File of a pocketsphinx pronouncing dictionary; empty is Debian's en-us."),
    .init(
      "message", "language", .choice([""] + Language.all.map(\.tag)), "",
      "Language of the mail's own words; empty: that of the transcript."),
    .init(
      "message", "templates", .text, "",
      "Directory with text.mustache, html.mustache or subject.mustache; empty: those built in."),
    .init(
      "delivery", "target", .text, "smtp:127.0.0.1:10026",
      "The MTA's reinjection listener, which must not use this filter: smtp:HOST:PORT, unix:PATH, or "
        + "sendmail:PATH."),
    .init(
      "delivery", "fallback_target", .text, "",
      "Where an original goes that the target refused for good, such as sendmail:/usr/sbin/sendmail; "
        + "empty: it is held."),
    .init(
      "delivery", "connections", .integer(1...64), "4",
      "Messages handed over at the same time."),
    .init(
      "delivery", "lifetime", .duration, "5d",
      "Age at which an undeliverable message is held for the administrator; nothing is deleted."),
    .init(
      "delivery", "connect_timeout", .duration, "30s",
      "Limit for the connection to the target."),
    .init(
      "delivery", "helo_timeout", .duration, "5min",
      "Limit for the target's greeting, and for EHLO, HELO and XFORWARD."),
    .init("delivery", "mail_timeout", .duration, "5min", "Limit for MAIL."),
    .init("delivery", "rcpt_timeout", .duration, "5min", "Limit for each RCPT."),
    .init("delivery", "data_init_timeout", .duration, "2min", "Limit for DATA."),
    .init(
      "delivery", "data_xfer_timeout", .duration, "3min", "Limit for each 32 KB of the content."),
    .init(
      "delivery", "data_done_timeout", .duration, "10min",
      "Limit for the answer to the final dot, and for a whole run of sendmail."),
    .init(
      "alarms", "alert_to", .list, "",
      "Who is mailed what needs the administrator, through the delivery target; empty: nobody."),
    .init(
      "alarms", "alert_from", .text, "",
      "Sender of these mails; empty is the null sender, so that nothing bounces."),
    .init(
      "log", "level", .choice(["error", "warning", "info", "debug"]), "info",
      "How much is logged."),
    .init(
      "log", "target", .choice(LogTarget.allCases.map(\.rawValue)), "auto",
      "auto is systemd's journal under systemd, else stderr; syslog is facility mail."),
    .init(
      "log", "format", .choice(LogFormat.allCases.map(\.rawValue)), "text",
      "Of lines on stderr."),
    .init(
      "log", "log_addresses", .choice(["no", "yes"]), "no",
      "Whether senders and recipients appear in the log and on the status page."),
    .init(
      "status", "listen", .text, "127.0.0.1:9826",
      "Where the status page, metrics and health checks are, by HTTP: ADDRESS:PORT; empty is off."),
  ]
}
