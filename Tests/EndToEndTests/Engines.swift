import Foundation
import Operations
import TestSupport
import Testing
import Voicemail

@testable import Filter

/// Whatever engines do, the message arrives once, with the best there is.
@Suite(.serialized) struct Engines {
  static let answer = FakeHTTPServer.Step.json(
    """
    {"language":"english","text":"please call me back","segments":[{"text":" please call me back",
    "start":0.2,"end":3.5,"avg_logprob":-0.1,"no_speech_prob":0.01}]}
    """)

  /// An engine that is a shell script.
  private static func program(
    _ script: String, in directory: TemporaryDirectory, _ name: String, timeout: String = "30s"
  ) throws -> RunningMilter.Settings {
    try ChildProcess.install(script: script, at: directory.file(name))
    return [
      "engine \(name).type": "command", "engine \(name).program": directory.file(name),
      "engine \(name).timeout": timeout, "engine \(name).memory": "64MB",
    ]
  }

  private static func whisper(_ server: FakeHTTPServer) -> RunningMilter.Settings {
    ["engine whisper.type": "whisper-server", "engine whisper.url": server.url]
  }

  @Test func `an engine that takes its worker down costs one attempt; the next engine is asked`()
    throws
  {
    let server = try FakeHTTPServer(Self.answer)
    let postfix = try PrivatePostfix()
    let directory = try TemporaryDirectory()
    let settings = try Self.program("kill -9 $PPID", in: directory, "killer")
      .merging(Self.whisper(server)) { $1 }
    let milter = try postfix.milter(
      settings.merging(["transcription.engines": "killer, whisper, pocketsphinx"]) { $1 })
    let sent = AsteriskMail(try VoicemailRecording.short())
    try SMTPSender.send(sent.bytes, port: postfix.smtpPort)
    let arrived = try #require(postfix.waitForMail(of: "ann", seconds: 60).first)
    #expect(milter.waitForLog(containing: "info: delivered"))
    let after = ReceivedMail(arrived)
    #expect(after["X-Voicemail-Engine"] == "whisper")
    #expect(after["X-Voicemail-Transcript"] == "ok")
    #expect(try #require(after.part("text/plain")).text.contains("Please call me back."))
    #expect(after.recordings == [sent.recording])
    let id = try #require(after["X-Voicemail-Id"])
    let details = try JSON.object(milter.command("show", id, "--json").text)
    #expect(details["worker_attempts"] as? Int == 2)
    #expect(server.requests.count == 1)
    #expect(postfix.mail(of: "ann").count == 1)
  }

