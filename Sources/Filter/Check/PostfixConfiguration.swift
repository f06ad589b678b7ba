internal import Glibc
internal import Voicemail

/// What Postfix is configured to do, as postconf(1) tells it.
struct PostfixConfiguration {
  /// A line of master.cf.
  struct Service {
    var name: String
    var type: String
    var isChrooted: Bool
    /// The program and its arguments, without options of the form -o.
    var command: String
    /// Values that its `-o` options give, with $names expanded.
    var options: [String: String] = [:]

    /// Where it listens.
    var port: UInt16? {
      type == "inet" ? LocalPort.number(name.split(separator: ":").last ?? "") : nil
    }

    /// Where other hosts hand over mail: port 25, by postscreen(8) or not.
    var isForOtherHosts: Bool { type == "pass" || port == 25 }

    /// Where programs of this host alone come in: mostly the way back of another filter.
    var isForThisHost: Bool {
      type == "inet" && ["127.", "localhost:", "[::1]:"].contains { name.hasPrefix($0) }
    }

    /// Whether messages may go back there: not where others hand in mail, by RFC 5321, 8314 or 6409.
    var mayTakeBack: Bool {
      command.hasPrefix("smtpd") && (isForThisHost || ![25, 465, 587].contains(port ?? 0))
    }
  }

  /// nil: the machine's own.
  let directory: String?
  /// Parameters of main.cf with $names expanded, defaults included.
  private(set) var main: [String: String] = [:]
  /// Whether non_smtpd_milters is `$smtpd_milters`: what one is given, the other has.
  private(set) var hasOneMilterList = false
  private(set) var services: [Service] = []

  private static let parameters = [
    "smtpd_milters", "non_smtpd_milters", "milter_default_action", "content_filter",
    "milter_header_checks", "message_size_limit", "queue_directory", "mail_owner",
    "compatibility_level", "receive_override_options", "smtpd_milter_maps",
    "smtputf8_enable",
  ]

  init(directory: String?) throws(CommandFailure) {
    self.directory = directory
    let values = try Self.ask(directory, ["-x"] + Self.parameters)
    for line in values {
      let (name, value) = Self.divided(line, at: "=")
      main[name] = value
    }
    let written = try Self.ask(directory, ["-h", "non_smtpd_milters"]).joined()
    hasOneMilterList = written.filter { !"{}() ".contains($0) } == "$smtpd_milters"
    let isOld = main["compatibility_level"].flatMap { Int($0.prefix { $0.isNumber }) } ?? 0 < 1
    for line in try Self.ask(directory, ["-M"]) {
      let words = line.split(separator: " ")
      guard words.count >= 8 else { continue }
      services.append(
        Service(
          name: String(words[0]), type: String(words[1]),
          isChrooted: words[4] == "y" || (words[4] == "-" && isOld),
          command: words[7...].joined(separator: " ")))
    }
    // `NAME/TYPE/PARAMETER = VALUE`
    for line in try Self.ask(directory, ["-Px"]) {
      let (key, value) = Self.divided(line, at: "=")
      let parts = key.split(separator: "/")
      guard parts.count >= 3 else { continue }
      let name = parts.dropLast(2).joined(separator: "/")
      for index in services.indices
      where services[index].name == name && services[index].type == parts[parts.count - 2] {
        services[index].options[String(parts[parts.count - 1])] = value
      }
    }
  }

  /// What a parameter is for a service.
  func value(_ name: String, of service: Service?) -> String {
    service?.options[name] ?? main[name] ?? ""
  }

  /// The words of its receive_override_options.
  func overrides(of service: Service?) -> [String] {
    value("receive_override_options", of: service).split { ", ".contains($0) }.map(String.init)
  }

  /// Services that take mail by SMTP from anywhere but ours. Of type pass is what postscreen(8) hands clients to.
  func fronts(besides listener: Service?) -> [Service] {
    services.filter { service in
      ["inet", "pass"].contains(service.type) && service.command.hasPrefix("smtpd")
        && service.name != listener?.name
    }
  }

  /// postconf(1) and postfix(1) with this configuration.
  func command(_ words: [String]) -> [String] {
    [words[0]] + (directory.map { ["-c", $0] } ?? []) + words.dropFirst()
  }

  func line(_ words: [String]) -> String { ShellCommand.line(command(words)) }

  /// Has Postfix read its configuration again.
  var reload: String { line(["postfix", "reload"]) }

  /// Waits until Postfix has read its files again. It does so after postfix(1) has ended; where it cannot open a
  /// listener, it logs why, sleeps for a second, and ends.
  func expectReload(until isBack: () -> Bool) throws(CommandFailure) {
    let start = ContinuousClock.now
    repeat {
      usleep(500_000)
      guard ShellCommand(command(["postfix", "status"])).status == 0 else {
        throw CommandFailure(
          "Postfix has ended over its configuration, its log says why; mend it, then "
            + line(["postfix", "start"]))
      }
    } while start.elapsedMS < 2_000 || (!isBack() && start.elapsedMS < 20_000)
    guard isBack() else {
      throw CommandFailure("Postfix runs, without the listener: its log says why")
    }
  }

  private static func ask(_ directory: String?, _ words: [String]) throws(CommandFailure)
    -> [Substring]
  {
    let answer = ShellCommand(["postconf"] + (directory.map { ["-c", $0] } ?? []) + words)
    guard answer.status == 0 else { throw CommandFailure(answer.lastLine) }
    return answer.lines.filter { !$0.hasPrefix("postconf: warning") }
  }

  /// Both halves without spaces around.
  private static func divided(_ line: Substring, at mark: Character) -> (String, String) {
    let head = line.prefix { $0 != mark }
    let tail = line.dropFirst(head.count + 1)
    func trimmed(_ text: Substring) -> String {
      String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
    return (trimmed(head), trimmed(tail))
  }
}
