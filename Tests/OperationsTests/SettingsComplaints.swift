import Testing

@testable import Operations

@Suite struct SettingsComplaints {
  struct Case: CustomTestStringConvertible, Sendable {
    var text: String
    var lines: [String]

    init(_ text: String, _ lines: String...) {
      self.text = text
      self.lines = lines
    }

    var testDescription: String { String(text.prefix(60)) }
  }

  private static let duration = "must be a time such as 30s, 5min, 2h or 5d, at most 3650d"
  private static let syntax =
    "must be a [section], a key = value in a section, or a # comment"

  @Test(arguments: [
    Case(
      "[daemon]\nstate_directory = var/lib",
      "FILE:2: [daemon] state_directory = var/lib: must be an absolute path"),
    Case(
      "[daemon]\n\n# c\n  workers =  65 ",
      "FILE:4: [daemon] workers = 65: must be a whole number from 0 to 64"),
    Case(
      "[daemon]\nworkers = -1",
      "FILE:2: [daemon] workers = -1: must be a whole number from 0 to 64"),
    Case(
      "[daemon]\nworkers = 99999999999999999999",
      "FILE:2: [daemon] workers = 99999999999999999999: must be a whole number from 0 to 64"),
    Case(
      "[daemon]\nworkers =",
      "FILE:2: [daemon] workers = : must be a whole number from 0 to 64"),
    Case(
      "[milter]\nsocket_mode = 0668",
      "FILE:2: [milter] socket_mode = 0668: must be an octal mode such as 0660"),
    Case(
      "[milter]\nsocket_mode = 7777",
      "FILE:2: [milter] socket_mode = 7777: must be an octal mode such as 0660"),
    Case(
      "[milter]\nmax_message_bytes = 100M",
      "FILE:2: [milter] max_message_bytes = 100M: must be a size such as 512KB, 100MB or 1GB, from "
        + "64KB to 1GB"),
    Case(
      "[log]\nlevel = Info",
      "FILE:2: [log] level = Info: must be one of error, warning, info, debug"),
    Case(
      "[recognition]\ncountry = Mars",
      "FILE:2: [recognition] country = Mars: must be a country such as DE or +49"),
    Case(
      "[recognition]\nown_domains = a@example.com",
      "FILE:2: [recognition] own_domains = a@example.com: must be domain names such as example.com, comma-separated"
    ),
    Case("[delivery]\nlifetime = 5 weeks", "FILE:2: [delivery] lifetime = 5 weeks: \(duration)"),
  ])
  func `a wrong value gives one line with file, line, key, value and what is allowed`(
    _ item: Case
  ) throws {
    #expect(try complaints(item.text) == item.lines)
  }

