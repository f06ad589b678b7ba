import Foundation
import Operations
import TestSupport
import Testing

@testable import Filter

/// `check` beside set-ups of Postfix that are not the usual one.
@Suite(.serialized)
struct CheckingOthers {
  /// What is not good, and what mends it, of this Postfix with these settings.
  func findings(_ postfix: PrivatePostfix, _ settings: RunningMilter.Settings = [:]) throws
    -> [Finding]
  {
    try PostfixCheck(
      PostfixConfiguration(directory: postfix.directory.file("etc")),
      Settings.load(path: configuration(postfix, settings))
    ).findings()
  }

  func configuration(_ postfix: PrivatePostfix, _ settings: RunningMilter.Settings = [:])
    throws -> String
  {
    let path = postfix.directory.file("vm.conf")
    try RunningMilter.write(
      [
        "milter.listen": "unix:\(postfix.milterSocket)",
        "delivery.target": "smtp:127.0.0.1:\(postfix.reinjectPort)",
      ].merging(settings) { $1 }, to: path, in: postfix.directory)
    return path
  }

  func fix(_ postfix: PrivatePostfix, _ settings: RunningMilter.Settings = [:]) throws
    -> RunningMilter.Ended
  {
    try RunningMilter.run([
      "check", "--fix-postfix", "--apply", "--config", configuration(postfix, settings),
      "--postfix-config", postfix.directory.file("etc"),
    ])
  }

  func postconf(_ postfix: PrivatePostfix, _ words: String...) {
    let ran = ShellCommand(["postconf", "-c", postfix.directory.file("etc")] + words)
    #expect(ran.status == 0, "\(words): \(ran.output)")
  }

  @Test func `a listener of another host is not mended here`() throws {
    let postfix = try PrivatePostfix()
    var script = FakeSMTPServer.Script()
    script.extensions = ["SIZE 5000000"]
    // Not in this master.cf, as one of another host is.
    let directory = try TemporaryDirectory()
    let other = try FakeSMTPServer(script, unixPath: directory.file("other.sock"))
    let milter = try postfix.milter(["delivery.target": other.target])
    let main = postfix.directory.file("etc/main.cf")
    let before = try String(contentsOfFile: main, encoding: .utf8)
    let ended = try milter.command(
      "check", "--live", "--postfix-config", postfix.directory.file("etc"))
    #expect(ended.text.contains("WRONG   way back: \(other.target) does not offer 8BITMIME\n"))
    #expect(!ended.text.contains("postconf"), "\(ended.text)")
    #expect(try String(contentsOfFile: main, encoding: .utf8) == before)
  }

