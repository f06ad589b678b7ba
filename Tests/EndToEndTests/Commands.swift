import Foundation
import TestSupport
import Testing

@testable import Filter

/// What scripts and administrators may rely on: keys, lines and exit status of each command.
struct Commands {
  /// A directory with a configuration and, by name, files.
  private final class Place {
    let directory: TemporaryDirectory
    var configuration: String { directory.file("c.conf") }

    init(_ files: KeyValuePairs<String, [UInt8]> = [:]) throws {
      directory = try TemporaryDirectory()
      try RunningMilter.write([:], to: configuration, in: directory)
      for (name, bytes) in files { try write(bytes, name) }
    }

    func write(_ bytes: [UInt8], _ name: String) throws {
      try Data(bytes).write(to: directory.url.appendingPathComponent(name))
    }

    func run(_ arguments: String..., input: [UInt8] = []) throws -> RunningMilter.Ended {
      let words = arguments.map { $0.hasPrefix("$") ? directory.file(String($0.dropFirst())) : $0 }
      return try RunningMilter.run(words + ["--config", configuration], input: input)
    }
  }

  private static let inspectKeys: Set = [
    "file", "verdict", "reason", "rule", "caller", "mailbox", "stated_seconds", "urgent", "private",
    "duration_seconds", "audio", "rules", "policies", "time", "found_in",
  ]

  // MARK: - inspect