  @Test(arguments: [
    "0", "0s", "-5s", "5 0", "s", "", "1.5h", "3651d", "9223372036854775807d",
    "99999999999999999999", "5S", "٥s", "5s5s",
  ])
  func `what is no time is refused`(text: String) throws {
    #expect(
      try complaints("[transcription]\ndeadline = \(text)") == [
        "FILE:2: [transcription] deadline = \(text): \(Self.duration)"
      ])
  }

  @Test(arguments: [
    ("1", 1_000), ("250ms", 250), ("7 s", 7_000), ("7sec", 7_000), ("2m", 120_000),
    ("2min", 120_000), ("3h", 10_800_000), ("3650d", 315_360_000_000), ("007s", 7_000),
  ])
  func `times have units`(text: String, milliseconds: Int64) throws {
    let settings = try load(Array("[transcription]\ndeadline = \(text)".utf8)).get()
    #expect(settings.transcriptionDeadlineMS == milliseconds)
  }

  @Test(arguments: [
    ("65536", 65_536), ("65536 B", 65_536), ("64KB", 65_536), ("2 mb", 2 << 20), ("1GB", 1 << 30),
  ])
  func `sizes have units`(text: String, bytes: Int) throws {
    let settings = try load(Array("[milter]\nmax_message_bytes = \(text)".utf8)).get()
    #expect(settings.maxMessageBytes == bytes)
  }

  @Test(arguments: ["0", "63KB", "2GB", "1.5GB", "-1MB", "MB", "", "9223372036854775807GB", "1TB"])
  func `what is no size, or none that makes sense, is refused`(text: String) throws {
    let lines = try complaints("[milter]\nmax_message_bytes = \(text)")
    #expect(lines.count == 1)
    #expect(lines.first?.contains("max_message_bytes = \(text): must be a size") == true)
  }

  @Test func `a recording's limit below a second is not none`() throws {
    #expect(try load(Array("[transcription]\nmax_audio = 10ms".utf8)).get().maxAudioSeconds == 1)
  }

  @Test(arguments: [
    Case("[deamon]\nworkers = 1", "FILE:1: [deamon]: no such section; did you mean daemon?"),
    Case(
      "[nonsense]",
      "FILE:1: [nonsense]: no such section; known are alarms, content_filter, daemon, delivery, log, message, "
        + "milter, recognition, spool, status, transcription"),
    Case(
      "[daemon]\nworker = 1", "FILE:2: [daemon] worker: no such key; did you mean workers?"),
    Case(
      "[log]\nlevle = info", "FILE:2: [log] levle: no such key; did you mean level?"),
    Case(
      "[log]\nx = 1", "FILE:2: [log] x: no such key; known are level, target, format, log_addresses"
    ),
    Case(
      "[daemon]\nLevel = 1\nworkers[de] = 3",
      "FILE:2: [daemon] Level: no such key; known are state_directory, hostname, workers",
      "FILE:3: [daemon] workers[de]: no such key; did you mean workers?"),
  ])
  func `an unknown name is told with the nearest known one`(_ item: Case) throws {
    #expect(try complaints(item.text) == item.lines)
  }

  @Test(arguments: [
    Case("workers = 1\n[daemon]", "FILE:1: \(syntax)"),
    Case("# a\n[daemon]\nworkers 1\nmore nonsense", "FILE:3: \(syntax)"),
    Case("[daemon]\r\nworkers 1\r\n", "FILE:2: \(syntax)"),
    Case("[daemon\nworkers = 1", "FILE:1: \(syntax)"),
    Case("[dae]mon]", "FILE:1: \(syntax)"),
    Case("[daemon]\n= 1", "FILE:2: \(syntax)"),
    Case("[]", "FILE:1: \(syntax)"),
    Case("\u{feff}[daemon]", "FILE:1: \(syntax)"),
    Case(
      String(repeating: "#\n", count: 5_000) + "?\n" + String(repeating: "?", count: 9_999),
      "FILE:5001: \(syntax)"),
  ])
  func `a line that is none is named by its number`(_ item: Case) throws {
    #expect(try complaints(item.text) == item.lines)
  }

  @Test func `NUL bytes and bytes that are not UTF-8 are named by their line`() throws {
    #expect(
      try complaints("[daemon]\nworkers = 2\u{0}00") == ["FILE:2: the line has a NUL byte"])
    #expect(
      try complaints(Array("[daemon]\n# ok\nhostname = ".utf8) + [0xe4, 0x0a]) == [
        "FILE:3: the line has bytes that are not UTF-8"
      ])
  }

  @Test func `all that is wrong is told at once`() throws {
    let text = "[daemon]\nworkers = x\nwrkers = 2\n[log]\nlevel = loud\n[nonsense]\n"
    #expect(
      try complaints(text) == [
        "FILE:3: [daemon] wrkers: no such key; did you mean workers?",
        "FILE:6: [nonsense]: no such section; known are alarms, content_filter, daemon, delivery, log, "
          + "message, milter, recognition, spool, status, transcription",
        "FILE:2: [daemon] workers = x: must be a whole number from 0 to 64",
        "FILE:5: [log] level = loud: must be one of error, warning, info, debug",
      ])
  }

  @Test func `of a key given twice the last counts, and is the one complained of`() throws {
    let text = "[daemon]\nworkers = 1\n[log]\n[daemon]\nworkers = x"
    #expect(
      try complaints(text) == [
        "FILE:5: [daemon] workers = x: must be a whole number from 0 to 64"
      ])
    #expect(try load(Array("[daemon]\nworkers = 1\nworkers = 3".utf8)).get().workers == 3)
  }

  @Test func `a CR LF file has line numbers too`() throws {
    #expect(
      try complaints("# c\r\n[daemon]\r\nworkers = x\r\n") == [
        "FILE:3: [daemon] workers = x: must be a whole number from 0 to 64"
      ])
  }

  @Test func `what is quoted is short and moves no terminal`() throws {
    let line = try complaints(
      "[daemon]\nworkers = \u{1b}[2J\u{85}" + String(repeating: "y", count: 100_000))
    #expect(line.count == 1)
    #expect(line.first?.utf8.count ?? 0 < 250)
    #expect(
      line.first?.unicodeScalars.contains { $0.properties.generalCategory == .control } == false)
  }
}
