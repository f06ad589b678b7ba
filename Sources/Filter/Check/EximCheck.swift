internal import Operations

/// Whether Exim's configuration leads voicemail to the content filter, and takes it back without it.
struct EximCheck {
  /// The program.
  let exim: String
  let settings: Settings

  func findings() -> [Finding] {
    let probe = ask("transport_list")
    guard probe.status == 0 else {
      return [
        Finding(
          grade: .wrong, what: "Exim: \(probe.lastLine)",
          why: "Its configuration cannot be read.", mend: ["\(exim) -bV"])
      ]
    }
    return [way(transports: probe.lines.map(String.init)), back()]
  }

  /// C: exim(8), -bP
  private func ask(_ words: String...) -> ShellCommand { ShellCommand([exim, "-bP"] + words) }

  private func way(transports: [String]) -> Finding {
    let port = settings.contentFilterListen.flatMap { text in
      text.hasPrefix("inet") ? text.drop { $0 != ":" }.dropFirst().prefix { $0.isNumber } : nil
    }
    let ours = transports.filter { name in
      let text = ask("transport", name).output
      return text.contains("voicemail-milter") && text.contains("enqueue")
        || port.map { text.contains("\nport = \($0)\n") } ?? false
    }
    for router in ask("router_list").lines {
      let text = ask("router", String(router)).output
      let leads =
        ours.contains { text.contains("\ntransport = \($0)\n") }
        || port.map { text.contains("::\($0)") } ?? false
      guard leads else { continue }
      guard let back = targetPort, text.contains("received_port"),
        text.split(whereSeparator: { !$0.isNumber }).contains(Substring(back))
      else {
        return Finding(
          grade: .wrong,
          what: "Exim: router \(router) leads here whatever port a message came in at",
          why: "Messages that come back would come here again, and never arrive.",
          mend: [
            "see \(Examples.path("exim/router.conf")): condition = ${if !eq{$received_port}{...}}"
          ])
      }
      return .good("Exim: router \(router) leads here")
    }
    return Finding(
      grade: .wrong, what: "Exim: no router leads here",
      why: "No voicemail gets a transcript.", mend: ["see \(Examples.path("exim"))"])
  }

  private var targetPort: String? {
    guard settings.delivery.target.hasPrefix("smtp:") else { return nil }
    return settings.delivery.target.split(separator: ":").last.map(String.init)
  }

  private func back() -> Finding {
    guard let port = targetPort else {
      return .good("Exim: messages go back by \(settings.delivery.target)")
    }
    let ports = ask("daemon_smtp_ports", "local_interfaces").output
    guard ports.split(whereSeparator: { !$0.isNumber }).contains(Substring(port)) else {
      return Finding(
        grade: .wrong, what: "Exim: it does not listen at port \(port) to take messages back",
        why: "Voicemail that has its transcript cannot go back to Exim: it waits in the spool.",
        mend: ["see \(Examples.path("exim/main.conf")): daemon_smtp_ports and local_interfaces"])
    }
    return .good("Exim: it listens at port \(port) to take messages back")
  }
}