  @Test func `inspect tells all the facts of a voicemail`() throws {
    let mail = AsteriskMail(try VoicemailRecording.short())
    let place = try Place(["v.eml": mail.bytes])
    let ended = try place.run("inspect", "--json", "$v.eml")
    #expect(ended.status == 0)
    #expect(ended.lines.count == 1)
    let report = try JSON.object(ended.text)
    #expect(Set(report.keys) == Self.inspectKeys)
    #expect(report["file"] as? String == place.directory.file("v.eml"))
    #expect(report["verdict"] as? String == "voicemail")
    #expect(report["rule"] as? String == "asterisk")
    #expect(report["mailbox"] as? String == "1001")
    let policies = try #require(report["policies"] as? [[String: Any]])
    #expect(policies.map { $0["policy"] as? String } == ["default"])
    #expect(policies[0]["mode"] as? String == "hold")
    let caller = try #require(report["caller"] as? [String: Any])
    #expect(Set(caller.keys) == ["number", "e164", "name"])
    #expect(caller["number"] as? String == "07700900123")
    #expect(caller["name"] as? String == "JOHN SMITH")
    let audio = try #require(report["audio"] as? [[String: Any]])
    #expect(audio.count == 1)
    let keys: Set = [
      "filename", "content_type", "codec", "sample_rate_hz", "channels", "duration_seconds",
      "bytes",
    ]
    #expect(Set(audio[0].keys).isSuperset(of: keys))
    #expect(audio[0]["filename"] as? String == "msg0002.WAV")
    #expect(audio[0]["content_type"] as? String == "audio/x-wav")
    #expect(audio[0]["sample_rate_hz"] as? Int == 8_000)
    #expect(audio[0]["channels"] as? Int == 1)
    #expect(audio[0]["bytes"] as? Int == mail.recording.count)
    #expect((audio[0]["codec"] as? String)?.contains("GSM") == true)
    let seconds = try #require(report["duration_seconds"] as? Double)
    #expect((3.5...4.5).contains(seconds))

    #expect(report["stated_seconds"] as? Int != nil)
    let rules = try #require(report["rules"] as? [[String: Any]])
    #expect(rules.first?["rule"] as? String == "asterisk")
    #expect(rules.first?["matches"] as? Bool == true)
    #expect(rules.dropFirst().allSatisfy { $0["matches"] as? Bool == false })

    let explained = try place.run("inspect", "--explain", "$v.eml").text
    #expect(explained.contains("asterisk: matches by header Message-ID, "))
    #expect(
      explained.contains("vpim: no, there is none of type, header Message-Context, part voice"))
    let text = try place.run("inspect", "$v.eml").text
    #expect(
      explained.contains(
        "fusionpbx: no, header Subject is \"[PBX]: New message 3 in mailbox 1001\""))
    #expect(!text.contains("vpim"))
    for word in [
      "v.eml: voicemail\n", "asterisk", "found       header Message-ID: <Asterisk-3-",
      "JOHN SMITH (header X-Asterisk-CallerIDName), 07700900123 (header X-Asterisk-CallerID)",
      "GSM", "8000 Hz",
    ] {
      #expect(text.contains(word))
    }
  }

  @Test func `inspect has the same keys for mail that passes, and says why`() throws {
    let place = try Place([
      "v.eml": AsteriskMail([]).bytes, "o.eml": OrdinaryMail.all[0].bytes,
    ])
    let ordinary = try JSON.object(place.run("inspect", "--json", "$o.eml").text)
    #expect(Set(ordinary.keys) == Self.inspectKeys)
    #expect(ordinary["verdict"] as? String == "pass")
    #expect(ordinary["reason"] as? String == "text/plain holds no recording")
    #expect(ordinary["rule"] is NSNull)
    #expect((ordinary["audio"] as? [Any])?.isEmpty == true)

    let stranger = try place.run("inspect", "--client", "203.0.113.9", "--json", "$v.eml")
    #expect(stranger.status == 0)
    let report = try JSON.object(stranger.text)
    #expect(report["verdict"] as? String == "pass")
    #expect(report["reason"] as? String == "client 203.0.113.9 is not a trusted source")
  }

  @Test func `inspect and preview ask as for a client that has logged in`() throws {
    let place = try Place(["v.eml": AsteriskMail([]).bytes])
    try RunningMilter.write(
      ["recognition.sources": "authenticated"], to: place.configuration, in: place.directory)
    let unknown = try place.run("inspect", "$v.eml").text
    #expect(unknown.contains("reason      client 127.0.0.1 is not a trusted source"), "\(unknown)")
    let known = try place.run("inspect", "--authenticated", "--client", "203.0.113.9", "$v.eml")
    #expect(known.text.hasPrefix("\(place.directory.file("v.eml")): voicemail\n"))
    #expect(try place.run("preview", "--text", "x", "$v.eml").status == 3)
    #expect(try place.run("preview", "--authenticated", "--text", "x", "$v.eml").status != 3)
  }

  @Test func `inspect knows the limits of the fronts`() throws {
    let place = try Place()
    let settings = ["milter.max_message_bytes": "64KB"]
    try RunningMilter.write(settings, to: place.configuration, in: place.directory)
    var long = AsteriskMail([])
    long.extraHeaders = Array(repeating: "X: " + String(repeating: "x", count: 900), count: 1_200)
    try place.write(long.bytes, "l.eml")
    #expect(try place.run("inspect", "$l.eml").text.contains("larger than 65536 bytes"))
    try RunningMilter.write([:], to: place.configuration, in: place.directory)
    #expect(try place.run("inspect", "$l.eml").text.contains("its header section is too large"))
  }

  @Test func `inspect goes on after a file that is not there`() throws {
    let place = try Place(["o.eml": OrdinaryMail.all[0].bytes, "p.eml": OrdinaryMail.all[1].bytes])
    let ended = try place.run("inspect", "--json", "$o.eml", "$none.eml", "$p.eml")
    #expect(ended.status == 1)
    #expect(ended.lines.count == 2)
    #expect(
      ended.errors
        == "voicemail-milter: \(place.directory.file("none.eml")): No such file or directory\n")
  }

  @Test func `inspect reads standard input`() throws {
    let place = try Place()
    let ended = try place.run("inspect", "-", input: AsteriskMail([]).bytes)
    #expect(ended.status == 0)
    #expect(ended.text.hasPrefix("-: voicemail\n"))
  }

  // MARK: - preview

  @Test func `preview prints the message as it would go out`() throws {
    let mail = AsteriskMail(try VoicemailRecording.short())
    let place = try Place(["v.eml": mail.bytes])
    let given = try place.run("preview", "--text", "please call me back", "$v.eml")
    #expect(given.status == 0)
    #expect(given.errors.isEmpty)
    let message = ReceivedMail(given.output)
    #expect(message.recordings == [mail.recording])
    #expect(message.part("text/plain")?.text.hasPrefix("\"please call me back\"") == true)
    #expect(message.part("text/html")?.text.contains("please call me back") == true)
    #expect(message["X-Voicemail-Milter"] != nil)

    let heard = ReceivedMail(try place.run("preview", "$v.eml").output)
    #expect(heard["X-Voicemail-Engine"] == "pocketsphinx")
    #expect(heard.part("text/plain")?.text.contains("number") == true)
  }

  @Test func `preview gives ordinary mail back byte for byte, with status 3`() throws {
    let place = try Place()
    for mail in OrdinaryMail.all {
      try place.write(mail.bytes, "o.eml")
      let ended = try place.run("preview", "--text", "x", "$o.eml")
      #expect(ended.status == 3)
      #expect(ended.output == mail.bytes)
      #expect(ended.errors.contains("no voicemail: "))
    }
  }

  // MARK: - transcribe

  private static let transcribeKeys: Set = [
    "file", "engine", "language", "status", "confidence", "duration_seconds", "speech_seconds",
    "text", "segments",
  ]

  @Test func `transcribe hears a recording, also within a message`() throws {
    let recording = try VoicemailRecording.short()
    let place = try Place(["r.wav": recording, "v.eml": AsteriskMail(recording).bytes])
    let ended = try place.run("transcribe", "--json", "$r.wav", "$v.eml")
    #expect(ended.status == 0)
    #expect(ended.lines.count == 2)
    for (line, file) in zip(ended.lines, ["r.wav", "v.eml"]) {
      let report = try JSON.object(line)
      #expect(Set(report.keys).isSuperset(of: Self.transcribeKeys))
      #expect(report["file"] as? String == place.directory.file(file))
      #expect(report["engine"] as? String == "pocketsphinx")
      #expect(report["language"] as? String == "en-US")
      #expect(["ok", "low"].contains(report["status"] as? String))
      #expect((report["text"] as? String)?.contains("number") == true)
      #expect((0.0...1.0).contains(report["confidence"] as? Double ?? -1))
      #expect((3.5...4.5).contains(report["duration_seconds"] as? Double ?? 0))
      #expect((1.0...4.5).contains(report["speech_seconds"] as? Double ?? 0))
      let segments = try #require(report["segments"] as? [[String: Any]])
      #expect(!segments.isEmpty)
      for segment in segments {
        #expect(Set(segment.keys) == ["start", "end", "text", "confidence", "speaker", "words"])
      }
    }
  }

  @Test func `transcribe says none of silence and failed of what is no recording`() throws {
    let place = try Place([
      "s.wav": try VoicemailRecording.silence(seconds: 2), "g.wav": Array("garbage".utf8),
    ])
    let silence = try place.run("transcribe", "--json", "$s.wav")
    #expect(silence.status == 0)
    let none = try JSON.object(silence.text)
    #expect(none["status"] as? String == "none")
    #expect((none["segments"] as? [Any])?.isEmpty == true)
    #expect(none["text"] as? String == "")

    let garbage = try place.run("transcribe", "--json", "$g.wav")
    #expect(garbage.status == 1)
    let failed = try JSON.object(garbage.text)
    #expect(Set(failed.keys).isSuperset(of: Self.transcribeKeys))
    #expect(failed["status"] as? String == "failed")
    #expect(garbage.errors.split(separator: "\n").count == 1)

    let missing = try place.run("transcribe", "$none.wav", "$s.wav")
    #expect(missing.status == 1)
    #expect(missing.text.contains("s.wav: none"))
  }

  // MARK: - status, show

  @Test func `status and show work without a daemon, once there is a spool`() throws {
    let place = try Place()
    let none = try place.run("status")
    #expect(none.status == 69)
    #expect(none.errors.hasPrefix("voicemail-milter: the daemon is not running, and "))
    #expect(none.errors.split(separator: "\n").count == 1)
    #expect(!FileManager.default.fileExists(atPath: place.directory.file("state")))

    var script = FakeSMTPServer.Script()
    script.always = ["MAIL": .say("451 4.3.2 Later")]
    let session = try Session(script: script)
    let mail = try AsteriskMail.silent()
    let ids = try ["Q1", "Q2"].map { queueID in
      var mail = mail
      mail.messageID = "<\(queueID)@pbx.example.com>"
      return try session.deliver(mail.bytes, queueID: queueID)
    }
    for id in ids { #expect(session.milter.waitForLog(containing: "deferred", "id=\(id)")) }
    let online = try session.milter.command("show", ids[0], "--json").text
    session.milter.kill()

    let status = try session.milter.command("status")
    #expect(status.status == 0)
    #expect(status.text.contains("not running"))
    #expect(status.text.contains("messages    2 deferred\n"))
    let offline = try session.milter.command("show", ids[0], "--json").text
    let keys = try (Set(JSON.object(offline).keys), Set(JSON.object(online).keys))
    #expect(keys.0 == keys.1)

    #expect(try session.milter.command("show", String(ids[0].prefix(13))).status == 0)
    let unknown = try session.milter.command("show", "zzzz")
    #expect(unknown.status == 66)
    #expect(unknown.errors == "voicemail-milter: no message zzzz in the spool\n")
    let ambiguous = try session.milter.command("show", String(ids[0].prefix(3)))
    #expect(ambiguous.status == 66)
    #expect(ambiguous.errors.contains("is ambiguous: "))
    for id in ids { #expect(ambiguous.errors.contains(id)) }
  }

  @Test func `status tells of workers, engines and the way back`() throws {
    let session = try Session()
    let idle = try session.milter.waitForStatus { $0.daemon?.workers.first?.doing == "idle" }
    #expect(idle.daemon?.delivery.target == session.mta.target)
    let text = try session.milter.command("status").text
    for word in [
      "messages    none", "oldest      nothing in the spool", "worker 1    idle",
      "engine      pocketsphinx ready", "delivery    \(session.mta.target)",
    ] {
      #expect(text.contains(word), "\(text)")
    }
    let report = try JSON.object(session.milter.command("status", "--json").text)
    #expect(Set(report.keys) == ["version", "now_ms", "daemon", "spool"])
  }

  // MARK: - Usage

  @Test(arguments: [
    ([], "a command is missing"), (["fly"], "no command 'fly'"),
    (["status", "--loud"], "unknown option --loud"), (["run", "now"], "unexpected 'now'"),
    (["inspect"], "a file with a message is missing"), (["show"], "the id of a message is missing"),
    (["preview", "a", "b"], "unexpected 'b'"), (["preview", "--text"], "--text needs a value"),
    (["transcribe"], "a recording or a message is missing"),
    (["status", "--config"], "--config needs a value"),
    (["inspect", "--client", "a", "--client", "b", "f"], "--client stands there twice"),
    (["inspect", "--client", "pbx", "f"], "--client: 'pbx' is no IP address"),
  ])
  func `wrong usage is told in one line, with status 2`(
    _ arguments: [String], _ complaint: String
  ) throws {
    let ended = try RunningMilter.run(arguments)
    #expect(ended.status == 2)
    #expect(ended.output.isEmpty)
    #expect(ended.errors == "voicemail-milter: \(complaint); see voicemail-milter --help\n")
  }

  @Test func `the help lists the commands there are`() throws {
    let ended = try RunningMilter.run(["--help"])
    #expect(ended.status == 0)
    let listed = ended.lines.filter { $0.hasPrefix("  ") && $0.dropFirst(2).first != " " }
      .map { $0.split(separator: " ")[0] }.filter { !$0.hasPrefix("-") }.map(String.init)
    #expect(listed == VoicemailMilter.commands.map(\.name))
    for word in [["help"], ["-h"]] {
      #expect(try RunningMilter.run(word).output == ended.output)
    }
    #expect(ended.lines.allSatisfy { $0.count <= 80 })
  }

  @Test func `the help of a command is about that command`() throws {
    let all = try RunningMilter.run(["--help"]).text
    for command in VoicemailMilter.commands.map(\.name) {
      let ended = try RunningMilter.run([command, "--help"])
      let verbs = ended.text.matches(of: /\n  ([a-z-]+)/).map { String($0.1) }
      #expect(ended.status == 0 && verbs == [command], "\(ended.text)")
      #expect(ended.lines.dropFirst().allSatisfy(all.contains), "\(command)")
      #expect(ended.text.contains("All take --config FILE"))
    }
  }

  @Test func `the version names the libraries it runs with`() throws {
    let ended = try RunningMilter.run(["--version"])
    #expect(ended.status == 0)
    #expect(ended.lines.first?.hasPrefix("voicemail-milter ") == true)
    let libraries = [
      "libmilter", "GMime", "SQLite", "libsndfile", "libsoxr", "PocketSphinx", "GLib",
      "libmicrohttpd",
    ]
    for name in libraries {
      let line = ended.lines.first { $0.hasPrefix("  \(name) ") }
      #expect(line?.contains(/[0-9]\.[0-9]/) == true, "\(name)")
    }
  }
}
