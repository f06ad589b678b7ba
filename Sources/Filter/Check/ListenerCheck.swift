internal import Operations
internal import SMTP

/// Asks the listener that takes messages back what it can do.
struct ListenerCheck {
  let settings: Settings
  /// The largest message that the MTA takes in, when it is known; 0 is no limit.
  let frontLimit: Int?
  /// Mends an option of the listener; nil when it is none of this host's Postfix.
  let option: ((String, String) -> String)?
  /// Whether the MTA takes messages that need SMTPUTF8, and what has the listener offer it.
  var utf8: (isNeeded: Bool, option: (name: String, value: String)) = (
    true, ("smtpd_discard_ehlo_keywords", "")
  )

  func findings() -> [Finding] {
    guard case .listener(let target)? = try? DeliveryTarget(settings.delivery.target) else {
      return [.good("way back: by \(settings.delivery.target)")]
    }
    let client: SMTPClient
    do throws(SMTPFailure) {
      client = try SMTPClient(target, limits: SMTPLimits(everywhere: .seconds(10)))
      defer { client.quit() }
      try client.refuseOwnKind()
    } catch {
      return [
        Finding(
          grade: .wrong, what: "way back: \(error.sentence)",
          why:
            "Voicemail that has its transcript cannot go back to the MTA: it waits in the spool.",
          mend: option == nil ? [] : ["postfix status || postfix start"])
      ]
    }
    let findings = missing(client.extensions) + size(client.extensions)
    return findings.isEmpty
      ? [
        .good(
          "way back: \(target) answers, with XFORWARD, DSN"
            + (utf8.isNeeded ? ", 8BITMIME and SMTPUTF8" : " and 8BITMIME"))
      ] : findings
  }

  private func missing(_ offered: ServerExtensions) -> [Finding] {
    let wanted:
      [(keyword: String, grade: Finding.Grade, why: String, option: String, value: String)] = [
        (
          "XFORWARD", .advice,
          "The MTA's log cannot tell which client a message came from, nor its first queue id.",
          "smtpd_authorized_xforward_hosts", ReinjectionService.clients
        ),
        (
          "DSN", .advice, "What senders ask about delivery reports is lost.",
          "smtpd_discard_ehlo_keywords", ""
        ),
        (
          "8BITMIME", .wrong, "Messages with 8-bit text cannot go back as they are.",
          "smtpd_discard_ehlo_keywords", ""
        ),
        (
          "SMTPUTF8", .advice, "Messages to addresses in other scripts than Latin are held.",
          utf8.option.name, utf8.option.value
        ),
      ]
    return wanted.filter { item in
      !offered.offers(item.keyword) && (item.keyword != "SMTPUTF8" || utf8.isNeeded)
    }.map { item in
      Finding(
        grade: item.grade,
        what: "way back: \(settings.delivery.target) does not offer \(item.keyword)", why: item.why,
        postconf: option.map { [$0(item.option, item.value)] } ?? [])
    }
  }

  private func size(_ offered: ServerExtensions) -> [Finding] {
    // With no limit of the front known, ours decides what is taken over.
    let front = frontLimit.map { $0 == 0 ? Int.max : $0 } ?? settings.maxMessageBytes
    let needed = min(front, settings.maxMessageBytes)
    guard let size = offered.maximumSize, size < needed else { return [] }
    return [
      Finding(
        grade: .wrong,
        what: "way back: \(settings.delivery.target) takes no more than \(size) bytes",
        why:
          "Voicemail of up to \(needed) bytes is taken over, and grows by its transcript: it would be refused.",
        postconf: option.map { [$0("message_size_limit", "0")] } ?? [])
    ]
  }
}
