internal import MilterBridge
internal import Operations
internal import SMTP

/// Whether Postfix's configuration leads voicemail to us, and takes it back without us.
struct PostfixCheck {
  let postfix: PostfixConfiguration
  let settings: Settings
  /// Where the milter listens; nil when it is off.
  let listen: ListenAddress?

  init(_ postfix: PostfixConfiguration, _ settings: Settings) throws(CommandFailure) {
    self.postfix = postfix
    self.settings = settings
    guard !settings.milterListen.isEmpty else {
      listen = nil
      return
    }
    do throws(MilterError) {
      listen = try ListenAddress(InheritedSockets.assumed(settings.milterListen))
    } catch {
      throw CommandFailure("\(error)")
    }
  }

  func findings() -> [Finding] { ways() + reinjection() }

  /// postconf(1) command that sets an option of the listener that takes messages back; nil where that is none of this
  /// Postfix: its main.cf is for other mail.
  var optionOfListener: ((String, String) -> String)? {
    listener.map { listener in { name, value in option(name, value, of: listener) } }
  }

  /// Whether messages that need SMTPUTF8 can come at all, and what has the listener offer it.
  var listenerUTF8: (isNeeded: Bool, option: (name: String, value: String)) {
    let isOff = listener?.options["smtputf8_enable"] == "no"
    return (
      postfix.main["smtputf8_enable"] != "no",
      isOff ? ("smtputf8_enable", "yes") : ("smtpd_discard_ehlo_keywords", "")
    )
  }

  // MARK: - The way to us

  private var queueDirectory: String { postfix.main["queue_directory"] ?? "" }
  var isChrooted: Bool { postfix.fronts(besides: listener).contains { $0.isChrooted } }

  func isOurs(_ entry: MilterEntry) -> Bool {
    listen.map {
      entry.leads(to: $0, queueDirectory: queueDirectory, isChrooted: isChrooted)
    } ?? false
  }

  func milters(_ name: String, of service: PostfixConfiguration.Service? = nil)
    -> [MilterEntry]
  {
    MilterEntry.list(postfix.value(name, of: service))
  }

  /// Transports of master.cf that lead to the content filter, or call `enqueue`.
  var filterTransports: [String] {
    let port = settings.contentFilterListen.flatMap(Self.port)
    return postfix.services.filter { service in
      service.command.contains("voicemail-milter") && service.command.contains("enqueue")
    }.map { "\($0.name):" } + (port.map { [":\($0)"] } ?? [])
  }

  func leadsToFilter(_ service: PostfixConfiguration.Service?) -> Bool {
    let value = postfix.value("content_filter", of: service)
    return filterTransports.contains {
      $0.hasPrefix(":") ? value.hasSuffix($0) : value.hasPrefix($0)
    }
  }

  var isContentFilter: Bool {
    leadsToFilter(nil) || postfix.fronts(besides: listener).contains(where: leadsToFilter)
  }

  func names(_ front: PostfixConfiguration.Service) -> Bool {
    milters("smtpd_milters", of: front).contains(where: isOurs)
  }

  /// Those of main.cf that differ; the last is the sendmail command's.
  private var lists: [String] {
    ["smtpd_milters"] + (postfix.hasOneMilterList ? [] : ["non_smtpd_milters"])
  }

  private func ways() -> [Finding] {
    let fronts = postfix.fronts(besides: listener)
    if isContentFilter {
      return passing("content_filter", leadsToFilter) { front in
        leadsToFilter(nil)
          ? postfix.line(["postconf", "-PX", "\(front.name)/\(front.type)/content_filter"]) : nil
      }
        + [.good("Postfix: its content_filter leads here")]
    }
    let named = fronts.filter(names)
    let byCommand = milters("non_smtpd_milters").contains(where: isOurs)
    let text = listen.flatMap {
      MilterEntry.text(for: $0, queueDirectory: queueDirectory, isChrooted: isChrooted)
    }
    let past =
      listen == nil
      ? []
      : passing("smtpd_milters", names) { front in
        text.map { appending($0, to: "smtpd_milters", of: front) }
      }
    guard listen != nil, !named.isEmpty || byCommand else { return [unknownHere] + past }
    let pickup = byCommand ? postfix.services.filter { $0.command.hasPrefix("pickup") } : []
    var findings = past + unasked(named) + unasked(pickup) + maps(of: named)
    // What has no value of its own goes by main.cf.
    let bare = fronts.filter { $0.options["smtpd_milters"] == nil && !names($0) }
    if named.isEmpty ? past.isEmpty : bare.contains(where: \.isForOtherHosts) {
      findings.append(
        Finding(
          grade: .advice, what: "Postfix: smtpd_milters does not name this filter",
          why: "Voicemail that comes by SMTP passes without a transcript.",
          postconf: text.map { [appending($0, to: "smtpd_milters")] } ?? []))
    } else if named.contains(where: asks) {
      findings.append(.good("Postfix: smtpd_milters names this filter"))
    }
    if byCommand {
      findings.append(.good("Postfix: non_smtpd_milters names this filter"))
    } else {
      findings.append(
        Finding(
          grade: .advice, what: "Postfix: non_smtpd_milters does not name this filter",
          why:
            "Voicemail that this host's sendmail command sends, as Asterisk's, passes without a transcript.",
          postconf: text.map { [appending($0, to: lists.last ?? "")] } ?? []))
    }
    for name in lists {
      guard let text else { break }
      findings += action(in: name, text)
    }
    if settings.marksVoicemail, (postfix.main["milter_header_checks"] ?? "").isEmpty {
      findings.append(
        Finding(
          grade: .wrong, what: "Postfix: milter_header_checks is empty, and on_voicemail is mark",
          why: "Marked voicemail goes nowhere special: it passes without a transcript.",
          mend: ["see \(Examples.path("header-route"))"]))
    }
    return findings
  }