  @Test func `engines that crash, hang and eat memory are left behind, one after the other`() throws
  {
    let server = try FakeHTTPServer(Self.answer)
    let directory = try TemporaryDirectory()
    var settings = Self.whisper(server)
    settings["transcription.engines"] = "crasher, eater, hanger, whisper"
    for (name, script, timeout) in [
      ("crasher", "kill -SEGV $$", "30s"), ("hanger", "cat /dev/zero >/dev/null", "1s"),
      ("eater", "exec python3 -c 'x = bytearray(1 << 30)'", "30s"),
    ] {
      settings.merge(try Self.program(script, in: directory, name, timeout: timeout)) { $1 }
    }
    let session = try Session(settings)
    let mail = AsteriskMail(try VoicemailRecording.short())
    let id = try session.deliver(mail.bytes)
    #expect(session.mta.waitForMessages(1, seconds: 60))
    let arrived = try #require(session.mta.messages.first).received
    #expect(arrived["X-Voicemail-Engine"] == "whisper")
    #expect(arrived.recordings == [mail.recording])
    let story = try session.milter.command("show", id).text
    for line in [
      "engine crasher: was ended by signal 11", "engine eater: failed (exit status",
      "engine hanger: did not answer in time and was killed", "transcript ok by whisper",
    ] { #expect(story.contains(line), "\(line)") }
    let engines = try session.milter.command("engines").text
    #expect(engines.contains("whisper (whisper-server) ready"), "\(engines)")
    #expect(engines.contains("0 answered, 2 failed"))
  }

  @Test(arguments: [nil, "whisper", "pocketsphinx"] as [String?])
  func `a private recording stays on this host`(_ engineHere: String?) throws {
    let server = try FakeHTTPServer(Self.answer)
    var settings = Self.whisper(server)
    // Nobody is at that address (RFC 5737): asking would take a while, and be told of.
    settings.merge([
      "engine far.type": "whisper-server", "engine far.url": "http://192.0.2.1:8080",
      "transcription.engines": (["far"] + [engineHere].compactMap(\.self)).joined(separator: ", "),
      "policy all.mode": "headers",
    ]) { $1 }
    let session = try Session(settings)
    var mail = AsteriskMail(try VoicemailRecording.short())
    mail.extraHeaders = ["Sensitivity: Private"]
    let id = try session.deliver(mail.bytes)
    #expect(session.mta.waitForMessages(1, seconds: 60))
    let arrived = try #require(session.mta.messages.first).received
    #expect(arrived["X-Voicemail-Engine"] == engineHere)
    #expect((arrived["X-Voicemail-Transcript"] == "failed") == (engineHere == nil))
    #expect(arrived.recordings == [mail.recording])
    #expect(try !session.milter.command("show", id).text.contains("engine far"))
    #expect(server.requests.isEmpty == (engineHere != "whisper"))
    #expect(session.milter.logLines("alarm=").isEmpty)
  }

  @Test func `with all engines down it is an alarm, and the message goes at its deadline`() throws {
    let server = try FakeHTTPServer(.drop)
    server.stop()
    let session = try Session(
      Self.whisper(server).merging([
        "transcription.engines": "whisper", "transcription.deadline": "12s",
      ]) { $1 })
    let mail = AsteriskMail(try VoicemailRecording.short())
    let id = try session.deliver(mail.bytes)
    #expect(session.milter.waitForLog(containing: "alarm=engines_down", "id=\(id)"))
    #expect(session.milter.waitForLog(containing: "waits for an engine", "id=\(id)"))
    #expect(session.mta.waitForMessages(1, seconds: 60))
    let arrived = try #require(session.mta.messages.first).received
    #expect(arrived["X-Voicemail-Transcript"] == "failed")
    #expect(arrived.recordings == [mail.recording])
    let text = try #require(arrived.part("text/plain")).text.unfolded
    #expect(text.hasPrefix("No transcript: it was not ready in time."), "\(text)")
    #expect(session.mta.messages.count == 1)
  }

  @Test func `that an engine rests is told once, and that it is back`() throws {
    let server = try FakeHTTPServer(.json("{}", status: 503))
    let session = try Session(
      Self.whisper(server).merging(["transcription.engines": "whisper, pocketsphinx"]) { $1 })
    let mail = AsteriskMail(try VoicemailRecording.short())
    for number in 1...3 { try session.deliver(mail.with(number).bytes, queueID: "Q\(number)") }
    #expect(session.mta.waitForMessages(3, seconds: 60))
    #expect(session.milter.logLines("warning: engine rests", "engine=whisper").count == 1)
    #expect(session.milter.logLines("out of order").isEmpty)

    let desk = EngineDesk { _, _, _ in }
    desk.configure([EngineConfiguration(name: "far", kind: .openai)], spent: [:])
    let customer = EngineDesk.Customer(id: "1", client: nil, recipients: [])
    let failure = EngineEnd.failed(.retryable("no answer"))
    #expect(
      (1...4).map { _ in desk.leave("far", failure, customer) }
        == [.none, .none, .rests(why: "no answer"), .none])
    #expect(desk.leave("far", .answered, customer) == .isBack)
    #expect(desk.leave("far", .answered, customer) == .none)
    #expect(
      desk.leave("far", .failed(.administrator("refuses the key")), customer) == .needsAdministrator
    )
  }

  @Test
  func `a wrong key is told once, rests the engine, and stands in no log; a reload tries anew`()
    throws
  {
    let key = "sk-e2e-very-secret-swordfish"
    let server = try FakeHTTPServer(
      .json(#"{"error":{"message":"Incorrect API key: \#(key)","code":"x"}}"#, status: 401))
    let directory = try TemporaryDirectory()
    try key.write(toFile: directory.file("key"), atomically: true, encoding: .utf8)
    // As systemd hands over a credential (systemd.exec(5)).
    let session = try Session(
      [
        "engine cloud.type": "openai", "engine cloud.url": server.url,
        "engine cloud.key_file": "key", "transcription.engines": "cloud, pocketsphinx",
      ], by: ["/usr/bin/env", "CREDENTIALS_DIRECTORY=\(directory.path)"])
    let mail = AsteriskMail(try VoicemailRecording.short())
    for number in 1...2 { try session.deliver(mail.with(number).bytes, queueID: "Q\(number)") }
    #expect(session.mta.waitForMessages(2, seconds: 60))
    #expect(
      session.mta.messages.map { $0.received["X-Voicemail-Engine"] } == [
        "pocketsphinx", "pocketsphinx",
      ])
    #expect(server.requests.count == 1)
    #expect(session.milter.logLines("alarm=engine_unusable").count == 1)
    let engines = try session.milter.command("engines").text
    #expect(
      engines.contains("cloud (openai) unusable: refuses the key in key (401"), "\(engines)")
    let status = try session.milter.command("status").text
    #expect(status.contains("engine      cloud (openai) unusable"))
    let shown = try session.milter.command("list", "--state", "delivered", "--json").text
    for text in [session.milter.log, engines, status, shown] {
      #expect(!text.contains("swordfish"))
    }

    server.always(Self.answer)
    try "another-one".write(toFile: directory.file("key"), atomically: true, encoding: .utf8)
    #expect(try session.milter.command("reload").status == 0)
    try session.deliver(mail.with(3).bytes, queueID: "Q3")
    #expect(session.mta.waitForMessages(3, seconds: 60))
    #expect(session.mta.messages[2].received["X-Voicemail-Engine"] == "cloud")
    #expect(server.requests.last?.header("authorization") == "Bearer another-one")
  }

  @Test func `over its budget an engine is passed over, and what was spent outlives the daemon`()
    throws
  {
    let server = try FakeHTTPServer(Self.answer)
    let directory = try TemporaryDirectory()
    let mta = try FakeSMTPServer()
    let settings = Self.whisper(server).merging([
      "delivery.target": mta.target, "transcription.engines": "whisper, pocketsphinx",
      "engine whisper.messages_per_recipient": "1", "engine whisper.minutes_per_day": "60",
    ]) { $1 }
    let mail = AsteriskMail(try VoicemailRecording.short())
    do {
      let milter = try RunningMilter(settings, in: directory)
      let sender = try MTA(milter)
      for number in 1...2 {
        try sender.send(
          mail.with(number).bytes, to: ["<ann@example.com>"], queueID: "Q\(number)")
        #expect(mta.waitForMessages(number, seconds: 60))
      }
      #expect(
        mta.messages.map { $0.received["X-Voicemail-Engine"] } == ["whisper", "pocketsphinx"])
      #expect(milter.waitForLog(containing: "more than messages_per_recipient = 1 within an hour"))
    }
    let offline = try RunningMilter.run(
      ["engines", "--json", "--config", directory.file("voicemail-milter.conf")])
    let report = try JSON.object(offline.text)
    #expect(report["is_running"] as? Bool == false)
    let engines = try #require(report["engines"] as? [[String: Any]])
    let whisper = try #require(engines.first { $0["name"] as? String == "whisper" })
    // Four seconds.
    #expect((0.05...0.09).contains(try #require(whisper["minutes_today"] as? Double)))
    #expect(whisper["minutes_per_day"] as? Int == 60)
  }

  @Test func `a spent budget is no trouble: the message goes at once, and no alarm is raised`()
    throws
  {
    let server = try FakeHTTPServer(Self.answer)
    let session = try Session(
      Self.whisper(server).merging([
        "transcription.engines": "whisper", "engine whisper.messages_per_recipient": "1",
      ]) { $1 })
    let mail = AsteriskMail(try VoicemailRecording.short())
    for number in 1...2 {
      try session.deliver(
        mail.with(number).bytes, to: ["<ann@example.com>"], queueID: "Q\(number)")
      #expect(session.mta.waitForMessages(number, seconds: 60))
    }
    #expect(session.mta.messages.map { $0.received["X-Voicemail-Transcript"] } == ["ok", "failed"])
    #expect(
      session.milter.waitForLog(containing: "more than messages_per_recipient = 1 within an hour"))
    #expect(!session.milter.log.contains("engines_down"))
    #expect(!session.milter.log.contains("waits for an engine"))
  }

  @Test func `the lines of docs that switch to whisper-server do, and so does what check prints`()
    throws
  {
    let server = try FakeHTTPServer(Self.answer)
    let page = try String(
      contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../docs/engines.md"), encoding: .utf8)
    let blocks = page.components(separatedBy: "```ini\n").dropFirst()
      .compactMap { $0.components(separatedBy: "```").first }
    let directory = try TemporaryDirectory()
    let recording = directory.file("msg.wav")
    try Data(VoicemailRecording.short()).write(to: URL(fileURLWithPath: recording))
    let printed = EngineWorth.findings(
      try Settings.load(path: "/dev/null"), dropIns: directory.path)[0].mend[0]
    let shell = try ChildProcess("/bin/sh", ["-c", printed])
    #expect(shell.waitForExit(seconds: 10) == 0)
    let switched = try String(
      contentsOfFile: directory.file("whisper-server.conf"), encoding: .utf8)
    #expect(blocks.first == switched)
    // The first asks the address where whisper-server is without a setting: here it is elsewhere.
    let elsewhere = "[engine whisper-server]\nurl = \(server.url)\n"
    for (number, block) in [switched + elsewhere, blocks[1]].enumerated() {
      let path = directory.file("\(number).conf")
      try block.replacing("http://10.0.0.7:8080", with: server.url)
        .write(toFile: path, atomically: true, encoding: .utf8)
      let ended = try RunningMilter.run(["transcribe", "--config", path, recording])
      #expect(ended.text.contains("ok, whisper"), "\(ended.text)\(ended.errors)")
      #expect(ended.text.contains("Please call me back."))
      #expect(server.requests.count == number + 1)
      #expect(server.requests.last?.line == "POST /inference")
    }
  }

  @Test func `a policy has its own engines, language and vocabulary`() throws {
    let server = try FakeHTTPServer(Self.answer)
    let directory = try TemporaryDirectory()
    try "Yara Sch\u{f6}n # reception\nKlotho\n".write(
      toFile: directory.file("names"), atomically: true, encoding: .utf8)
    let session = try Session(
      Self.whisper(server).merging([
        "policy sales.recipient": "^sales@", "policy sales.engines": "whisper",
        "policy sales.language": "de-DE", "policy sales.vocabulary": directory.file("names"),
      ]) { $1 })
    let mail = AsteriskMail(try VoicemailRecording.short())
    try session.deliver(mail.with(1).bytes, queueID: "Q1")
    #expect(session.mta.waitForMessages(1, seconds: 60))
    try session.deliver(mail.with(2).bytes, to: ["<sales@example.com>"], queueID: "Q2")
    #expect(session.mta.waitForMessages(2, seconds: 60))
    #expect(
      session.mta.messages.map { $0.received["X-Voicemail-Engine"] } == ["pocketsphinx", "whisper"])
    let fields = try #require(server.requests.first).fields
    #expect(fields.contains("language=de"), "\(fields)")
    #expect(fields.contains("prompt=Yara Sch\u{f6}n, Klotho"), "\(fields)")
    #expect(server.requests.count == 1)
  }

  @Test func `a message is transcribed again by the engine an administrator names`() throws {
    let server = try FakeHTTPServer(Self.answer)
    let session = try Session(Self.whisper(server))
    #expect(try session.milter.command("pause", "delivery").status == 0)
    let id = try session.deliver(AsteriskMail(try VoicemailRecording.short()).bytes)
    #expect(session.milter.waitForLog(containing: "info: transcribed", "id=\(id)"))
    let unknown = try session.milter.command("requeue", "--transcribe", "--engine", "none", id)
    #expect(unknown.status == 1)
    #expect(unknown.errors.contains("no engine 'none'; there are whisper, pocketsphinx"))
    let again = try session.milter.command("requeue", "--transcribe", "--engine", "whisper", id)
    #expect(again.status == 0, "\(again.errors)")
    #expect(server.waitForRequests(1, seconds: 60))
    #expect(
      try session.milter.waitForStatus { $0.count("ready") == 1 }.count("ready") == 1)
    #expect(try session.milter.command("resume", "delivery").status == 0)
    #expect(session.mta.waitForMessages(1, seconds: 60))
    #expect(session.mta.messages[0].received["X-Voicemail-Engine"] == "whisper")
    #expect(
      try session.milter.command("show", id).text.contains(
        "put back for another transcription with engine whisper by"))
  }

  @Test func `check plays a sentence to the engines of the chain and of policies`() throws {
    let server = try FakeHTTPServer(Self.answer)
    let refusing = try FakeHTTPServer(.json("{}", status: 401))
    let directory = try TemporaryDirectory()
    let configuration = directory.file("vm.conf")
    try "swordfish".write(toFile: directory.file("key"), atomically: true, encoding: .utf8)
    try RunningMilter.write(
      Self.whisper(server).merging([
        "transcription.engines": "whisper", "policy sales.engines": "cloud",
        "engine cloud.type": "openai", "engine cloud.url": refusing.url,
        "engine cloud.key_file": directory.file("key"),
      ]) { $1 }, to: configuration, in: directory)
    let ended = try RunningMilter.run(["check", "--live", "--config", configuration])
    #expect(ended.status == 1)
    #expect(
      ended.text.contains("ok      engine: whisper hears 'Please call me back.' in "),
      "\(ended.text)"
    )
    #expect(
      ended.text.contains("WRONG   engine: cloud: refuses the key in \(directory.file("key"))"),
      "\(ended.text)")
    #expect(!ended.text.contains("drafts"))
    #expect(!(ended.text + ended.errors).contains("swordfish"))
  }

  @Test func `check names words of the vocabulary that nobody can say`() throws {
    let directory = try TemporaryDirectory()
    let configuration = directory.file("vm.conf")
    try "Yara Contoso\n東京 # an office\n".write(
      toFile: directory.file("names"), atomically: true, encoding: .utf8)
    try RunningMilter.write(
      ["transcription.vocabulary": directory.file("names")], to: configuration, in: directory)
    let ended = try RunningMilter.run(["check", "--config", configuration])
    #expect(ended.status == 0)
    #expect(
      ended.text.contains("advice  vocabulary: pocketsphinx cannot hear 東京\n"), "\(ended.text)")
  }

  @Test func `transcribe asks the engine it is told to, and shows what it found`() throws {
    let server = try FakeHTTPServer(Self.answer)
    let directory = try TemporaryDirectory()
    let configuration = directory.file("vm.conf")
    try RunningMilter.write(Self.whisper(server), to: configuration, in: directory)
    let file = directory.file("msg.WAV")
    try Data(try VoicemailRecording.short()).write(to: URL(fileURLWithPath: file))
    let text = try RunningMilter.run(
      ["transcribe", "--engine", "whisper", file, "--config", configuration])
    #expect(text.status == 0, "\(text.errors)")
    #expect(text.text.contains("ok, whisper en, confidence 90 %"), "\(text.text)")
    #expect(text.text.contains("Please call me back."))
    let wrong = try RunningMilter.run(
      ["transcribe", "--engine", "nothing", file, "--config", configuration])
    #expect(wrong.status == 1)
    #expect(
      wrong.errors.contains("no engine 'nothing'; there are whisper, pocketsphinx"))
  }
}

extension AsteriskMail {
  /// Another message with the same recording.
  fileprivate func with(_ number: Int) -> AsteriskMail {
    var mail = self
    mail.messageID = "<Asterisk-\(number)-1804289383-1001-4242@pbx.example.com>"
    return mail
  }
}
