import Foundation
import Operations
import TestSupport
import Testing

@testable import Filter

/// `check` beside set-ups of Postfix that are not the usual one.
@Suite(.serialized)
struct CheckingOthers {
  /// What is not good, and what mends it, of this Postfix with these settings.
  private func findings(_ postfix: PrivatePostfix, _ settings: RunningMilter.Settings = [:]) throws
    -> [Finding]
  {
    let path = postfix.directory.file("vm.conf")
    try RunningMilter.write(
      [
        "milter.listen": "unix:\(postfix.milterSocket)",
        "delivery.target": "smtp:127.0.0.1:\(postfix.reinjectPort)",
      ].merging(settings) { $1 }, to: path, in: postfix.directory)
    return try PostfixCheck(
      PostfixConfiguration(directory: postfix.directory.file("etc")), Settings.load(path: path)
    ).findings()
  }

  private func postconf(_ postfix: PrivatePostfix, _ words: String...) {
    let ran = ShellCommand(["postconf", "-c", postfix.directory.file("etc")] + words)
    #expect(ran.status == 0, "\(words): \(ran.output)")
  }

  @Test func `a listener of another host is not mended here`() throws {
    let postfix = try PrivatePostfix()
    var script = FakeSMTPServer.Script()
    script.extensions = ["SIZE 5000000"]
    let other = try FakeSMTPServer(script)
    let milter = try postfix.milter(["delivery.target": other.target])
    let main = postfix.directory.file("etc/main.cf")
    let before = try String(contentsOfFile: main, encoding: .utf8)
    let ended = try milter.command(
      "check", "--live", "--postfix-config", postfix.directory.file("etc"))
    #expect(ended.text.contains("WRONG   way back: \(other.target) does not offer 8BITMIME\n"))
    #expect(!ended.text.contains("postconf"), "\(ended.text)")
    #expect(try String(contentsOfFile: main, encoding: .utf8) == before)
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
}