  /// Services whose own value of that parameter leads past this filter. Of those for other hosts that is a mistake;
  /// of others it may be meant, and of those for this host alone it mostly is.
  private func passing(
    _ name: String, _ leadsHere: (PostfixConfiguration.Service) -> Bool,
    mend: (PostfixConfiguration.Service) -> String?
  ) -> [Finding] {
    postfix.fronts(besides: listener).filter { front in
      front.options[name] != nil && !front.isForThisHost && !leadsHere(front)
    }.map { front in
      let command = mend(front).map { [$0] } ?? []
      return Finding(
        grade: front.isForOtherHosts ? .wrong : .advice,
        what: "Postfix: \(front.name)/\(front.type) has a \(name) of its own, without this filter",
        why: "Voicemail that comes in there passes without a transcript.",
        mend: front.isForOtherHosts ? [] : command,
        postconf: front.isForOtherHosts ? command : [])
    }
  }

  private func asks(_ service: PostfixConfiguration.Service) -> Bool {
    !postfix.overrides(of: service).contains("no_milters")
  }

  /// Services that have this filter, and ask no milter.
  private func unasked(_ services: [PostfixConfiguration.Service]) -> [Finding] {
    let isAsked = services.contains(where: asks)
    let shut = services.filter { !asks($0) && !($0.isForThisHost && isAsked) }
    // Whoever wrote that may have meant other milters: a person must change it.
    return shut.map { service in
      let name = "receive_override_options"
      let rest = postfix.overrides(of: service).filter { $0 != "no_milters" }
        .joined(separator: ",")
      return Finding(
        grade: service.isForOtherHosts ? .wrong : .advice,
        what: "Postfix: \(service.name)/\(service.type) has no_milters in \(name)",
        why: "Voicemail that comes in there passes without a transcript.",
        mend: [
          service.options[name] == nil
            ? postfix.line(["postconf", "-e", "\(name) = \(rest)"])
            : option(name, rest, of: service)
        ])
    }
  }

  private func maps(of services: [PostfixConfiguration.Service]) -> [Finding] {
    let name = "smtpd_milter_maps"
    var findings: [Finding] = []
    for service in services {
      let value = postfix.value(name, of: service)
      let owner = service.options[name] == nil ? "" : "\(service.name)/\(service.type): "
      let finding = Finding(
        grade: .advice, what: "Postfix: \(owner)\(name) is \(value)",
        why:
          "A client that it says DISABLE for, such as a PBX in the local network, is never asked about.",
        mend: ["see to it that it names no PBX"])
      if !value.isEmpty, !findings.contains(finding) { findings.append(finding) }
    }
    return findings
  }

  private var unknownHere: Finding {
    var finding = Finding(
      grade: .wrong, what: "Postfix: nothing leads to this filter",
      why:
        "Neither smtpd_milters, non_smtpd_milters nor content_filter names it: no voicemail gets a transcript."
    )
    let text = listen.flatMap {
      MilterEntry.text(for: $0, queueDirectory: queueDirectory, isChrooted: isChrooted)
    }
    if let text {
      finding.postconf = lists.map { appending(text, to: $0) }
    } else if let listen {
      finding.why +=
        " Its chrooted smtpd cannot reach \(listen); a socket below \(queueDirectory) it can."
      finding.mend = ["set [milter] listen to unix:\(queueDirectory)/voicemail-milter/milter.sock"]
    } else {
      finding.mend = ["see \(Examples.path("content-filter"))"]
    }
    return finding
  }

  /// While we are down, mail must flow.
  private func action(in name: String, _ text: String) -> [Finding] {
    let entries = milters(name)
    guard let ours = entries.first(where: isOurs),
      (ours.options["default_action"] ?? postfix.main["milter_default_action"]) != "accept"
    else { return [] }
    return [
      Finding(
        grade: .advice, what: "Postfix: \(name) has this filter without default_action=accept",
        why: "While this filter is down, Postfix takes no mail at all.",
        postconf: [appending(text, to: name)])
    ]
  }

  /// At the end: those before must see what comes, and one behind would not see a message that is taken over.
  private func appending(
    _ text: String, to name: String, of front: PostfixConfiguration.Service? = nil
  ) -> String {
    let all = milters(name, of: front).filter { !isOurs($0) } + MilterEntry.list(text)
    if let front { return option(name, all.map(\.compact).joined(separator: ","), of: front) }
    let value = all.map(\.written).joined(separator: ", ")
    return postfix.line(["postconf", "-e", "\(name) = \(value)"])
  }

  /// The digits at the end of `smtp:127.0.0.1:10026`, or those of `inet:10025@127.0.0.1`.
  static func port(_ text: String) -> String? {
    let part = text.hasPrefix("inet") ? text.drop { $0 != ":" }.dropFirst() : text[...]
    let digits =
      text.hasPrefix("inet")
      ? String(part.prefix { $0.isNumber })
      : String(String(part.reversed().prefix { $0.isNumber }).reversed())
    return digits.isEmpty ? nil : digits
  }

  func option(_ name: String, _ value: String, of service: PostfixConfiguration.Service)
    -> String
  {
    postfix.line(["postconf", "-P", "\(service.name)/\(service.type)/\(name)=\(value)"])
  }
}
