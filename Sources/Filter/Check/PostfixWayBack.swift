internal import Operations

/// The listener of master.cf that takes messages back.
extension PostfixCheck {
  /// `127.0.0.1:10026` of the target, when that is a port of this host.
  private var address: (host: String, port: UInt16)? {
    guard settings.delivery.target.hasPrefix("smtp:"),
      let digits = Self.port(settings.delivery.target), let port = UInt16(digits)
    else { return nil }
    let host = settings.delivery.target.dropFirst(5).dropLast(digits.count + 1)
    let isLocal = host.hasPrefix("127.") || host == "localhost" || host == "[::1]"
    return isLocal ? (String(host), port) : nil
  }

  var listener: PostfixConfiguration.Service? {
    guard let address else { return nil }
    return postfix.services.first { $0.port == address.port && $0.mayTakeBack }
  }

  /// What has the address of the target, so that no listener can be added: Postfix would end over it.
  var taken: Finding? {
    guard let address, listener == nil else { return nil }
    let own = postfix.services.first {
      $0.port == address.port && ($0.isForThisHost || !$0.name.contains(":"))
    }
    guard own != nil || LocalPort.isTaken(address.port, at: address.host) else { return nil }
    let who = own.map { "\($0.name)/\($0.type) of master.cf" } ?? "another program"
    return Finding(
      grade: .wrong,
      what: "Postfix: port taken: \(who) listens at \(address.host):\(address.port)",
      why: "A listener that takes messages back needs an address of its own.",
      mend: [
        "set [delivery] target to a free one; ss -ltnp sport = :\(address.port) says who has this"
      ])
  }

  /// Whether somebody listens there; true of what is none of this host's.
  var isListening: Bool {
    address.map { LocalPort.isTaken($0.port, at: $0.host) } ?? true
  }

  func reinjection() -> [Finding] {
    guard let address else { return [] }
    let name = "\(address.host):\(address.port)"
    if let taken { return [taken] }
    guard let listener else {
      return [
        Finding(
          grade: .wrong, what: "Postfix: no listener at \(name) to take messages back",
          why:
            "Voicemail that has its transcript cannot go back to Postfix: it waits in the spool.",
          postconf: ReinjectionService.additions(at: name, isChrooted: isChrooted, in: postfix))
      ] + unseen
    }
    var findings: [Finding] = []
    let overrides = postfix.overrides(of: listener)
    if !overrides.contains("no_milters"),
      milters("smtpd_milters", of: listener).contains(where: isOurs)
    {
      findings.append(
        Finding(
          grade: .wrong, what: "Postfix: the listener \(listener.name) has this filter too",
          why:
            "Each voicemail would come back here instead of to its mailbox; the loop guard stops it, at a cost.",
          postconf: [
            option(
              "smtpd_milters", others(of: listener).map(\.compact).joined(separator: ","),
              of: listener)
          ]))
    }
    if leadsToFilter(listener) {
      findings.append(
        Finding(
          grade: .wrong, what: "Postfix: the listener \(listener.name) has this content_filter too",
          why: "Each message would come back here instead of to its mailbox.",
          postconf: [option("content_filter", "", of: listener)]))
    }
    if listen != nil, !settings.marksVoicemail, filterTransports.isEmpty,
      overrides.contains("no_address_mappings")
    {
      findings.append(
        Finding(
          grade: .wrong, what: "Postfix: the listener \(listener.name) has no_address_mappings",
          why: "The milter takes voicemail before aliases are applied: nobody would apply them.",
          postconf: [
            option(
              "receive_override_options",
              overrides.filter { $0 != "no_address_mappings" }.joined(separator: ","), of: listener)
          ]))
    }
    if address.host == "localhost" || address.host == "[::1]",
      let own = listener.options["mynetworks"], !own.contains("::1")
    {
      findings.append(
        Finding(
          grade: .wrong, what: "Postfix: the listener \(listener.name) does not take mail from ::1",
          why:
            "\(address.host) is that address: what goes back is refused, and waits in the spool.",
          postconf: [option("mynetworks", ReinjectionService.clients, of: listener)]))
    }
    findings += sizes(of: listener)
    return unseen
      + (findings.isEmpty
        ? [.good("Postfix: the listener \(listener.name) takes messages back, without this filter")]
        : findings)
  }

  private func others(of service: PostfixConfiguration.Service?, _ name: String = "smtpd_milters")
    -> [MilterEntry]
  {
    milters(name, of: service).filter { !isOurs($0) }
  }

  /// Milters beside this one, where the listener has none.
  private var unseen: [Finding] {
    guard listen != nil, !isContentFilter else { return [] }
    if let listener, !postfix.overrides(of: listener).contains("no_milters"),
      !others(of: listener).isEmpty
    {
      return []
    }
    // A front with a list of its own counts where voicemail comes here from it, or is to.
    let fronts = postfix.fronts(besides: listener).filter { $0.isForOtherHosts || names($0) }
    let all =
      others(of: nil) + others(of: nil, "non_smtpd_milters") + fronts.flatMap { others(of: $0) }
    var addresses: [String] = []
    for entry in all where !addresses.contains(entry.address) { addresses.append(entry.address) }
    guard !addresses.isEmpty else { return [] }
    return [
      Finding(
        grade: .advice,
        what: "Postfix: these do not see what goes back: " + addresses.joined(separator: ", "),
        why:
          "A voicemail changes on its way: a DKIM signer belongs at the listener, and behind this filter.",
        mend: ["see \(Examples.path("opendkim")) or \(Examples.path("rspamd"))"])
    ]
  }

  /// A message that is as large as it may be grows by its transcript.
  private func sizes(of listener: PostfixConfiguration.Service) -> [Finding] {
    let name = postfix.value("cleanup_service_name", of: listener)
    let cleanup = postfix.services.first {
      $0.type == "unix" && $0.name == (name.isEmpty ? "cleanup" : name)
    }
    let front = Int(postfix.main["message_size_limit"] ?? "") ?? 0
    return [listener, cleanup].compactMap(\.self).compactMap { service in
      let limit = Int(postfix.value("message_size_limit", of: service)) ?? 0
      // 0 is no limit; 1 MB is more than a transcript.
      guard limit > 0, front == 0 || limit < front + (1 << 20) else { return nil }
      let commands =
        service.name == "cleanup"
        // All other mail uses that one: the listener needs its own.
        ? ReinjectionService.cleanupAddition(isChrooted: service.isChrooted, in: postfix)
          + [option("cleanup_service_name", ReinjectionService.cleanupName, of: listener)]
        : [option("message_size_limit", "0", of: service)]
      return Finding(
        grade: .wrong,
        what: "Postfix: \(service.name), on the way back, takes no more than \(limit) bytes",
        why:
          "A message that is as large as message_size_limit allows is larger with its transcript: it would be "
          + "refused, and go out without.",
        postconf: commands)
    }
  }
}
