import TestSupport
import Testing

@testable import Filter

/// The lists of milters, by whatever way Postfix has them.
extension CheckingOthers {
  @Test func `a list that master.cf has by a name of its own is the list`() throws {
    let postfix = try PrivatePostfix([
      "mua_milters={ $mua_socket, default_action=accept }",
      "mua_socket=unix:voicemail-milter/milter.sock",
    ])
    postconf(postfix, "-M", "submission/inet=submission inet n - n - - smtpd")
    for name in ["$mua_milters", "${mua_milters}", "$(mua_milters)"] {
      postconf(postfix, "-P", "submission/inet/smtpd_milters=\(name)")
      #expect(try findings(postfix).filter { $0.grade != .good } == [], "\(name)")
    }
    // The listener's too.
    postconf(postfix, "-P", "127.0.0.1:\(postfix.reinjectPort)/inet/smtpd_milters=$mua_milters")
    postconf(postfix, "-P", "127.0.0.1:\(postfix.reinjectPort)/inet/receive_override_options=")
    #expect(
      try findings(postfix).filter { $0.grade != .good }.map(\.what) == [
        "Postfix: the listener 127.0.0.1:\(postfix.reinjectPort) has this filter too"
      ])
  }

  @Test func `what keeps Postfix from asking this filter is named`() throws {
    let postfix = try PrivatePostfix()
    postconf(postfix, "-M", "smtp/inet=smtp inet n - n - - smtpd")
    let front = "127.0.0.1:\(postfix.smtpPort)/inet"
    func found() throws -> [Finding] { try findings(postfix).filter { $0.grade != .good } }
    let maps: [([String], String)] = [
      (["-e", "smtpd_milter_maps=static:DISABLE"], "Postfix: smtpd_milter_maps is static:DISABLE"),
      (
        ["-P", "smtp/inet/smtpd_milter_maps=static:DISABLE"],
        "Postfix: smtp/inet: smtpd_milter_maps is static:DISABLE"
      ),
    ]
    for (edit, what) in maps {
      #expect(ShellCommand(["postconf", "-c", postfix.directory.file("etc")] + edit).status == 0)
      #expect(try found().map(\.what) == [what])
      #expect(try found().map(\.grade) == [.advice])
      postconf(postfix, "-e", "smtpd_milter_maps=")
    }
    postconf(postfix, "-PX", "smtp/inet/smtpd_milter_maps")
    func what(_ service: String) -> String {
      "Postfix: \(service) has no_milters in receive_override_options"
    }
    func mend() throws {
      for command in try found().flatMap(\.mend) {
        #expect(ShellCommand(line: command).status == 0, "\(command)")
      }
      #expect(try found() == [])
    }
    let words = "no_milters,no_unknown_recipient_checks"
    postconf(postfix, "-P", "smtp/inet/receive_override_options=\(words)")
    #expect(try found().map(\.what) == [what("smtp/inet")])
    #expect(try found().map(\.grade) == [.wrong])
    // It keeps out other milters too: told, and not changed by itself.
    #expect(try found().flatMap(\.postconf) == [])
    try mend()
    // Of the way back of another filter it is right, beside a front that asks.
    postconf(postfix, "-P", "\(front)/receive_override_options=\(words)")
    #expect(try found() == [])
    postconf(postfix, "-MX", "smtp/inet")
    #expect(try found().map(\.what) == [what(front)])
    try mend()
    postconf(postfix, "-e", "receive_override_options=\(words)")
    #expect(try found().map(\.what) == [what("pickup/unix")])
    try mend()
    #expect(
      ShellCommand([
        "postconf", "-c", postfix.directory.file("etc"), "-h", "receive_override_options",
      ]).output == "no_unknown_recipient_checks\n")
  }

  @Test(arguments: ["$smtpd_milters", "${smtpd_milters}"])
  func `a signer that does not see what goes back is named, and one list stays one`(
    list: String
  ) throws {
    let signer = "inet:localhost:8891"
    let postfix = try PrivatePostfix(["smtpd_milters=\(signer)", "non_smtpd_milters=\(list)"])
    let what = "Postfix: these do not see what goes back: \(signer)"
    func found() throws -> [Finding] { try findings(postfix).filter { $0.grade != .good } }
    #expect(try found().map(\.what).contains(what))
    let ended = try fix(postfix)
    #expect(ended.status == 0, "\(ended.errors)")
    #expect(ended.lines.count == 2, "\(ended.text)")
    #expect(ended.errors.contains("\(what): see \(Examples.path("opendkim")) or "))
    let main = try PostfixConfiguration(directory: postfix.directory.file("etc"))
    #expect(main.hasOneMilterList)
    #expect(MilterEntry.list(main.value("smtpd_milters", of: nil)).count == 2)
    // It is no less so afterwards.
    #expect(try found().map(\.what) == [what])
    let listener = "127.0.0.1:\(postfix.reinjectPort)/inet"
    let mend = ["\(listener)/receive_override_options=", "\(listener)/smtpd_milters=\(signer)"]
    for edit in mend { postconf(postfix, "-P", edit) }
    #expect(try found() == [])
    // With both there, only this filter is taken away.
    postconf(postfix, "-P", "\(listener)/smtpd_milters=\(signer),unix:voicemail-milter/milter.sock")
    for command in try found().flatMap(\.postconf) {
      #expect(ShellCommand(line: command).status == 0, "\(command)")
    }
    #expect(try found() == [])
  }
}
