import Foundation
import Operations
import TestSupport
import Testing

/// The administrator's verbs as they are typed.
@Suite(.serialized) struct Administering {
  /// A daemon whose listener refuses everything for now, with messages that wait.
  private final class Place {
    let session: Session
    private(set) var ids: [String] = []
    let mail: AsteriskMail

    init(messages: Int = 1, _ settings: RunningMilter.Settings = [:]) throws {
      var script = FakeSMTPServer.Script()
      script.always = ["MAIL": .say("451 4.3.2 Later")]
      session = try Session(settings, script: script)
      mail = try AsteriskMail.silent()
      for number in 1...messages {
        let id = try session.deliver(content(number), queueID: "Q\(number)")
        #expect(session.milter.waitForLog(containing: "deferred", "id=\(id)"))
        ids.append(id)
      }
    }

    func content(_ number: Int) -> [UInt8] {
      var mail = mail
      mail.messageID = "<\(number)@pbx.example.com>"
      return mail.bytes
    }

    /// The listener takes everything from now on.
    func open() { session.mta.follow(.init()) }

    func run(_ words: String..., input: [UInt8] = []) throws -> RunningMilter.Ended {
      try RunningMilter.run(words + ["--config", session.milter.configuration], input: input)
    }

    func story(_ id: String) throws -> String { try run("show", id).text }
  }

  @Test func `a list reads well in 80 columns, and in JSON has one object a line`() throws {
    let place = try Place(messages: 2)
    _ = try place.run("hold", place.ids[1], "--reason", "waits for Ann to come back")
    let ended = try place.run("list")
    #expect(ended.status == 0)
    #expect(ended.lines.count == 6)
    #expect(ended.lines.allSatisfy { $0.count <= 80 })
    #expect(ended.lines.first?.hasPrefix("ID              STATE         ") == true)
    #expect(ended.lines[1].hasPrefix("\(place.ids[0])  deferred  "))
    #expect(ended.lines[1].hasSuffix("  <ann@example.com>"))
    #expect(ended.lines[2].contains("next try "))
    #expect(ended.lines[2].contains("451 4.3.2 Later"))
    #expect(ended.lines[4] == "    held by root: waits for Ann to come back")
    #expect(ended.lines[5].hasSuffix(" in 2 messages"))
    let objects = try place.run("list", "--json").lines.map { try JSON.object($0) }
    #expect(objects.map { $0["id"] as? String } == place.ids)
    #expect(objects.map { $0["state"] as? String } == ["deferred", "held"])
    #expect(objects[0].keys == objects[1].keys)
    #expect(objects[0]["queue_id"] as? String == "Q1")
    #expect(try place.run("list", "--state", "held").lines.count == 4)
    #expect(try place.run("list", "--rcpt", "nobody").text == "no messages\n")
    #expect(try place.run("list", "--older-than", "1h").text == "no messages\n")
    #expect(try place.run("list", "--json", "--rcpt", "ANN@", "--state=deferred").lines.count == 1)
  }

  @Test func `cat gives back the bytes that came, and those that go out`() throws {
    let place = try Place()
    let id = place.ids[0]
    #expect(try place.run("cat", id).output == place.content(1))
    let enhanced = try place.run("cat", "--enhanced", id)
    #expect(ReceivedMail(enhanced.output)["X-Voicemail-Transcript"] == "none")
    place.session.milter.kill()
    #expect(try place.run("cat", id).output == place.content(1))
    #expect(try place.run("cat", "--enhanced", id).output == enhanced.output)
  }

