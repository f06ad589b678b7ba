import Foundation
import TestSupport
import Testing
import Voicemail

@testable import Operations

/// What a configuration of these bytes gives: the settings, or the lines of complaint with the file's
/// name put as FILE.
func load(_ bytes: [UInt8]) throws -> Result<Settings, SettingsError> {
  let directory = try TemporaryDirectory()
  let path = directory.file("test.conf")
  try Data(bytes).write(to: URL(fileURLWithPath: path))
  do throws(SettingsError) {
    return .success(try Settings.load(path: path))
  } catch {
    return .failure(
      SettingsError(lines: error.lines.map { $0.replacingOccurrences(of: path, with: "FILE") }))
  }
}

func complaints(_ text: String) throws -> [String] { try complaints(Array(text.utf8)) }

func complaints(_ bytes: [UInt8]) throws -> [String] {
  switch try load(bytes) {
  case .success: []
  case .failure(let error): error.lines
  }
}

@Suite struct SettingsFiles {
  /// A file that sets every key there is to its default.
  private static var everyDefault: String {
    var section = ""
    return SettingsTable.keys.reduce(into: "") { text, key in
      if key.section != section { text += "\n[\(key.section)]\n" }
      section = key.section
      text += "# \(key.sentence)\n\(key.name) = \(key.standard)\n"
    }
  }

  @Test func `every default is a value its own key takes`() throws {
    let settings = try Settings(.none)
    #expect(settings.stateDirectory == "/var/lib/voicemail-milter")
    #expect((1...4).contains(settings.workers))
    #expect(settings.socketMode == 0o660)
    #expect(settings.transcriptionDeadlineMS == 300_000)
    #expect(settings.delivery.lifetimeMS == 432_000_000)
    #expect(settings.maxAudioSeconds == 1_800)
    #expect(settings.sources.count == 8)
    #expect(settings.logLevel == .info)
    #expect(settings.maxMessageBytes == 100 << 20)
    #expect(settings.maxConcurrentBodies == 100)
    #expect(settings.socketGroup == nil)
    #expect(settings.acousticModel == nil)
    #expect(!settings.hostname.isEmpty)
  }

  @Test func `a file of all defaults, an empty one and none at all mean the same`() throws {
    let standard = try Settings(.none)
    #expect(try load(Array(Self.everyDefault.utf8)).get() == standard)
    #expect(try load([]).get() == standard)
    #expect(try load(Array("# nothing\n\n".utf8)).get() == standard)
    #expect(SettingsTable.keys.count == 47)
  }

  @Test func `a key is in the table once`() {
    let names = SettingsTable.keys.map { "\($0.section).\($0.name)" }
    #expect(Set(names).count == names.count)
    #expect(SettingsTable.keys.allSatisfy { $0.sentence.hasSuffix(".") })
  }

  @Test func `each key changes what it names`() throws {
    let text = """
      [daemon]
      state_directory = /tmp/x
      hostname = mx.example.com
      workers = 7
      [milter]
      listen = inet:1@127.0.0.1
      socket_mode = 600
      socket_group = mail
      on_voicemail = mark
      max_message_bytes = 2 mb
      max_concurrent_bodies = 3
      [content_filter]
      socket_mode = 0640
      socket_group = news
      [recognition]
      sources = 10.0.0.1,, ::1 ,
      own_domains = Example.com, pbx.example
      country = de
      [transcription]
      deadline = 90
      max_audio = 2h
      acoustic_model = /a
      language_model = /l
      dictionary = /d
      [delivery]
      target = unix:/x
      fallback_target = sendmail:/x
      connections = 2
      lifetime = 1d
      connect_timeout = 1s
      helo_timeout = 2s
      mail_timeout = 3s
      rcpt_timeout = 4s
      data_init_timeout = 5s
      data_xfer_timeout = 6s
      data_done_timeout = 7s
      [alarms]
      alert_to = root, ann@example.com
      alert_from = vm@example.com
      [log]
      level = debug
      target = journal
      format = json
      log_addresses = yes
      [status]
      listen = [::1]:8080
      """
    let found = try load(Array(text.utf8)).get()
    var wanted = try Settings(.none)
    wanted.stateDirectory = "/tmp/x"
    wanted.hostname = "mx.example.com"
    wanted.workers = 7
    wanted.milterListen = "inet:1@127.0.0.1"
    wanted.socketMode = 0o600
    wanted.socketGroup = "mail"
    wanted.marksVoicemail = true
    wanted.maxMessageBytes = 2 << 20
    wanted.maxConcurrentBodies = 3
    wanted.contentFilterSocketMode = 0o640
    wanted.contentFilterSocketGroup = "news"
    wanted.sources = ["10.0.0.1", "::1"]
    wanted.ownDomains = ["example.com", "pbx.example"]
    wanted.country = Country("+49")
    wanted.transcriptionDeadlineMS = 90_000
    wanted.maxAudioSeconds = 7_200
    wanted.acousticModel = "/a"
    wanted.languageModel = "/l"
    wanted.dictionary = "/d"
    wanted.delivery = .init(
      target: "unix:/x", fallbackTarget: "sendmail:/x", connections: 2, lifetimeMS: 86_400_000,
      connectMS: 1_000, heloMS: 2_000, mailMS: 3_000, rcptMS: 4_000, dataInitMS: 5_000,
      dataXferMS: 6_000, dataDoneMS: 7_000)
    wanted.alarms = .init(alertTo: ["root", "ann@example.com"], alertFrom: "vm@example.com")
    wanted.logLevel = .debug
    wanted.logTarget = .journal
    wanted.logFormat = .json
    wanted.logAddresses = true
    wanted.statusListen = "[::1]:8080"
    #expect(found == wanted)
    #expect(
      try load(Array(text.replacingOccurrences(of: "\n", with: "\r\n").utf8)).get() == wanted)
  }

  @Test func `a backslash is a backslash, and a hash in a value stays`() throws {
    let settings = try load(Array(#"[milter]"#.utf8) + Array("\nlisten = a\\sb\\n;c # d=e".utf8))
    #expect(try settings.get().milterListen == #"a\sb\n;c # d=e"#)
  }

  @Test func `a file that is not there, and one that is none`() throws {
    let directory = try TemporaryDirectory()
    let missing = directory.file("none.conf")
    let absent = #expect(throws: SettingsError.self) { try Settings.load(path: missing) }
    #expect(absent?.lines == ["configuration \(missing): No such file or directory"])
    let folder = #expect(throws: SettingsError.self) { try Settings.load(path: directory.path) }
    #expect(folder?.lines == ["configuration \(directory.path): Is a directory"])
  }

  @Test func `a file too large for a configuration is not read to its end`() throws {
    #expect(
      try complaints([UInt8](repeating: 35, count: 2 << 20)) == [
        "configuration FILE: is larger than 1048576 bytes"
      ])
  }

  @Test func `random bytes give lines, never a trap`() throws {
    var random = SystemRandomNumberGenerator()
    let alphabet = Array("[]=# \t\r\n\0abc\\;\u{feff}é[daemon]workers=".utf8) + [0xff, 0xc3]
    for _ in 0..<300 {
      let bytes = (0..<Int.random(in: 0...80, using: &random)).map { _ in
        alphabet.randomElement(using: &random) ?? 0
      }
      for line in try complaints(bytes) {
        #expect(!line.contains { $0.isNewline }, "\(bytes)")
      }
    }
  }
}