  @Test func `where another has the port, no listener is added`() throws {
    let postfix = try PrivatePostfix(["smtpd_milters=", "non_smtpd_milters="])
    let files = ["main.cf", "master.cf"].map { postfix.directory.file("etc/\($0)") }
    func text() throws -> [String] {
      try files.map { try String(contentsOfFile: $0, encoding: .utf8) }
    }
    func expectTaken(_ port: UInt16, by holder: String) throws {
      let target = ["delivery.target": "smtp:127.0.0.1:\(port)"]
      let what = "Postfix: port taken: \(holder) listens at 127.0.0.1:\(port)"
      let found = try findings(postfix, target).filter { $0.what == what }
      #expect(found.map(\.grade) == [.wrong], "\(holder)")
      #expect(found.flatMap(\.postconf) == [])
      let before = try text()
      let ended = try fix(postfix, target)
      #expect(ended.status == 1)
      #expect(ended.errors.contains("\(what): set [delivery] target to a free one"))
      // Voicemail that came here could not go back.
      #expect(try text() == before)
    }
    let other = try FakeSMTPServer()
    try expectTaken(other.port, by: "another program")
    // By the names that master.cf mostly has.
    let names: [(String, UInt16)] = [
      ("smtp", 25), ("submission", 587), ("submissions", 465), ("smtps", 465),
    ]
    for (name, port) in names {
      postconf(postfix, "-M", "\(name)/inet=\(name) inet n - n - - smtpd")
      try expectTaken(port, by: "\(name)/inet of master.cf")
      postconf(postfix, "-MX", "\(name)/inet")
    }
    // One for this host alone may be meant for it.
    postconf(postfix, "-M", "127.0.0.1:submission/inet=127.0.0.1:submission inet n - n - - smtpd")
    #expect(
      try findings(postfix, ["delivery.target": "smtp:127.0.0.1:587"]).contains {
        $0.what.hasPrefix("Postfix: 127.0.0.1:submission, on the way back,")
      })
    try postfix.control("status")
  }

  @Test func `a Postfix that ends over what it reads is told`() throws {
    let postfix = try PrivatePostfix()
    try postfix.control("stop")
    postconf(postfix, "-MX", "127.0.0.1:\(postfix.reinjectPort)/inet", "cleanup-vm/unix")
    try postfix.control("start")
    // Written by somebody else, and not yet read.
    let other = try FakeSMTPServer()
    let name = "127.0.0.1:\(other.port)"
    postconf(postfix, "-M", "\(name)/inet=\(name) inet n - n - - smtpd")
    let ended = try fix(postfix)
    #expect(ended.status == 1)
    #expect(
      ended.errors.contains("Postfix has ended over its configuration"), "\(ended.errors)")
  }

  @Test func `SMTPUTF8 is missed only where messages may need it`() throws {
    let postfix = try PrivatePostfix(["smtputf8_enable=no"])
    let milter = try postfix.milter()
    let directory = postfix.directory.file("etc")
    /// A reload leaves it open when the old listener goes.
    func restart() throws {
      try postfix.control("stop")
      try postfix.control("start")
    }
    func check() throws -> String {
      try milter.command("check", "--live", "--postfix-config", directory).text
    }
    let without = try check()
    #expect(
      without.contains(
        "ok      way back: smtp:127.0.0.1:\(postfix.reinjectPort) answers, with XFORWARD, DSN and "
          + "8BITMIME\n"), "\(without)")
    // Where they may, what is said mends it.
    postconf(postfix, "-e", "smtputf8_enable=yes")
    postconf(postfix, "-P", "127.0.0.1:\(postfix.reinjectPort)/inet/smtputf8_enable=no")
    try restart()
    let poor = try check()
    #expect(poor.contains(" does not offer SMTPUTF8\n"), "\(poor)")
    for line in poor.split(separator: "\n") where line.contains("mend:  postconf") {
      let command = String(line.drop { $0 != ":" }.dropFirst(3))
      #expect(ShellCommand(line: command).status == 0, "\(command)")
    }
    try restart()
    let mended = try check()
    #expect(mended.contains("8BITMIME and SMTPUTF8\n"), "\(mended)")
  }

  /// Puts postscreen(8) before its smtpd, as POSTSCREEN_README does.
  private func usePostscreen(_ postfix: PrivatePostfix) throws {
    let front = "127.0.0.1:\(postfix.smtpPort)"
    postconf(postfix, "-M", "\(front)/inet=\(front) inet n - n - 1 postscreen")
    postconf(postfix, "-M", "smtpd/pass=smtpd pass - - n - - smtpd")
    try postfix.control("stop")
    try postfix.control("start")
  }

  @Test func `behind postscreen, what it hands on to is looked at`() throws {
    let postfix = try PrivatePostfix()
    try usePostscreen(postfix)
    let milter = try postfix.milter()
    #expect(try findings(postfix).filter { $0.grade != .good } == [])
    #expect(try findings(postfix).contains(.good("Postfix: smtpd_milters names this filter")))
    // Another service that goes by main.cf does not make up for it.
    postconf(postfix, "-M", "submission/inet=submission inet n - n - - smtpd")
    postconf(postfix, "-P", "smtpd/pass/smtpd_milters=")
    let found = try findings(postfix).filter { $0.grade != .good }
    #expect(
      found.map(\.what) == [
        "Postfix: smtpd/pass has a smtpd_milters of its own, without this filter"
      ])
    #expect(found.map(\.grade) == [.wrong])
    postconf(postfix, "-MX", "submission/inet")
    let applied = try milter.command(
      "check", "--fix-postfix", "--apply", "--postfix-config", postfix.directory.file("etc"))
    #expect(applied.status == 0, "\(applied.errors)")
    #expect(try findings(postfix).filter { $0.grade != .good } == [])
    // Postfix reads its own notation as we do.
    let sent = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(sent.bytes, port: postfix.smtpPort)
    try postfix.expectVoicemail(sent, for: ["ann"], by: milter)
  }

  @Test func `each service is looked at, and one of another filter is left alone`() throws {
    let postfix = try PrivatePostfix(["smtpd_milters=inet:127.0.0.1:8891"])
    let listener = "127.0.0.1:\(postfix.reinjectPort)/inet"
    postconf(postfix, "-P", "\(listener)/smtpd_milters=inet:127.0.0.1:8891")
    postconf(postfix, "-P", "\(listener)/receive_override_options=no_header_body_checks")
    postconf(postfix, "-M", "smtp/inet=smtp inet n - n - - smtpd")
    let ours = "{unix:voicemail-milter/milter.sock,default_action=accept}"
    postconf(postfix, "-M", "submission/inet=submission inet n - n - - smtpd")
    postconf(postfix, "-P", "submission/inet/smtpd_milters=\(ours)")
    // amavis and its like: what comes back.
    postconf(postfix, "-M", "127.0.0.1:10024/inet=127.0.0.1:10024 inet n - n - - smtpd")
    postconf(postfix, "-P", "127.0.0.1:10024/inet/smtpd_milters=")
    func found() throws -> [Finding] { try findings(postfix).filter { $0.grade != .good } }
    #expect(try found().map(\.what) == ["Postfix: smtpd_milters does not name this filter"])
    postconf(postfix, "-e", "smtpd_milters=inet:127.0.0.1:8891, \(ours)")
    #expect(try found() == [])
    postconf(postfix, "-P", "smtp/inet/smtpd_milters={inet:127.0.0.1:8891,default_action=accept}")
    let past = try found()
    #expect(
      past.map(\.what) == ["Postfix: smtp/inet has a smtpd_milters of its own, without this filter"]
    )
    for command in past.flatMap(\.postconf) { #expect(ShellCommand(line: command).status == 0) }
    #expect(try found() == [])
    #expect(
      ShellCommand(["postconf", "-c", postfix.directory.file("etc"), "-P"]).output.contains(
        "smtp/inet/smtpd_milters = {inet:127.0.0.1:8891,default_action=accept},{unix:voicemail-milter/milter.sock,"
      ))
    // Of a port that is not for everybody it may be meant: told, and not changed.
    postconf(postfix, "-P", "submission/inet/smtpd_milters=")
    let advice = try found()
    #expect(advice.map(\.grade) == [.advice])
    #expect(advice.flatMap(\.postconf) == [])
    #expect(advice.flatMap(\.mend).count == 1)
    postconf(postfix, "-PX", "submission/inet/smtpd_milters")
    // The same of a content filter.
    let filter: RunningMilter.Settings = [
      "milter.listen": "", "content_filter.listen": "inet:10025@127.0.0.1",
    ]
    postconf(postfix, "-e", "content_filter=smtp:[127.0.0.1]:10025")
    #expect(try findings(postfix, filter).filter { $0.grade != .good } == [])
    postconf(postfix, "-P", "smtp/inet/content_filter=")
    let round = try findings(postfix, filter).filter { $0.grade != .good }
    #expect(
      round.map(\.what) == [
        "Postfix: smtp/inet has a content_filter of its own, without this filter"
      ])
    for command in round.flatMap(\.postconf) { #expect(ShellCommand(line: command).status == 0) }
    #expect(try findings(postfix, filter).filter { $0.grade != .good } == [])
  }

  @Test func `a vocabulary that is not there is told without the rest of the installation`() throws
  {
    let directory = try TemporaryDirectory()
    let path = directory.file("vm.conf")
    let names = directory.file("names")
    try RunningMilter.write(
      ["transcription.vocabulary": names, "policy sales.vocabulary": "/nonexistent/sales"],
      to: path, in: directory)
    let ended = try RunningMilter.run(["check", "--config", path])
    #expect(ended.status == 1)
    for file in [names, "/nonexistent/sales"] {
      #expect(
        ended.text.contains("WRONG   vocabulary: \(file): No such file or directory\n"),
        "\(ended.text)")
    }
    try RunningMilter.write(["transcription.vocabulary": names], to: path, in: directory)
    try "Yara\n".write(toFile: names, atomically: true, encoding: .utf8)
    let mended = try RunningMilter.run(["check", "--config", path])
    #expect(mended.status == 0, "\(mended.text)")
  }

  @Test func `files that the daemon's user may not write to are found, and given back`() throws {
    let directory = try TemporaryDirectory()
    chmod(directory.path, 0o755)
    let path = directory.file("vm.conf")
    try RunningMilter.write(["spool.min_free_bytes": "0"], to: path, in: directory)
    let settings = try Settings.load(path: path)
    let state = settings.stateDirectory
    let setUp =
      "install -d -m 0710 -o nobody \(state) && install -m 0600 /dev/null \(state)/spool.sqlite"
    #expect(ShellCommand(line: setUp).status == 0)
    // As a command of root's leaves it that made the spool.
    let found = HostChecks(settings: settings).spool()
    #expect(found.what == "spool: user nobody may not write to \(state)/spool.sqlite")
    #expect(found.grade == .wrong)
    for command in found.mend { #expect(ShellCommand(line: command).status == 0, "\(command)") }
    #expect(HostChecks(settings: settings).spool().grade == .good)
    chmod(state, 0o510)
    let shut = HostChecks(settings: settings).spool()
    #expect(shut.what == "spool: user nobody may not write to \(state)")
    for command in shut.mend { #expect(ShellCommand(line: command).status == 0, "\(command)") }
    #expect(HostChecks(settings: settings).spool().grade == .good)
  }

  @Test func `an engine that hears nothing is mended by what it lacks`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("vm.conf")
    func mend(_ settings: RunningMilter.Settings) throws -> [String] {
      try RunningMilter.write(settings, to: path, in: directory)
      return HostChecks(settings: try Settings.load(path: path)).engines().flatMap(\.mend)
    }
    #expect(
      try mend(["transcription.acoustic_model": "/nonexistent"])
        == ["voicemail-milter settings --changed"])
    #expect(
      try mend([
        "transcription.engines": "whisper-server",
        "engine whisper-server.url": "http://127.0.0.1:9",
      ]) == ["voicemail-milter engines"])
  }

  @Test func `examples are named where they are`() throws {
    let installed = "/usr/share/doc/voicemail-milter/examples"
    let isInstalled = FileManager.default.fileExists(atPath: installed)
    let path = Examples.path("exim/router.conf")
    #expect(path == (isInstalled ? installed : "postfix-examples") + "/exim/router.conf")
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let sources = root.appendingPathComponent("Sources/Filter/Check")
    var named = 0
    for file in try FileManager.default.contentsOfDirectory(atPath: sources.path)
    where file.hasSuffix(".swift") {
      let text = try String(contentsOf: sources.appendingPathComponent(file), encoding: .utf8)
      for name in text.matches(of: /Examples\.path\("([^"]+)"\)/) {
        let there = root.appendingPathComponent("postfix-examples/\(name.1)").path
        #expect(FileManager.default.fileExists(atPath: there), "\(name.1)")
        named += 1
      }
    }
    #expect(named >= 5)
  }
}