  @Test func `hold, release, retry and their story, with a daemon and without`() throws {
    let place = try Place()
    let id = place.ids[0]
    place.open()
    #expect(try place.run("hold", id).text.hasSuffix("-> held\n"))
    let refused = try place.run("hold", id)
    #expect(refused.status == 1)
    #expect(refused.errors == "voicemail-milter: \(id) is held already\n")
    #expect(try place.run("flush").text == "0 messages are tried again now\n")
    #expect(try place.run("retry", "--all").text == "0 messages are tried again now\n")
    #expect(place.session.milter.waitForLog(containing: "administrator", "verb=hold", "by=root"))
    place.session.milter.kill()
    #expect(
      try place.run("release", id, "--reason", "all is well").text == "\(id): held -> ready\n")
    #expect(try place.story(id).contains("released by root: all is well\n"))
    let second = try RunningMilter(
      ["delivery.target": place.session.mta.target], in: place.session.milter.directory)
    #expect(second.waitForLog(containing: "info: delivered", "id=\(id)"))
    let late = try place.run("hold", id)
    #expect(late.status == 1)
    #expect(late.errors.contains("has been delivered; only its history is left"))
    #expect(try place.run("cat", id).errors.contains("its content erased"))
    #expect(try place.run("list").text == "no messages\n")
    #expect(try place.run("list", "--state", "delivered").lines.count == 3)
  }

  @Test func `flush and retry do not wait for the next try`() throws {
    let place = try Place(messages: 3)
    place.open()
    #expect(try place.run("retry", place.ids[0], place.ids[1]).lines.count == 2)
    #expect(place.session.mta.waitForMessages(2, seconds: 20))
    #expect(try place.run("flush").status == 0)
    #expect(place.session.mta.waitForMessages(3, seconds: 20))
    for id in place.ids { #expect(try place.story(id).contains("tried again by root")) }
    #expect(place.session.milter.waitForLog(containing: "info: delivered", "id=\(place.ids[2])"))
    #expect(place.session.mta.messages.count == 3)
  }

  @Test func `the original on demand, and a transcript made again`() throws {
    let place = try Place(messages: 2)
    #expect(try place.run("pause", "transcription").text == "transcription is paused\n")
    let again = try place.run("requeue", "--transcribe", place.ids[1])
    #expect(again.text.hasSuffix("-> waiting (transcription is paused)\n"))
    #expect(try place.run("cat", "--enhanced", place.ids[1]).errors.contains("no enhanced form"))
    place.open()
    #expect(
      try place.run("deliver", "--original", place.ids[0]).text
        .hasSuffix("ready, goes out as it came\n"))
    #expect(place.session.mta.waitForMessages(1, seconds: 20))
    let original = try #require(place.session.mta.messages.first)
    #expect(original.received["X-Voicemail-Transcript"] == nil)
    #expect(original.text.hasSuffix(String(decoding: place.content(1), as: UTF8.self)))
    #expect(try place.run("resume", "transcription").text == "transcription is running\n")
    #expect(place.session.mta.waitForMessages(2, seconds: 20))
    #expect(place.session.mta.messages.last?.received["X-Voicemail-Transcript"] == "none")
    #expect(
      try place.story(place.ids[1]).components(separatedBy: "  transcript none\n").count == 3)
  }

  @Test func `a pause is seen in status and outlives the daemon`() throws {
    let place = try Place()
    _ = try place.run("pause", "delivery")
    #expect(try place.run("pause", "delivery").text == "delivery was paused already\n")
    #expect(try place.run("status").text.contains("PAUSED      delivery, by root, for "))
    place.session.milter.kill()
    place.open()
    #expect(try place.run("status").text.contains("PAUSED      delivery"))
    let second = try RunningMilter(
      ["delivery.target": place.session.mta.target], in: place.session.milter.directory)
    #expect(
      try place.run("retry", place.ids[0]).text.hasSuffix("ready (delivery is paused)\n"))
    #expect(try place.run("status", "--json").text.contains("\"stage\":\"delivery\""))
    #expect(place.session.mta.messages.isEmpty)
    _ = try place.run("resume", "delivery")
    #expect(place.session.mta.waitForMessages(1, seconds: 20))
    #expect(second.waitForLog(containing: "verb=\"resume delivery\""))
  }

  @Test func `delete asks, and then the recording is gone`() throws {
    let place = try Place(messages: 2)
    let unasked = try place.run("delete", place.ids[0])
    #expect(unasked.status == 2)
    #expect(unasked.errors.contains("delete asks first; where nobody can answer, say --yes"))
    for (answer, state) in [("n", "is left as it is"), ("y", "-> deleted")] {
      let ended = try inTerminal("delete \(place.ids[0])", place, typing: answer)
      #expect(ended.contains("Delete this message? Its recording is gone then. [y/N]"))
      #expect(ended.contains(state), "\(ended)")
    }
    #expect(try place.run("delete", "--yes", place.ids[1]).text.hasSuffix("-> deleted\n"))
    #expect(try !place.session.milter.spoolHoldsContent)
    #expect(try place.story(place.ids[1]).contains("deleted by root\n"))
    #expect(try place.run("cat", place.ids[1]).errors.contains("has been deleted"))
    #expect(try place.run("delete", "--yes", place.ids[1]).status == 1)
  }

  @Test func `status is live in a terminal, and nowhere else`() throws {
    let place = try Place()
    let ended = try inTerminal("status --watch", place, typing: "\u{03}", after: "Ctrl-C ends")
    #expect(ended.contains("1 deferred"))
    #expect(ended.contains("\u{1b}[H"))
    for words in [["status", "--watch"], ["status", "--watch", "--json"]] {
      let refused = try RunningMilter.run(words)
      #expect(refused.status == 2)
      #expect(refused.errors.contains("--watch is for a terminal"))
    }
  }

  @Test func `what does not fit is told in one line, with its own status`() throws {
    let place = try Place(messages: 2)
    let prefix = String(place.ids[0].prefix(3))
    let cases: [([String], Int32, String)] = [
      (["hold", "zzzz"], 66, "no message zzzz in the spool"),
      (["hold", prefix], 66, "\(prefix) is ambiguous: \(place.ids[0]), \(place.ids[1])"),
      (["cat", "zzzz"], 66, "no message zzzz in the spool"),
      (["release", place.ids[0]], 1, "\(place.ids[0]) is not held"),
      (["deliver", "x"], 2, "--original is missing; see voicemail-milter --help"),
      (["requeue", "x"], 2, "--transcribe is missing; see voicemail-milter --help"),
      (["retry"], 2, "the id of a message is missing; see voicemail-milter --help"),
      (["retry", "--all", "x"], 2, "unexpected 'x'; see voicemail-milter --help"),
      (
        ["pause", "mail"], 2,
        "pause what? transcription or delivery; see voicemail-milter --help"
      ),
      (
        ["list", "--state", "odd"], 2,
        "--state 'odd' is none of waiting, transcribing, ready, delivering, deferred, held, "
          + "failed, delivered, deleted; see voicemail-milter --help"
      ),
    ]
    for (words, status, line) in cases {
      let ended = try RunningMilter.run(
        words + ["--config", place.session.milter.configuration])
      #expect(ended.status == status, "\(words)")
      #expect(ended.errors == "voicemail-milter: \(line)\n")
      #expect(ended.output.isEmpty)
    }
    // One that is wrong does not keep the others from being done.
    let mixed = try place.run("hold", "zzzz", place.ids[1])
    #expect(mixed.status == 66)
    #expect(mixed.lines.count == 1)
  }

  @Test func `who is neither root nor of the group is told so`() throws {
    let place = try Place()
    let program = """
      import os, sys
      program = os.open(sys.argv[1], os.O_RDONLY)
      os.setgroups([int(sys.argv[2])]); os.setgid(65534); os.setuid(65534)
      os.execve(program, ["voicemail-milter", "list", "--config", sys.argv[3]], os.environ)
      """
    func asNobody(_ group: String) throws -> ChildProcess {
      let process = try ChildProcess(
        "/usr/bin/python3",
        ["-c", program, RunningMilter.program, group, place.session.milter.configuration])
      _ = process.waitForExit(seconds: 30)
      return process
    }
    let stranger = try asNobody("65534")
    #expect(stranger.waitForExit(seconds: 1) == 77)
    #expect(stranger.errors.split(separator: "\n").count == 1)
    #expect(
      stranger.errors.contains("Permission denied; root and members of the daemon's group may"))
    let member = try asNobody("\(getegid())")
    #expect(member.waitForExit(seconds: 1) == 0, "\(member.errors)")
    place.session.milter.kill()
    #expect(try asNobody("65534").waitForExit(seconds: 1) == 77)
    // The group may ask the daemon, and has no way past it.
    let orphan = try asNobody("\(getegid())")
    #expect(orphan.waitForExit(seconds: 1) == 77)
    #expect(orphan.errors.contains("the daemon is not running, and "), "\(orphan.errors)")
    #expect(orphan.errors.contains("Permission denied; be root, or start it"))
    #expect(orphan.errors.split(separator: "\n").count == 1)
  }

  /// By another program, while no daemon runs.
  private func change(_ place: Place, _ sql: String) throws {
    let python = try ChildProcess(
      "/usr/bin/python3",
      [
        "-c",
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2])",
        place.session.milter.stateDirectory + "/spool.sqlite", sql,
      ])
    #expect(python.waitForExit(seconds: 20) == 0, "\(python.errors)")
  }

  @Test func `what a killed daemon was at keeps no verb out`() throws {
    let place = try Place()
    place.session.milter.kill()
    try change(place, "UPDATE message SET state = 'delivering', lease_holder = 'delivery 1'")
    let held = try place.run("hold", place.ids[0])
    #expect(held.status == 0 && held.text.hasSuffix("ready -> held\n"), "\(held.errors)")
    #expect(try place.story(place.ids[0]).contains("delivering interrupted by a restart"))
  }

  @Test func `a message with damaged facts is shown, says so, and can be deleted`() throws {
    let place = try Place()
    place.session.milter.kill()
    try change(place, "UPDATE message SET voicemail = '{', client = ''")
    let shown = try place.run("show", place.ids[0])
    #expect(shown.status == 0, "\(shown.errors)")
    #expect(shown.text.contains("client, voicemail: cannot be read any more"), "\(shown.text)")
    let object = try JSON.object(place.run("show", "--json", place.ids[0]).text)
    #expect(object["damaged"] as? [String] == ["client", "voicemail"])
    #expect(
      try inTerminal("delete \(place.ids[0])", place, typing: "y").contains("-> deleted"))
  }

  @Test func `cat shows the reply that goes out`() throws {
    let place = try Place()
    let enhanced = try place.run("cat", "--enhanced", place.ids[0]).output
    place.session.milter.kill()
    try change(place, "UPDATE content SET form = 'reply' WHERE form = 'enhanced'")
    #expect(try place.run("cat", "--enhanced", place.ids[0]).output == enhanced)
  }

  @Test func `a mistake in the settings keeps nobody from asking the daemon`() throws {
    let place = try Place()
    let file = place.session.milter.configuration
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try (text + "\n[transcription]\ndeadlin = 4\n").write(
      toFile: file, atomically: true, encoding: .utf8)
    for words in [
      ["status"], ["list"], ["show", place.ids[0]], ["hold", place.ids[0]], ["drain"],
    ] {
      let ended = try RunningMilter.run(words + ["--config", file])
      #expect(ended.status == 0, "\(words)")
      #expect(!ended.output.isEmpty)
      #expect(ended.errors.hasSuffix("deadlin: no such key; did you mean deadline?\n"))
      #expect(ended.errors.split(separator: "\n").count == 1)
    }
  }

  @Test func `an id that is wrong is told once, also where delete asks`() throws {
    let place = try Place()
    let said = try inTerminal("delete zzzz", place, typing: "y", after: "nothing")
    #expect(said.contains("no message zzzz in the spool"))
    #expect(!said.contains("left as it is"))
    #expect(said.contains("status 66"), "\(said)")
  }

  @Test func `while somebody thinks about a delete, the spool is free`() throws {
    let place = try Place(messages: 2)
    place.session.milter.kill()
    // Asked about the second, having deleted the first.
    let said = try inTerminal(
      "delete \(place.ids[0]) \(place.ids[1])", place, typing: "y", typingNext: "n",
      meanwhile: "show \(place.ids[1])")
    #expect(
      said.contains("-> deleted") && said.contains("\(place.ids[1]) is left as it is"), "\(said)")
    #expect(said.contains("meanwhile 0"), "\(said)")
  }

  @Test func `a page's mark is nothing to type, and no number in it brings the daemon down`() throws
  {
    let place = try Place()
    for words in [["list"], ["cat", place.ids[0]]] {
      let typed = try RunningMilter.run(
        words + ["--from", "x/1/1", "--config", place.session.milter.configuration])
      #expect(typed.status == 2)
      #expect(typed.errors.contains("unknown option --from"))
    }
    let socket = ControlSocket.path(stateDirectory: place.session.milter.stateDirectory)
    for mark in [
      "0/9223372036854775807/0", "0/0/9223372036854775807", "0/-1/0", "0/1/1e9", "x", "//",
    ] {
      let reply = try ControlSocket.ask(["list", "--from", mark], at: socket)
      #expect(reply.failed && reply.text.hasSuffix("is no page"), "\(mark): \(reply.text)")
    }
    for mark in ["\(place.ids[0])/9223372036854775807", "x/-5", "x", "/", ""] {
      let reply = try ControlSocket.ask(["cat", "--from", mark, place.ids[0]], at: socket)
      #expect(reply.failed, "\(mark)")
    }
    #expect(
      try ControlSocket.ask(["list", "--from", "0/1152921504606846976/0"], at: socket).failed
        == false)
    #expect(try place.session.milter.status().count("deferred") == 1)
  }

  /// Runs a command in a terminal of its own and types a line when the words have come.
  private func inTerminal(
    _ command: String, _ place: Place, typing line: String, after words: String = "[y/N]",
    typingNext next: String = "", meanwhile other: String = ""
  ) throws -> String {
    let script = """
      import os, pty, select, subprocess, sys
      pid, terminal = pty.fork()
      if pid == 0: os.execv(sys.argv[1], sys.argv[1:2] + sys.argv[4].split())
      said = b""
      lines = [line for line in (sys.argv[2], sys.argv[6]) if line]
      while select.select([terminal], [], [], 20)[0]:
          try: piece = os.read(terminal, 4096)
          except OSError: break
          if not piece: break
          said += piece
          asked = sys.argv[3].encode()
          if lines and said.rpartition(b"\\0")[2].count(asked) > 0:
              said += b"\\0"
              if sys.argv[5] and len(lines) == 1:
                  other = subprocess.run(sys.argv[1:2] + sys.argv[5].split(), capture_output=True)
                  said += b"meanwhile %d" % other.returncode
              os.write(terminal, lines.pop(0).encode() + b"\\n")
      said += b"status %d" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
      sys.stdout.buffer.write(said)
      """
    let process = try ChildProcess(
      "/usr/bin/python3",
      [
        "-c", script, RunningMilter.program, line, words,
        "\(command) --config \(place.session.milter.configuration)",
        other.isEmpty ? "" : "\(other) --config \(place.session.milter.configuration)", next,
      ])
    _ = process.waitForExit(seconds: 60)
    return String(decoding: process.output, as: UTF8.self)
  }
}
