import Foundation
import Operations
import TestSupport
import Testing

@testable import Filter

/// `check --live` beside real MTAs that are set up right, and wrong in each way that there is.
@Suite(.serialized)
struct Checking {
  private static func findings(_ text: String) -> [String] {
    text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix(" ") }
  }

  private func check(_ milter: RunningMilter, _ postfix: PrivatePostfix) throws
    -> RunningMilter.Ended
  {
    try milter.command("check", "--live", "--postfix-config", postfix.directory.file("etc"))
  }

  @Test func `a right installation is found right, and an open state directory not`() throws {
    let postfix = try PrivatePostfix()
    let milter = try postfix.milter()
    let ended = try check(milter, postfix)
    #expect(ended.status == 0, "\(ended.text)")
    let lines = Self.findings(ended.text)
    for subject in [
      "settings: ", "daemon: ", "Postfix: smtpd_milters", "Postfix: non_smtpd_milters",
      "Postfix: the listener", "socket: user postfix can connect", "way back: ", "spool: ",
      "engine: pocketsphinx hears '", "clock: ",
    ] {
      #expect(lines.contains { $0.hasPrefix("ok      \(subject)") }, "\(subject)\n\(ended.text)")
    }
    #expect(!ended.text.contains("WRONG"))
    // What nobody should find out from the mail.
    #expect(ended.text.contains("advice  engine: pocketsphinx alone: its transcripts are drafts\n"))
    // Without the rest of the installation too.
    let plain = try milter.command("check")
    #expect(plain.status == 0)
    #expect(
      Self.findings(plain.text).map { $0.prefix(16) } == ["ok      settings", "advice  engine: "])
    #expect(plain.text.contains("31 to 34 % of the words"), "\(plain.text)")
    // What it advises has its say beside the files that are there.
    let folder = milter.directory.file("conf.d")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let own = "[engine whisper-server]\nurl = http://127.0.0.1:9\n"
    try own.write(toFile: folder + "/engines.conf", atomically: true, encoding: .utf8)
    let advice = try #require(plain.lines.first { $0.contains("mend:  mkdir") })
    #expect(ShellCommand(line: String(advice.dropFirst("        mend:  ".count))).status == 0)
    #expect(try String(contentsOfFile: folder + "/engines.conf", encoding: .utf8) == own)
    #expect(try !milter.command("check").text.contains("pocketsphinx alone"))
    #expect(
      try milter.command("settings").text.contains("engines = whisper-server, pocketsphinx\n"))
    try FileManager.default.removeItem(atPath: folder)
    chmod(milter.stateDirectory, 0o755)
    let open = try check(milter, postfix)
    #expect(open.status == 1)
    #expect(
      open.text.contains("WRONG   spool: others may enter \(milter.stateDirectory)\n"))
    #expect(open.text.contains("mend:  chmod 0710 \(milter.stateDirectory)\n"))
    // The way back is tried whatever there is in front of it.
    let unknown = try milter.command("check", "--live", "--postfix-config", "/nonexistent").text
    #expect(unknown.contains("WRONG   Postfix: "))
    #expect(unknown.contains("ok      way back: "))
  }

  struct Mistake: CustomTestStringConvertible, Sendable {
    var testDescription: String
    /// postconf(1) arguments; PORT is that of the listener.
    var edit: [String]
    var settings: RunningMilter.Settings = [:]
    var what: String
    /// What its commands have in them; nil when a person must do it.
    var mend: String?
  }

  private static let mistakes = [
    Mistake(
      testDescription: "no listener", edit: ["-MX", "127.0.0.1:PORT/inet"],
      what: "Postfix: no listener at 127.0.0.1:PORT to take messages back",
      mend:
        "postconf -c DIR -M '127.0.0.1:PORT/inet=127.0.0.1:PORT inet n - n - - smtpd -o syslog_name="
    ),
    Mistake(
      testDescription: "milter on the listener",
      edit: [
        "-P", "127.0.0.1:PORT/inet/receive_override_options=",
        "127.0.0.1:PORT/inet/smtpd_milters=unix:voicemail-milter/milter.sock",
      ],
      what: "Postfix: the listener 127.0.0.1:PORT has this filter too",
      mend: "postconf -c DIR -P 127.0.0.1:PORT/inet/smtpd_milters="),
    Mistake(
      testDescription: "size limit",
      edit: ["-P", "127.0.0.1:PORT/inet/message_size_limit=10240000"],
      what: "Postfix: 127.0.0.1:PORT, on the way back, takes no more than 10240000 bytes",
      mend: "postconf -c DIR -P 127.0.0.1:PORT/inet/message_size_limit=0"),
    Mistake(
      testDescription: "size limit of its cleanup",
      edit: ["-PX", "cleanup-vm/unix/message_size_limit"],
      what: "Postfix: cleanup-vm, on the way back, takes no more than 10240000 bytes",
      mend: "postconf -c DIR -P cleanup-vm/unix/message_size_limit=0"),
    Mistake(
      testDescription: "no cleanup of its own",
      edit: ["-PX", "127.0.0.1:PORT/inet/cleanup_service_name"],
      what: "Postfix: cleanup, on the way back, takes no more than 10240000 bytes",
      mend: "postconf -c DIR -P 127.0.0.1:PORT/inet/cleanup_service_name=cleanup-vm"),
    Mistake(
      testDescription: "aliases are never applied",
      edit: ["-P", "127.0.0.1:PORT/inet/receive_override_options=no_address_mappings,no_milters"],
      what: "Postfix: the listener 127.0.0.1:PORT has no_address_mappings",
      mend: "postconf -c DIR -P 127.0.0.1:PORT/inet/receive_override_options=no_milters"),
    Mistake(
      testDescription: "no milter at all", edit: ["-e", "smtpd_milters=", "non_smtpd_milters="],
      what: "Postfix: nothing leads to this filter",
      mend:
        "postconf -c DIR -e 'smtpd_milters = { unix:voicemail-milter/milter.sock, default_action=accept,"
    ),
    Mistake(
      testDescription: "another milter's path",
      edit: ["-e", "smtpd_milters=unix:/voicemail-milter/milter.sock"],
      what: "Postfix: smtpd_milters does not name this filter",
      mend:
        "postconf -c DIR -e 'smtpd_milters = unix:/voicemail-milter/milter.sock, { unix:voicemail-milter"
    ),
    Mistake(
      testDescription: "not for sendmail", edit: ["-e", "non_smtpd_milters=inet:127.0.0.1:8891"],
      what: "Postfix: non_smtpd_milters does not name this filter",
      mend: "'non_smtpd_milters = inet:127.0.0.1:8891, { unix:voicemail-milter/milter.sock,"),
    Mistake(
      testDescription: "mail waits while the filter is down",
      edit: ["-e", "smtpd_milters=unix:voicemail-milter/milter.sock"],
      what: "Postfix: smtpd_milters has this filter without default_action=accept",
      mend: "'smtpd_milters = { unix:voicemail-milter/milter.sock, default_action=accept,"),
    Mistake(
      testDescription: "marked, and not looked for", edit: [],
      settings: ["milter.on_voicemail": "mark", "content_filter.listen": "inet:10025@127.0.0.1"],
      what: "Postfix: milter_header_checks is empty, and on_voicemail is mark"),
    Mistake(
      testDescription: "content filter that nothing leads to", edit: [],
      settings: ["milter.listen": "", "content_filter.listen": "inet:10025@127.0.0.1"],
      what: "Postfix: nothing leads to this filter"),
    Mistake(
      testDescription: "content filter on the listener",
      edit: ["-P", "127.0.0.1:PORT/inet/content_filter=smtp:[127.0.0.1]:10025"],
      settings: ["milter.listen": "", "content_filter.listen": "inet:10025@127.0.0.1"],
      what: "Postfix: the listener 127.0.0.1:PORT has this content_filter too",
      mend: "postconf -c DIR -P 127.0.0.1:PORT/inet/content_filter="),
  ]

  @Test func `each mistake in Postfix is named, with what mends it, and is mended by that`() throws
  {
    let postfix = try PrivatePostfix()
    // So that the listener's port is free where master.cf does not have it.
    try postfix.control("stop")
    let directory = postfix.directory.file("etc")
    func here(_ text: String) -> String {
      text.replacing("PORT", with: "\(postfix.reinjectPort)").replacing("DIR", with: directory)
    }
    let files = ["main.cf", "master.cf"].map { "\(directory)/\($0)" }
    let right = try files.map { try String(contentsOfFile: $0, encoding: .utf8) }
    for mistake in Self.mistakes {
      let configuration = postfix.directory.file("voicemail-milter.conf")
      try RunningMilter.write(
        [
          "milter.listen": "unix:\(postfix.milterSocket)",
          "delivery.target": "smtp:127.0.0.1:\(postfix.reinjectPort)",
        ].merging(mistake.settings) { $1 }, to: configuration, in: postfix.directory)
      let settings = try Settings.load(path: configuration)
      if !mistake.edit.isEmpty {
        let edit = ShellCommand(["postconf", "-c", directory] + mistake.edit.map(here))
        #expect(edit.status == 0, "\(mistake): \(edit.output)")
      }
      func findings() throws -> [Finding] {
        try PostfixCheck(PostfixConfiguration(directory: directory), settings).findings()
      }
      let found = try findings().filter { $0.grade != .good }
      #expect(found.map(\.what).contains(here(mistake.what)), "\(mistake): \(found.map(\.what))")
      for finding in found { #expect(!finding.why.isEmpty) }
      if let mend = mistake.mend {
        let commands = found.flatMap(\.postconf)
        #expect(commands.contains { $0.contains(here(mend)) }, "\(mistake): \(commands)")
        for command in commands { #expect(ShellCommand(line: command).status == 0, "\(command)") }
        let left = try findings().map(\.what)
        #expect(!left.contains(here(mistake.what)), "\(mistake): \(left)")
      }
      for (path, text) in zip(files, right) {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
      }
    }
  }

  @Test func `a Postfix that knows nothing of it is made to use it by one command`() throws {
    let postfix = try PrivatePostfix()
    let directory = postfix.directory.file("etc")
    try postfix.control("stop")
    for edit in [
      ["-e", "smtpd_milters=", "non_smtpd_milters="],
      ["-MX", "127.0.0.1:\(postfix.reinjectPort)/inet", "cleanup-vm/unix"],
    ] {
      #expect(ShellCommand(["postconf", "-c", directory] + edit).status == 0)
    }
    try postfix.control("start")
    let milter = try postfix.milter()
    let shown = try milter.command("check", "--fix-postfix", "--postfix-config", directory)
    #expect(shown.status == 0)
    #expect(shown.lines.count == 5, "\(shown.text)")
    #expect(shown.lines.last == "postfix -c \(directory) reload")
    let applied = try milter.command(
      "check", "--fix-postfix", "--apply", "--postfix-config", directory)
    #expect(applied.status == 0, "\(applied.errors)")
    #expect(applied.text == shown.text)
    let again = try milter.command("check", "--fix-postfix", "--postfix-config", directory)
    #expect(again.text == "# nothing to change in Postfix\n")
    let sent = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(sent.bytes, port: postfix.smtpPort)
    try postfix.expectVoicemail(sent, for: ["ann"], by: milter)
  }

  @Test(arguments: ["localhost", "[::1]"])
  func `the listener that it makes takes messages back by any name of this host`(host: String)
    throws
  {
    let postfix = try PrivatePostfix(["inet_protocols=all"])
    let directory = postfix.directory.file("etc")
    let edit = ["-MX", "127.0.0.1:\(postfix.reinjectPort)/inet", "cleanup-vm/unix"]
    try postfix.control("stop")
    #expect(ShellCommand(["postconf", "-c", directory] + edit).status == 0)
    try postfix.control("start")
    let milter = try postfix.milter(["delivery.target": "smtp:\(host):\(postfix.reinjectPort)"])
    let applied = try milter.command(
      "check", "--fix-postfix", "--apply", "--postfix-config", directory)
    #expect(applied.status == 0, "\(applied.errors)")
    let sent = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(sent.bytes, port: postfix.smtpPort)
    try postfix.expectVoicemail(sent, for: ["ann"], by: milter)
    let ended = try check(milter, postfix)
    #expect(ended.status == 0, "\(ended.text)")
    #expect(ended.text.contains(", with XFORWARD, DSN,"), "\(ended.text)")
    // As the listener was made before: for the other family alone.
    let narrow = ["-P", "\(host):\(postfix.reinjectPort)/inet/mynetworks=127.0.0.0/8"]
    #expect(ShellCommand(["postconf", "-c", directory] + narrow).status == 0)
    let found = try check(milter, postfix)
    #expect(
      found.text.contains(
        "WRONG   Postfix: the listener \(host):\(postfix.reinjectPort) does not take mail from ::1\n"
      ),
      "\(found.text)")
  }

  @Test func `without XFORWARD, and with a socket that Postfix may not use`() throws {
    let postfix = try PrivatePostfix(
      without: "smtpd_authorized_xforward_hosts=127.0.0.0/8,[::1]/128")
    let milter = try postfix.milter(["milter.socket_mode": "0600"])
    let ended = try check(milter, postfix)
    #expect(ended.status == 1)
    let port = postfix.reinjectPort
    #expect(
      ended.text.contains("advice  way back: smtp:127.0.0.1:\(port) does not offer XFORWARD\n"))
    #expect(
      ended.text.contains(
        "mend:  postconf -c \(postfix.directory.file("etc")) -P "
          + "127.0.0.1:\(port)/inet/smtpd_authorized_xforward_hosts=127.0.0.0/8,[::1]/128\n"
          + "               postfix -c \(postfix.directory.file("etc")) reload\n"))
    #expect(
      ended.text.contains(
        "WRONG   socket: user postfix may not write to \(postfix.milterSocket)\n"))
    // What it says mends it; the restart is ours, as no systemd runs this one.
    func look() -> Finding {
      SocketCheck(
        path: postfix.milterSocket, user: "postfix", dropIns: milter.directory.file("conf.d")
      ).finding()
    }
    let mend = look().mend
    #expect(mend.last == "systemctl restart voicemail-milter")
    #expect(mend.dropLast().map { ShellCommand(line: $0).status } == [0, 0])
    milter.kill()
    let again = try postfix.milter(
      ["milter.listen": "unix:\(postfix.milterSocket)", "milter.socket_mode": "0600"],
      in: milter.directory)
    #expect(look() == .good("socket: user postfix can connect to \(postfix.milterSocket)"))
    var facts = stat()
    #expect(stat(postfix.milterSocket, &facts) == 0 && facts.st_mode & 0o777 == 0o660)
    let folder = postfix.directory.file("spool/voicemail-milter")
    chmod(folder, 0o700)
    let closed = look()
    #expect(closed.what == "socket: user postfix cannot enter \(folder)")
    #expect(closed.mend.map { ShellCommand(line: $0).status } == [0])
    #expect(look().grade == .good)
    // A folder above it is not given to another group.
    let above = postfix.directory.path
    chmod(above, 0o700)
    #expect(look().mend == ["chmod a+x \(above)"])
    #expect(look().mend.map { ShellCommand(line: $0).status } == [0])
    #expect(look().grade == .good)
    again.kill()
    #expect(look().what == "socket: nobody listens at \(postfix.milterSocket)")
  }

  @Test func `a socket of systemd's is mended by its unit`() throws {
    let postfix = try PrivatePostfix()
    let milter = try postfix.milter(["milter.socket_mode": "0600"])
    let directory = try TemporaryDirectory()
    try ChildProcess.install(
      script: "case $1 in show) echo '\(postfix.milterSocket) (Stream)' ;; esac",
      at: directory.file("systemctl"))
    // As systemctl(1) answers where the unit is active; PATH is of a process of its own.
    let program = try ChildProcess(
      "/usr/bin/env",
      [
        "PATH=\(directory.path):/usr/sbin:/usr/bin:/sbin:/bin", RunningMilter.program,
        "check", "--live", "--config", milter.configuration, "--postfix-config",
        postfix.directory.file("etc"),
      ])
    _ = program.waitForExit(seconds: 120)
    let text = String(decoding: program.output, as: UTF8.self)
    #expect(
      text.contains(
        "mend:  systemctl restart voicemail-milter.socket voicemail-milter.service\n"), "\(text)")
  }

  @Test func `a listener that is small, poor, absent, or this filter`() throws {
    func findings(_ target: String) throws -> [String] {
      let directory = try TemporaryDirectory()
      let path = directory.file("vm.conf")
      try RunningMilter.write(["delivery.target": target], to: path, in: directory)
      return ListenerCheck(
        settings: try Settings.load(path: path), frontLimit: 10_240_000, option: nil
      ).findings().filter { $0.grade != .good }.map(\.what)
    }
    var script = FakeSMTPServer.Script()
    script.extensions = ["SIZE 5000000"]
    let poor = try FakeSMTPServer(script)
    let target = "smtp:127.0.0.1:\(poor.port)"
    #expect(
      try findings(target) == [
        "way back: \(target) does not offer XFORWARD", "way back: \(target) does not offer DSN",
        "way back: \(target) does not offer 8BITMIME",
        "way back: \(target) does not offer SMTPUTF8",
        "way back: \(target) takes no more than 5000000 bytes",
      ])
    #expect(
      try findings("unix:/nonexistent/listener")
        == ["way back: unix:/nonexistent/listener at connect: No such file or directory"])
    let milter = try RunningMilter(["milter.listen": ""])
    let own = try findings("unix:\(milter.stateDirectory)/submit.sock")
    #expect(own.count == 1 && own[0].contains("that is voicemail-milter itself"), "\(own)")
  }

  @Test func `Exim's configuration is read too`() throws {
    let exim = try PrivateExim()
    let program = exim.directory.file("exim")
    try exim.installSendmail(at: program)
    let filter = try exim.contentFilter()
    let right = try filter.command("check", "--live", "--exim", program)
    #expect(right.status == 0, "\(right.text)")
    #expect(right.text.contains("ok      Exim: router voicemail_milter leads here\n"))
    #expect(
      right.text.contains(
        "ok      Exim: it listens at port \(exim.reinjectPort) to take messages back\n"))
    func findings(_ settings: RunningMilter.Settings) throws -> [String] {
      let path = exim.directory.file("vm.conf")
      try RunningMilter.write(settings, to: path, in: exim.directory)
      return EximCheck(exim: program, settings: try Settings.load(path: path)).findings()
        .filter { $0.grade != .good }.map(\.what)
    }
    #expect(
      try findings([
        "content_filter.listen": "inet:9@127.0.0.1", "delivery.target": "smtp:127.0.0.1:9",
      ])
        == [
          "Exim: no router leads here",
          "Exim: it does not listen at port 9 to take messages back",
        ])
    #expect(
      try findings([
        "content_filter.listen": "inet:\(exim.filterPort)@127.0.0.1",
        "delivery.target": "smtp:127.0.0.1:9",
      ]).first == "Exim: router voicemail_milter leads here whatever port a message came in at")
  }

  @Test func `the listener that --fix-postfix makes is the one in the examples`() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../postfix-examples/milter/master.cf")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      .filter { !$0.hasPrefix("#") }
    let start = try #require(lines.firstIndex { $0.hasPrefix("cleanup-vm ") })
    func options(_ lines: some Sequence<Substring>) -> [String] {
      lines.filter { $0.hasPrefix("    -o ") }.map { String($0.dropFirst(7)) }
    }
    #expect(options(lines[..<start]) == ReinjectionService.options)
    #expect(options(lines[start...]) == ReinjectionService.cleanupOptions)
  }
}
