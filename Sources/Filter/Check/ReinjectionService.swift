/// The listener that takes messages back, as postfix-examples/milter/master.cf explains it; a test compares them.
enum ReinjectionService {
  static let cleanupName = "cleanup-vm"

  /// Who may use it: this host, by either family, as `localhost` may be either.
  static let clients = "127.0.0.0/8,[::1]/128"

  /// Of the listener: `NAME=VALUE`.
  static let options = [
    "syslog_name=postfix/voicemail",
    "smtpd_milters=",
    "receive_override_options=no_milters,no_header_body_checks,no_unknown_recipient_checks",
    "content_filter=",
    "smtpd_proxy_filter=",
    "cleanup_service_name=cleanup-vm",
    "message_size_limit=0",
    "smtpd_recipient_limit=100000",
    "smtpd_error_sleep_time=0",
    "smtpd_soft_error_limit=100000",
    "smtpd_hard_error_limit=100000",
    "mynetworks=\(clients)",
    "smtpd_delay_reject=yes",
    "smtpd_client_restrictions=",
    "smtpd_helo_required=no",
    "smtpd_helo_restrictions=",
    "smtpd_sender_restrictions=",
    "smtpd_relay_restrictions=permit_mynetworks,reject",
    "smtpd_recipient_restrictions=permit_mynetworks,reject",
    "smtpd_data_restrictions=",
    "smtpd_end_of_data_restrictions=",
    "smtpd_reject_unlisted_sender=no",
    "smtpd_tls_security_level=none",
    "smtpd_sasl_auth_enable=no",
    "smtpd_client_connection_count_limit=0",
    "smtpd_client_connection_rate_limit=0",
    "smtpd_client_message_rate_limit=0",
    "smtpd_client_recipient_rate_limit=0",
    "smtpd_authorized_xforward_hosts=\(clients)",
    "smtpd_discard_ehlo_keywords=",
    "smtpd_forbid_bare_newline=normalize",
    "smtpd_forbid_bare_newline_exclusions=",
    "local_header_rewrite_clients=",
    "remote_header_rewrite_domain=",
  ]
  /// Of its cleanup service.
  static let cleanupOptions = [
    "syslog_name=postfix/voicemail",
    "message_size_limit=0",
  ]

  /// postconf(1) commands that add both to master.cf.
  static func additions(
    at name: String, isChrooted: Bool, in postfix: PostfixConfiguration
  ) -> [String] {
    cleanupAddition(isChrooted: isChrooted, in: postfix) + [
      addition("\(name)/inet", "\(name) inet n - \(flag(isChrooted)) - - smtpd", options, postfix)
    ]
  }

  static func cleanupAddition(isChrooted: Bool, in postfix: PostfixConfiguration) -> [String] {
    [
      addition(
        "\(cleanupName)/unix", "\(cleanupName) unix n - \(flag(isChrooted)) - 0 cleanup",
        cleanupOptions, postfix)
    ]
  }

  private static func flag(_ isChrooted: Bool) -> String { isChrooted ? "y" : "n" }

  private static func addition(
    _ key: String, _ line: String, _ options: [String], _ postfix: PostfixConfiguration
  ) -> String {
    let value = ([line] + options.map { "-o \($0)" }).joined(separator: " ")
    return postfix.line(["postconf", "-M", "\(key)=\(value)"])
  }
}
